"""Matching: linear work whatever the pattern and the name, and a budget that is kept."""

from collections.abc import Iterator

import pytest

from filters.lists import regex
from filters.lists.automaton import MAX_REMEMBERED, Automaton, Budget
from filters.lists.pattern import END, MAX_POSITIONS, START


@pytest.mark.parametrize(
    "expression",
    ["(a+)+$", "(a|a)*b", "(a*)*c", "a?" * 60 + "a" * 60 + "x", "(.*a){20}b", "([a-c]*[b-d]*)*e"],
)
def test_what_makes_others_backtrack_is_linear_here(expression: str) -> None:
    automaton, budget = Automaton(regex.read(expression)), Budget(1 << 30)
    assert not automaton.search(START + "a" * 250 + "-" + END, budget)
    assert (1 << 30) - budget.left <= 253 * (MAX_POSITIONS + 1)


@pytest.mark.parametrize("expression", ["([a-z]?){220}goo", "a?" * 125, "((a?){15}){15}", "([a-z]{0,9}){0,25}x"])
def test_building_is_linear_also_when_every_part_may_be_left_out(expression: str) -> None:
    assert Automaton(regex.read(expression)).steps < 10 * MAX_POSITIONS


def test_a_spent_budget_ends_the_search_before_it_begins() -> None:
    automaton, budget = Automaton(regex.read("abc")), Budget(3)
    assert automaton.search(f"{START}abc{END}", budget)
    assert budget.left <= 0
    assert not automaton.search(f"{START}abc{END}", budget)


def test_remembered_states_are_bounded() -> None:
    automaton = Automaton(regex.read("(a|b)*a(a|b){12}c"))
    texts = [f"{number:024b}".replace("0", "a").replace("1", "b") for number in range(0, 1 << 24, 4099)]
    for text in texts:
        assert not automaton.search(text, Budget(1 << 20))
        assert automaton.search(text[:11] + "a" + text[:12] + "c", Budget(1 << 20))
    assert len(automaton._reach) <= MAX_REMEMBERED


class Counted(str):
    """A text that knows how much of it was read."""

    __slots__ = ("read",)

    def __iter__(self) -> Iterator[str]:
        self.read = 0
        for char in str(self):
            self.read += 1
            yield char


def test_an_anchored_pattern_stops_at_the_first_difference() -> None:
    text = Counted(START + "a" * 200 + END)
    assert not Automaton(regex.read("^aaab.*$")).search(text, Budget(1000))
    assert text.read == 5
    assert not Automaton(regex.read("aaab.*$")).search(text, Budget(1000))
    assert text.read == 202


def test_characters_that_no_name_has_match_nothing() -> None:
    assert not Automaton(regex.read("a.b")).search(f"{START}a\x00b{END}", Budget(100))
