"""One batch of names: folded, bounded, and never finer than the switch."""

from datetime import UTC

import pytest

from gateway.events import LossCause, Source
from gateway.store.batch import day_in
from gateway.store.names_batch import MAX_NAMES, Detail, NamesBatch

AT = 1_800_000_000.0
PC = Source("pc", "reception-1")
FORWARD = "forward", "not_listed", ""


def test_equal_questions_are_one_row_with_its_span():
    batch = NamesBatch(day_in(UTC))
    assert not batch
    for second in (5, 0, 9):
        batch.asked(AT + second, PC, "www.example", FORWARD, f"rule {second}", 2)
    ((key, asked),) = batch.names.items()
    assert (key.zone, key.source, key.name) == ("pc", "", "www.example")
    assert (asked.count, asked.first_seen, asked.last_seen) == (6, AT, AT + 9)


@pytest.mark.parametrize(
    ("detail", "names", "clients"),
    [("off", [], 0), ("zone", [("pc", "")], 0), ("device", [("pc", "reception-1")], 3)],
)
def test_the_switch_says_who_is_written_down(detail: Detail, names: list, clients: int):
    batch = NamesBatch(day_in(UTC), detail).fresh()
    batch.asked(AT, PC, "www.example", FORWARD, "", 1)
    batch.client(AT, PC, 3)
    batch.client(AT, Source("guest"), 3)  # nobody in particular
    assert [(key.zone, key.source) for key in batch.names] == names
    assert batch.clients.total() == clients


def test_who_and_what_a_blocked_name_may_be_told_with():
    known = {d: NamesBatch(day_in(UTC), d).known_as(PC, "bad.example") for d in ("off", "zone", "device")}
    assert known == {
        "off": (Source("pc"), ""),
        "zone": (Source("pc"), "bad.example"),
        "device": (PC, "bad.example"),
    }


def test_too_many_names_become_one_row_and_a_told_loss():
    batch = NamesBatch(day_in(UTC))
    losses = [batch.asked(AT, PC, f"n{number}.example", FORWARD, "", 1) for number in range(MAX_NAMES + 3)]
    assert len(batch.names) == MAX_NAMES + 1
    assert [(loss.cause, loss.count) for loss in losses if loss] == [(LossCause.LOG_FULL, 1)] * 3
    assert sum(asked.count for asked in batch.names.values()) == MAX_NAMES + 3


def test_hostile_names_become_short_printable_lines():
    batch = NamesBatch(day_in(UTC), "device")
    text = "<script>\n\x1b[31m" * 200
    batch.asked(AT, Source(text, text), text, (text, text, text), text, 1)
    ((key, asked),) = batch.names.items()
    assert all(part.isprintable() and len(part) <= 255 for part in (*key, asked.rule))
