"""Counts stay true within bounds, hostile text is only text, old rows go, a failed write loses nothing."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.events import Blocked, Happening, Kind, Label, Loss, LossCause, Source
from gateway.store.batch import Batch, day_in
from gateway.store.writer import EventWriter, Limits

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
CAMERA = Source("cam", "camera-1")


def refused(destination: str = "198.51.100.7", source: Source = CAMERA, at: float = NOON, count: int = 1) -> Blocked:
    return Blocked(Kind.PACKET_REFUSED, at, source, destination, "internet", "tcp/443", "core:forward:refused", count)


def batch(*events: Blocked) -> Batch:
    result = Batch(day_in(UTC))
    for event in events:
        result.blocked(event)
    return result


def rows(path: Path, sql: str = "SELECT * FROM blocked") -> list[tuple]:
    with sqlite3.connect(path) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


def test_a_million_knocks_are_one_row(store: Path):
    writer = EventWriter(store)
    for second in range(10):
        writer.write(batch(*[refused(at=NOON + second, count=10_000) for _ in range(10)]))
    writer.close()
    assert [(r[8], r[9], r[10]) for r in rows(store)] == [(1_000_000, NOON, NOON + 9)]
    assert rows(store, "SELECT sum(count) FROM trend") == [(1_000_000,)]


def test_a_busy_source_gets_an_others_row_and_leaves_room_for_the_rest(store: Path):
    writer = EventWriter(store, Limits(rows_a_day=50, rows_a_source=10))
    writer.write(batch(*[refused(f"198.51.100.{n}") for n in range(200)]))
    writer.write(batch(refused(source=Source("pc", "reception-1"))))
    writer.close()
    assert rows(store, "SELECT count(*), sum(count) FROM blocked WHERE source = 'camera-1'") == [(11, 200)]
    assert rows(store, "SELECT count FROM blocked WHERE source = 'camera-1' AND destination = ''") == [(190,)]
    assert rows(store, "SELECT destination FROM blocked WHERE zone = 'pc'") == [("198.51.100.7",)]


def test_a_full_day_keeps_true_counts_in_one_row_a_zone(store: Path):
    writer = EventWriter(store, Limits(rows_a_day=20, rows_a_source=10))
    for part in range(10):  # also across writes and a restart of the writer
        writer.write(batch(*[refused(source=Source("guest", f"10.20.80.{part * 20 + n}")) for n in range(20)]))
        writer.close()
        writer = EventWriter(store, Limits(rows_a_day=20, rows_a_source=10))
    writer.close()
    assert rows(store, "SELECT count(*), sum(count) FROM blocked") == [(21, 200)]
    assert rows(store, "SELECT zone, count FROM blocked WHERE source = ''") == [("guest", 180)]


def test_strangers_on_the_internet_cannot_push_a_camera_out_of_the_day(store: Path):
    writer = EventWriter(store, Limits(rows_a_day=100, rows_a_zone=40))
    writer.write(batch(*[refused(source=Source("internet", f"192.0.2.{n}")) for n in range(200)]))
    writer.write(batch(refused()))
    writer.close()
    assert rows(store, "SELECT sum(count), count(*) FROM blocked WHERE zone = 'internet'") == [(200, 41)]
    assert rows(store, "SELECT source, destination FROM blocked WHERE zone = 'cam'") == [("camera-1", "198.51.100.7")]


@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE blocked; --", "<script>alert(1)</script>", 'a"b\nadd rule inet x', "\x00\x1b[31m", "é" * 5000],
)
def test_hostile_text_is_only_text(store: Path, text: str):
    writer = EventWriter(store)
    everything = Batch(day_in(UTC))
    everything.blocked(Blocked(Kind.NAME_BLOCKED, NOON, Source(text, text), text, text, text, text))
    everything.happened(Happening(Kind.DEVICE_QUARANTINED, NOON, text, text, text))
    writer.write(everything)
    writer.labels([Label("device", text, text, text, text)])
    writer.kernel_counters("2026-11-22", NOON, {text: 3})
    writer.let_through("2026-11-22", {text: 3})
    writer.close()
    (row,) = rows(store)
    assert (row[8], len(row[4]) <= 255, row[4].isprintable()) == (1, True, True)
    assert rows(store, "SELECT count(*) FROM happening") == rows(store, "SELECT count(*) FROM label") == [(1,)]


def test_old_rows_are_erased_and_newer_ones_stay(store: Path):
    writer = EventWriter(store, Limits(days=2))
    for days_ago in (5, 2, 1, 0):
        everything = batch(refused(at=NOON - 86400 * days_ago))
        everything.lost(Loss(LossCause.KERNEL_GAP, NOON - 86400 * days_ago))
        writer.write(everything)
    assert writer.expire("2026-11-22", 30) > 0
    writer.close()
    assert rows(store, "SELECT day FROM blocked") == [("2026-11-21",), ("2026-11-22",)]
    assert rows(store, "SELECT day FROM loss") == [("2026-11-21",), ("2026-11-22",)]
    assert rows(store, "SELECT count(*) FROM trend") == [(3,)]


def test_erased_names_leave_no_bytes_behind(store: Path):
    writer = EventWriter(store, Limits(days=1))
    writer.write(batch(refused("a-name-to-forget.example", at=NOON - 5 * 86400)))
    writer.expire("2026-11-22", 30)
    writer.close()
    assert b"a-name-to-forget" not in store.read_bytes()


def test_a_failed_write_loses_nothing(store: Path):
    writer = EventWriter(store)
    writer.write(batch(refused()))
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way of having a full disk
    waiting = batch(*[refused("x" * 200 + str(n)) for n in range(500)])
    with pytest.raises(sqlite3.OperationalError, match="full"):
        writer.write(waiting)
    writer._connection.execute("PRAGMA max_page_count = 100000")
    writer.write(waiting)
    writer.close()
    assert rows(store, "SELECT sum(count) FROM blocked") == [(501,)]


def test_kernel_counters_become_days_and_survive_a_reset(store: Path):
    writer = EventWriter(store)
    writer.kernel_counters("2026-11-22", NOON, {"refused": 700})  # of unknown age: counts nothing
    writer.kernel_counters("2026-11-22", NOON, {"refused": 750, "new": 5})
    writer.kernel_counters("2026-11-23", NOON + 86400, {"refused": 751, "new": 5})
    writer.kernel_counters("2026-11-23", NOON + 86400, {"refused": 4, "new": 5})  # a reboot
    writer.close()
    assert rows(store, "SELECT day, counter, packets FROM kernel_count WHERE packets > 0 ORDER BY 1, 2") == [
        ("2026-11-22", "new", 5),
        ("2026-11-22", "refused", 50),
        ("2026-11-23", "refused", 5),
    ]
    assert rows(store, "SELECT kind, count FROM trend ORDER BY slot") == [("kernel", 55), ("kernel", 5)]


PERMIT = "permit:emr-clients"


def test_connections_let_through_become_days_beside_what_was_refused(store: Path):
    writer = EventWriter(store)
    writer.labels([Label("rule", PERMIT, "EMR", "permit")])
    writer.let_through("2026-11-22", {PERMIT: 700})  # of unknown age: counts nothing
    writer.let_through("2026-11-22", {PERMIT: 703, "pack:base:pc-prn-print": 2})
    writer.let_through("2026-11-23", {PERMIT: 704})
    writer.let_through("2026-11-23", {PERMIT: 5})  # a reboot
    writer.close()
    assert rows(store, "SELECT day, rule, connections FROM let_through ORDER BY 1, 2") == [
        ("2026-11-22", "pack:base:pc-prn-print", 2),
        ("2026-11-22", PERMIT, 3),
        ("2026-11-23", PERMIT, 6),
    ]
    assert rows(store, "SELECT count(*) FROM kernel_count") == rows(store, "SELECT count(*) FROM trend") == [(0,)]


def test_many_rules_are_bounded_and_their_connections_stay_counted(store: Path):
    writer = EventWriter(store, Limits(rules_a_day=3))
    writer.let_through("2026-11-22", {f"permit:{n}": 0 for n in range(10)})
    writer.let_through("2026-11-22", {f"permit:{n}": 2 for n in range(10)})
    writer.let_through("2026-11-22", {f"permit:{n}": 3 for n in range(10)})
    writer.close()
    assert rows(store, "SELECT count(*), sum(connections) FROM let_through") == [(4, 30)]
    assert rows(store, "SELECT connections FROM let_through WHERE rule = ''") == [(21,)]


def test_a_removed_rule_is_forgotten_with_its_counts(store: Path):
    writer = EventWriter(store, Limits(days=2))
    writer.labels([Label("rule", PERMIT, "EMR", "permit")])
    writer.let_through("2026-11-20", {PERMIT: 0})
    writer.let_through("2026-11-20", {PERMIT: 1})
    writer.labels([])
    assert rows(store, "SELECT id FROM label") == [(PERMIT,)]
    writer.expire("2026-11-22", 30)
    writer.labels([])
    writer.close()
    assert rows(store, "SELECT count(*) FROM let_through") == rows(store, "SELECT count(*) FROM label") == [(0,)]
    assert rows(store, "SELECT count(*) FROM let_through_reading") == [(0,)]


def test_a_damaged_file_is_set_aside_and_said(store: Path):
    store.write_bytes(b"this is not a database" * 1000)
    writer = EventWriter(store)
    writer.write(batch(refused()))
    writer.close()
    assert writer.renewed
    assert len(rows(store)) == 1
    assert store.with_name("events.sqlite.broken").exists()


def test_rare_events_are_bounded_oldest_first(store: Path):
    writer = EventWriter(store, Limits(happenings=3))
    several = Batch(day_in(UTC))
    for number in range(9):
        several.happened(Happening(Kind.POLICY_APPLIED, NOON + number, str(number)))
    writer.write(several)
    writer.expire("2026-11-22", 30)
    writer.close()
    assert rows(store, "SELECT subject FROM happening ORDER BY id") == [("6",), ("7",), ("8",)]


def test_labels_of_removed_devices_stay_while_their_events_do(store: Path):
    writer = EventWriter(store)
    writer.write(batch(refused()))
    old = [Label("device", name, name, "camera", "cam") for name in ("camera-1", "camera-2")]
    writer.labels([*old, Label("zone", "cam", "Cameras", "cam")])
    writer.labels([Label("zone", "cam", "Cameras", "cam")])
    writer.close()
    assert rows(store, "SELECT id FROM label ORDER BY id") == [("cam",), ("camera-1",)]
