"""Names in the store: counts stay true within bounds; what is too old or too fine is gone, also from the file."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.events import Blocked, Kind, Source
from gateway.store import names
from gateway.store.batch import Batch, day_in
from gateway.store.names_batch import Detail, NamesBatch
from gateway.store.writer import EventWriter

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
TODAY = "2026-11-22"
FORWARD, LISTED = ("forward", "not_listed", ""), ("nxdomain", "listed", "malware")
RECEPTION, CONSULT = Source("pc", "reception-1"), Source("pc", "consult-1")


def batch(detail: Detail = "device") -> NamesBatch:
    return NamesBatch(day_in(UTC), detail)


def rows(path: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(path) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


def filled(store: Path, at: float = NOON) -> EventWriter:
    """A writer that has saved two devices' questions, one blocked name among them, and the totals."""
    writer = EventWriter(store)
    one = batch()
    for source, count in ((RECEPTION, 3), (CONSULT, 4)):
        one.asked(at, source, "www.a-name-to-forget.example", FORWARD, "", count)
        one.asked(at, source, "bad.a-name-to-forget.example", LISTED, "||bad^", count)
        one.client(at, source, 2 * count)
    day = one.day_of(at)
    one.answered[day, "pc", "forward", "not_listed"] = one.answered[day, "pc", "nxdomain", "listed"] = 7
    one.listed[day, "pc", "malware"] = 7
    one.latency[day, 5] = 14
    writer.names(one)
    events = Batch(day_in(UTC))
    for source, count in ((RECEPTION, 3), (CONSULT, 4)):
        events.blocked(
            Blocked(Kind.NAME_BLOCKED, at, source, "bad.a-name-to-forget.example", "", "A", "list:malware", count)
        )
        events.blocked(Blocked(Kind.PACKET_REFUSED, at, source, "198.51.100.7", "internet", "tcp/22", "core:x", 1))
    writer.write(events)
    return writer


TOTALS = "SELECT (SELECT sum(count) FROM dns_answered), (SELECT sum(count) FROM dns_listed),"
TOTALS += " (SELECT sum(count) FROM dns_latency), (SELECT sum(count) FROM blocked WHERE kind = 'name_blocked'),"
TOTALS += " (SELECT count(*) FROM blocked WHERE kind = 'packet_refused' AND source <> '')"


def test_minutes_add_up(store: Path):
    filled(store).close()
    filled(store, NOON + 60).close()
    assert rows(store, "SELECT zone, source, name, count, last_seen FROM dns_name WHERE reason = 'listed'") == [
        ("pc", "consult-1", "bad.a-name-to-forget.example", 8, NOON + 60),
        ("pc", "reception-1", "bad.a-name-to-forget.example", 6, NOON + 60),
    ]
    assert rows(store, TOTALS) == [(28, 14, 28, 14, 2)]


@pytest.mark.parametrize(
    ("detail", "named", "clients", "blocked"),
    [
        ("device", [("", 0), ("consult-1", 8), ("reception-1", 6)], 14, [("consult-1", "A"), ("reception-1", "A")]),
        ("zone", [("", 14)], None, [("", "A")]),
        ("off", [("", 0)], None, [("", "")]),
    ],
)
def test_another_switch_erases_at_once_what_is_finer_and_keeps_the_counts(
    store: Path, detail: Detail, named: list, clients: int | None, blocked: list
):
    writer = filled(store)
    before = rows(store, TOTALS)
    writer.keep_names(detail)
    for _ in range(2):  # doing it again changes nothing
        assert writer.keep_names(detail) == 0
        assert rows(store, TOTALS) == before
        found = dict(rows(store, "SELECT source, sum(count) FROM dns_name GROUP BY source"))
        assert {"": 0, **found} == dict(named)
        assert rows(store, "SELECT sum(count) FROM dns_client") == [(clients,)]
        sql = "SELECT source, service FROM blocked WHERE kind = 'name_blocked' ORDER BY source"
        assert rows(store, sql) == blocked
    writer.close()


@pytest.mark.parametrize(("detail", "gone"), [("zone", b"consult-1bad"), ("off", b"a-name-to-forget")])
def test_what_was_erased_stands_in_no_file_although_the_writer_goes_on(store: Path, detail: Detail, gone: bytes):
    writer, beside = filled(store), store.with_name(store.name + "-wal")
    assert gone in store.read_bytes() + beside.read_bytes()
    writer.keep_names(detail)
    assert gone not in store.read_bytes() + beside.read_bytes()
    writer.close()


def test_names_go_on_time_and_totals_stay_longer(store: Path):
    filled(store, NOON - 3 * 86400).close()
    writer = filled(store)
    assert writer.expire(TODAY, 3) > 0
    writer.close()
    assert rows(store, "SELECT DISTINCT day FROM dns_name") == rows(store, "SELECT DISTINCT day FROM dns_client")
    assert rows(store, "SELECT DISTINCT day FROM dns_name") == [(TODAY,)]
    assert rows(store, TOTALS) == [(28, 14, 28, 14, 4)]
    old = "SELECT source, destination, service, sum(count) FROM blocked WHERE kind = 'name_blocked'"
    old += " AND day < '2026-11-22'"
    assert rows(store, old) == [("", "", "", 7)]


def test_totals_go_when_everything_else_does(store: Path):
    writer = filled(store, NOON - 200 * 86400)
    writer.expire(TODAY, 400)
    writer.close()
    assert rows(store, TOTALS) == [(None, None, None, None, 0)]


def test_a_full_day_keeps_true_counts_and_room_for_what_was_blocked(store: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(names, "ROWS_A_ZONE", 10)
    writer = EventWriter(store)
    for part in range(3):  # also across a restart of the writer
        one = batch("zone")
        for number in range(20):
            one.asked(NOON, Source("guest"), f"n{part * 20 + number}.example", FORWARD, "", 2)
        one.asked(NOON, Source("guest"), f"bad{part}.example", LISTED, "", 1)
        writer.names(one)
        writer.close()
        writer = EventWriter(store)
    writer.close()
    assert rows(store, "SELECT count(*), sum(count) FROM dns_name WHERE reason = 'not_listed'") == [(11, 120)]
    assert rows(store, "SELECT count FROM dns_name WHERE name = ''") == [(100,)]
    assert rows(store, "SELECT name FROM dns_name WHERE reason = 'listed'") == [(f"bad{n}.example",) for n in range(3)]


def test_a_failed_write_loses_nothing(store: Path):
    writer = EventWriter(store)
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way of having a full disk
    waiting = batch()
    for number in range(2000):
        waiting.asked(NOON, RECEPTION, "x" * 200 + str(number), FORWARD, "", 1)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        writer.names(waiting)
    writer._connection.execute("PRAGMA max_page_count = 100000")
    writer.names(waiting)
    writer.close()
    assert rows(store, "SELECT sum(count) FROM dns_name") == [(2000,)]
