"""The choice of a pattern's gram: rare in names, not shared by many patterns."""

from filters import names
from filters.lists.grams import MAX_USES, SAMPLED, GramChoice


def test_what_many_names_hold_is_a_bad_gram() -> None:
    choice = GramChoice()
    for number in range(100):
        choice.see(names.from_text(f"ads{number}.portal.test"))
    assert choice.choose(("ads", "por", "xyz")) == "xyz"
    assert choice.choose(("exa", "www", "q7z")) == "q7z", "common parts of names are known beforehand"


def test_patterns_share_their_grams_evenly() -> None:
    choice = GramChoice()
    assert {choice.choose(("aaa", "bbb", "ccc")) for _ in range(3)} == {"aaa", "bbb", "ccc"}


def test_a_pattern_without_grams_has_none() -> None:
    assert GramChoice().choose(()) == ""


def test_a_gram_serves_so_many_patterns_and_no_more() -> None:
    choice = GramChoice()
    chosen = [choice.choose(("aaa", "bbb")) for _ in range(2 * MAX_USES + 2)]
    assert (chosen.count("aaa"), chosen.count("bbb"), chosen.count(None)) == (MAX_USES, MAX_USES, 2)
    assert choice.choose(()) == "", "patterns without one are bounded elsewhere"


def test_learning_ends() -> None:
    choice = GramChoice()
    for _ in range(SAMPLED):
        choice.see(b"\x03aaa\x00")
    for _ in range(SAMPLED * 2):
        choice.see(b"\x03bbb\x00")
    assert choice.choose(("aaa", "bbb")) == "bbb"
