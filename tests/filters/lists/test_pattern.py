"""Patterns as trees: their size, and the texts that every match must hold."""

import pytest

from filters.lists import regex
from filters.lists.pattern import AT_END, AT_LABEL, Cat, grams, literal, positions


@pytest.mark.parametrize(
    ("expression", "size", "required"),
    [
        ("tracker", 7, ("tra", "rac", "ack", "cke", "ker")),
        ("^abc$", 5, ("abc",)),
        ("ab[cd]efg", 6, ("efg",)),
        ("abc.*def", 7, ("abc", "def")),
        ("(abc|def)x", 7, ()),
        ("(abc)?xyz", 6, ("xyz",)),
        ("(abc)+xyz", 6, ("abc", "xyz")),
        ("(ab){2}", 4, ("aba", "bab")),
        ("(abc){1,3}d", 10, ("abc",)),
        (r"aba\.bcd", 7, ("aba", "bcd")),
        ("(abc){0}d", 1, ()),
        ("ab", 2, ()),
    ],
)
def test_size_and_grams(expression: str, size: int, required: tuple[str, ...]) -> None:
    node = regex.read(expression)
    assert (positions(node), grams(node)) == (size, required)


def test_a_literal_between_anchors() -> None:
    node = Cat((AT_LABEL, literal("ads.x"), AT_END))
    assert positions(node) == 7
    assert grams(node) == ("ads",)
