"""Which new versions are held back, and the reason a person reads."""

import pytest

from gateway.updates.guard import Shape, why_held

OLD = Shape(octets=100_000, rules=1000)


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (Shape(0, 0), "empty"),
        (Shape(5000, 0), "empty"),
        (Shape(39_000, 399), "399 rules instead of 1000, a change of -60 %"),
        (Shape(161_000, 1601), "a change of +60 %"),
        (Shape(161_000, 1100), "161000 octets instead of 100000"),
        (Shape(99_000, 990, ended=False), "middle of a line"),
    ],
)
def test_what_is_held_back(new, words):
    assert words in why_held(new, OLD, ())


@pytest.mark.parametrize("new", [Shape(40_000, 400), Shape(160_000, 1600), OLD])
def test_sixty_per_cent_is_still_fine(new):
    assert why_held(new, OLD, ()) == ""


def test_the_first_version_has_nothing_to_be_compared_with():
    assert why_held(Shape(10, 1, ended=False), None, ()) == ""


def test_a_few_rules_more_or_less_are_never_strange():
    assert why_held(Shape(200, 20), Shape(20, 2), ()) == ""
    assert why_held(Shape(230, 23), Shape(20, 2), ()) != ""


def test_a_person_excuses_the_size_and_nothing_else():
    assert why_held(Shape(1000, 10), OLD, (), accept_change=True) == ""
    assert why_held(Shape(1000, 0), OLD, (), accept_change=True) != ""
    assert "4 protected names (a, b, c, d" in why_held(OLD, OLD, ("a", "b", "c", "d"), accept_change=True)


def test_a_single_protected_name_holds_nothing_back():
    assert why_held(OLD, OLD, ("ameli.fr",)) == ""
