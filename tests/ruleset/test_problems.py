"""Problems: one spelling for people, one for machines, and no control over anybody's terminal."""

from ruleset.problems import START, Mark, Problem, by_place, errors, printable

WRONG = Problem("site.yaml", Mark(3, 7), "overlap", "pc overlaps srv", "take another subnet")


def test_a_line_can_be_jumped_to():
    assert WRONG.line() == "site.yaml:3:7: error: pc overlaps srv (take another subnet)"


def test_a_line_without_a_hint_has_no_brackets():
    assert Problem("a", START, "c", "wrong").line() == "a:1:1: error: wrong"


def test_a_warning_says_so():
    assert Problem("a", START, "c", "old", severity="warning").line() == "a:1:1: warning: old"


def test_machines_get_every_fact():
    assert WRONG.as_dict() == {
        "file": "site.yaml", "line": 3, "column": 7, "severity": "error", "code": "overlap",
        "what": "pc overlaps srv", "hint": "take another subnet",
    }  # fmt: skip


def test_control_characters_of_a_file_reach_no_terminal():
    line = Problem("a\x1b[2J.yaml", START, "c", "red \x1b[31m and\nnew line", "\x07\u202e").line()
    assert line.isprintable()
    assert "\\x1b[31m" in line and "\\n" in line and "\\u202e" in line


def test_text_that_can_be_printed_stays_as_it_is():
    assert printable("内科クリニック é") == "内科クリニック é"


def test_long_text_is_bounded():
    assert len(printable("x" * 5000)) == 300
    assert printable("x" * 5000).endswith("…")
    assert printable("x" * 300) == "x" * 300


def test_problems_are_sorted_by_place_and_given_once():
    early, late = Problem("a", Mark(2, 9), "c", "w"), Problem("a", Mark(10, 1), "c", "w")
    assert by_place([late, early, late]) == [early, late]


def test_warnings_are_no_errors():
    warning = Problem("a", START, "c", "old", severity="warning")
    assert errors([warning, WRONG]) == [WRONG]
