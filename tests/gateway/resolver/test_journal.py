"""One line a fact, no line twice in a row, nothing in it that a terminal obeys."""

import pytest

from gateway.resolver.journal import MAX_LINE, Journal


def test_a_fact_is_said_once_until_it_changes(capfd: pytest.CaptureFixture[str]) -> None:
    journal = Journal()
    for text in ("away", "away", "back", "away"):
        journal.say("enforcer", text)
    journal.say("lists", "away")
    assert capfd.readouterr().err.splitlines() == [
        "resolver: enforcer: away", "resolver: enforcer: back", "resolver: enforcer: away", "resolver: lists: away",
    ]  # fmt: skip


def test_what_comes_from_outside_stays_on_one_harmless_line(capfd: pytest.CaptureFixture[str]) -> None:
    Journal().say("site", "a\nresolver: forged\x1b[31m" + "x" * 9000)
    (line,) = capfd.readouterr().err.splitlines()
    assert line.isprintable()
    assert len(line) <= MAX_LINE + 20
