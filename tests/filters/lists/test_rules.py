"""The words of block lists: names as lists spell them, and an explanation for every reject."""

import pytest

from filters.lists.rules import REJECT_WORDS, Extent, Plain, Reject, listed_name, plain


@pytest.mark.parametrize("host", ["bad.example", "BAD.Example.", "bad。example"])
def test_one_name_in_its_spellings(host: str) -> None:
    assert plain(host, Extent.SUBTREE, allow=True) == [Plain(b"\x03bad\x07example\0", Extent.SUBTREE, allow=True)]


@pytest.mark.parametrize(
    ("host", "reason"),
    [("com", Reject.TOO_WIDE), ("", Reject.NOT_A_NAME), ("a b.example", Reject.NOT_A_NAME), ("1.2", Reject.NOT_A_NAME)],
)
def test_what_no_rule_is_made_of(host: str, reason: Reject) -> None:
    assert listed_name(host) is reason
    assert plain(host, Extent.EXACT) is reason


def test_every_reject_is_explained_in_words() -> None:
    assert set(REJECT_WORDS) == set(Reject)
    assert all(words.isascii() and words[0].islower() for words in REJECT_WORDS.values())
