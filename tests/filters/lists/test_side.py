"""Rules with conditions and patterns in the file: how a name meets them, and numbers that make no sense."""

import pytest

from filters import names
from filters.lists import side as module
from filters.lists.automaton import Budget
from filters.lists.pattern import END, START
from filters.lists.side import SideRules, as_text
from tests.filters.lists.reading_tools import file_of

RULES = "||ads*.example^\n||x.example^$dnstype=A\n/^[0-9]+[a-f]\\./\n*tracker*\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (names.from_text("a-1.b_2.example"), "a-1.b_2.example"),
        (names.from_text("a" * 48 + "." + "b" * 45 + ".example"), "a" * 48 + "." + "b" * 45 + ".example"),
        (b"\x03a.b\x01c\0", r"a\046b.c"),
        (b'\x02"\xff\x01c\0', r"\034\255.c"),
        (b"\0", "."),
    ],
)
def test_names_as_patterns_see_them(name: bytes, text: str) -> None:
    expected = f"{START}{text}{END}"
    assert as_text(name) == (expected if name != names.ROOT else f"{START}{END}")


@pytest.mark.parametrize(
    ("host", "numbers"),
    [("ads.example", [2, 0]), ("mytracker.test", [2, 3]), ("x.test", [2]), ("ads.tracker.test", [2, 0, 3])],
)
def test_candidates_are_those_whose_gram_the_name_holds_and_those_without(host: str, numbers: list[int]) -> None:
    side = file_of(RULES).side
    found = side.candidates(names.from_text(host))
    assert sorted(found) == sorted(numbers)


def test_reading_and_building_are_charged_once() -> None:
    side, text = file_of(RULES).side, as_text(names.from_text("12a.example"))
    first, second = Budget(10_000), Budget(10_000)
    assert side.fits(2, text, first)
    assert side.fits(2, text, second)
    assert first.left + 200 < second.left < 10_000


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_PATTERNS", 2)
    side, text = file_of("".join(f"||ads{number}*.example^\n" for number in range(5))).side, "\x02ads3x.example\x03"
    assert [side.fits(number, text, Budget(100_000)) for number in (0, 1, 2, 3, 4, 3)] == [False] * 3 + [
        True,
        False,
        True,
    ]
    assert len(side._automatons) == 2


def test_patterns_fit_within_a_budget() -> None:
    side, text = file_of(RULES).side, as_text(names.from_text("12a.example"))
    assert side.fits(2, text, Budget(1000))
    assert not side.fits(2, text, Budget(0))
    assert not side.fits(1, text, Budget(1000)), "a name with conditions is no pattern"


@pytest.mark.parametrize("number", [4, 1000, (1 << 27) - 1])
def test_a_number_that_no_rule_has_is_nothing(number: int) -> None:
    side: SideRules = file_of(RULES).side
    assert side.line(number) is None
    assert side.rule(number, Budget(1000)) is None
    assert not side.fits(number, as_text(names.from_text("a.example")), Budget(1000))
