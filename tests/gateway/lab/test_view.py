"""The demo's picture: fits the terminal, says what matters, marks what is wrong."""

from collections import deque

import pytest

from gateway.lab.scenario import Act
from gateway.lab.traffic import Tally
from gateway.lab.view import Recorded, Shown, clip, first_line, screen, summary


def tally(number, passes, tried=4, passed=None):
    done = (tried if passes else 0) if passed is None else passed
    act = Act(str(number), "browse" if passes else "knock", "h", f"host-{number} does a thing", passes)
    return Tally(act, tried, done, deque([0.002] * done), deque([0.001] * done))


def shown(tallies):
    return Shown("clinicgate demo: 内科", "http://127.0.0.1:8080/", "clinicgate", 5.0, 55.0, tallies,
                 Recorded(7, 3, 2), ("lab exec x -- sh",))  # fmt: skip


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 10), (120, 60)])
def test_it_fits_and_shows_the_page(width, height):
    lines = screen(shown([tally(n, n % 2 == 0) for n in range(40)]), width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    assert any("http://127.0.0.1:8080/" in line for line in lines)


def test_what_has_no_room_is_still_counted():
    text = "\n".join(screen(shown([tally(n, True) for n in range(40)]), 80, 30))
    assert "more" in text
    rows = [line for line in text.splitlines() if "does a thing" in line or "more" in line]
    assert sum(int(row.split()[-3 if "ms" in row else -2].strip()) for row in rows if "more" in row) > 0


def test_wrong_ones_are_marked():
    assert any(line.startswith("! host-1") for line in screen(shown([tally(1, False, 4, 1)]), 80, 30))
    assert "NOT AS IT SHOULD BE" in first_line(tally(1, False, 1, 1))
    assert first_line(tally(2, True)).endswith(": passes")


def test_the_summary_has_the_figures_and_the_faults():
    text = "\n".join(summary(shown([tally(1, True), tally(2, False)]), 12.3, ["a leak"]))
    for words in ("allowed: 4 attempts of 1 kinds, 4 passed", "blocked: 4 attempts of 1 kinds, 4 stopped",
                  "7 refused packets and 3 blocked names", "names answered in 1.0 ms", "12 ms", "a leak"):  # fmt: skip
        assert words in text
    assert "did not answer" in "\n".join(summary(shown([]), None, []))


def test_wide_characters_take_two_columns():
    assert clip("受付PC", 5) == "受付P"
    assert clip("abc", 5) == "abc"
