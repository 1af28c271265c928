"""What was let through: by purpose, today and in the week, bounded, with totals that agree with the rows."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.events import Label
from gateway.report import Passed, Through, summary
from gateway.report_through import MAX_ROWS
from gateway.store.writer import EventWriter

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp()
TODAY, YESTERDAY, LONG_AGO = "2026-11-22", "2026-11-21", "2026-11-15"
LABELS = [
    Label("rule", "pack:base:pc-internet-web", "", "web"),
    Label("rule", "pack:base:staffwifi-internet-web", "", "web"),
    Label("rule", "permit:emr-clients", "Medical record", "permit"),
    Label("rule", "permit:emr-laptop", "Medical record", "permit"),
    Label("rule", "permit:nvr-view", "Waiting room", "permit"),
]


def told(path: Path, *readings: tuple[str, dict[str, int]]) -> Through:
    writer = EventWriter(path)
    writer.facts({"timezone": "Asia/Tokyo"})
    writer.labels(LABELS)
    writer.let_through(LONG_AGO, {label.id: 0 for label in LABELS})
    for day, totals in readings:
        writer.let_through(day, totals)
    writer.close()
    return summary(path, NOW).through


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


def test_rules_of_one_purpose_are_one_row_and_permits_keep_their_words(store: Path):
    first = {"pack:base:pc-internet-web": 10, "pack:base:staffwifi-internet-web": 4, "permit:emr-clients": 3}
    later = {"pack:base:pc-internet-web": 11, "permit:emr-clients": 20, "permit:emr-laptop": 1, "permit:nvr-view": 2}
    assert told(store, (LONG_AGO, {"permit:nvr-view": 1}), (YESTERDAY, first), (TODAY, later)) == Through(
        today=20,
        week=37,
        rows=(
            Passed("permit", "Medical record", 18, 21),
            Passed("web", "", 1, 15),
            Passed("permit", "Waiting room", 1, 1),
        ),
    )


def test_a_rule_nobody_knows_any_more_is_told_last_as_other(store: Path):
    known = {"pack:base:pc-internet-web": 1}
    rows = told(store, (TODAY, {"permit:gone": 50, **known})).rows
    assert rows == (Passed("web", "", 1, 1), Passed("other", "", 50, 50))


def test_many_purposes_are_cut_and_the_totals_still_agree(store: Path):
    writer = EventWriter(store)
    writer.labels([Label("rule", f"permit:{n}", f"reason {n}", "permit") for n in range(30)])
    writer.let_through(TODAY, {f"permit:{n}": 0 for n in range(30)})
    writer.let_through(TODAY, {f"permit:{n}": n + 1 for n in range(30)})
    writer.close()
    result = summary(store, NOW).through
    assert (len(result.rows), result.rows[0].text, result.rows[-1].purpose) == (MAX_ROWS, "reason 29", "other")
    assert sum(row.today for row in result.rows) == result.today == sum(range(31))


def test_nothing_counted_is_nothing_told(store: Path):
    assert told(store) == Through()
