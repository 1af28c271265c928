"""The summary: rows become attempts, days and hours are the clinic's own, no count is claimed that is not known."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.attempts import MAX_PLACES, Reason
from gateway.events import Blocked, Happening, Kind, Label, Loss, LossCause, Source
from gateway.report import MAX_ATTEMPTS, summary, timezone_of
from gateway.store.batch import Batch, day_in
from gateway.store.writer import EventWriter

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 22, 14, 30, tzinfo=TOKYO).timestamp()
HOUR, DAY = 3600, 86400
CAMERA = Source("cam", "camera-1")


def refused(at: float = NOW, count: int = 1, source: Source = CAMERA, **changes: str) -> Blocked:
    words = {"destination": "198.51.100.7", "target": "internet", "service": "tcp/443", "rule": "core:refused:cam"}
    return Blocked(Kind.PACKET_REFUSED, at, source, **{**words, **changes}, count=count)


def blocked(name: str, at: float = NOW, count: int = 1) -> Blocked:
    return Blocked(Kind.NAME_BLOCKED, at, Source("pc", "reception-1"), name, "", "A", "list:malware", count)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


def seed(path: Path, *events: Blocked | Happening | Loss, kernel: int = 0) -> None:
    writer = EventWriter(path)
    batch = Batch(day_in(TOKYO))
    for event in events:
        {Blocked: batch.blocked, Happening: batch.happened, Loss: batch.lost}[type(event)](event)
    writer.write(batch)
    writer.facts({"timezone": "Asia/Tokyo"})
    writer.labels([Label("device", "camera-1", "Waiting room", "camera", "cam")])
    if kernel:
        writer.kernel_counters("2026-11-22", NOW, {"core:refused:cam": 10})
        writer.kernel_counters("2026-11-22", NOW, {"core:refused:cam": 10 + kernel})
    writer.close()


def test_attempts_fold_by_source_target_and_reason(store: Path):
    seed(
        store,
        refused(count=1200, destination="198.51.100.7"),
        refused(count=4, destination="198.51.100.8", service="udp/123"),
        refused(count=7, target="pc", destination="reception-1"),
        refused(count=3, rule="refuse:base:telnet", service="tcp/23"),
    )
    attempts = summary(store, NOW).today.attempts
    assert [(a.target, a.reason, a.count, a.all_places) for a in attempts] == [
        ("internet", Reason.NOT_PERMITTED, 1204, 2),
        ("pc", Reason.NOT_PERMITTED, 7, 1),
        ("internet", Reason.DANGEROUS_SERVICE, 3, 1),
    ]
    assert attempts[0].places[0].destination == "198.51.100.7"
    assert attempts[2].via == ("telnet",)


def test_strangers_on_the_internet_are_one_source(store: Path):
    seed(store, *[refused(source=Source("internet", f"192.0.2.{n}"), target="gateway") for n in range(50)])
    (attempt,) = summary(store, NOW).today.attempts
    assert (attempt.zone, attempt.source, attempt.count, attempt.reason) == ("internet", "", 50, Reason.INBOUND)


def test_today_and_the_week_are_the_clinics_own_days(store: Path):
    midnight = datetime(2026, 11, 22, tzinfo=TOKYO).timestamp()
    seed(
        store,
        refused(midnight + 1),
        refused(midnight - 1, count=10),
        refused(midnight - 6 * DAY + 1, count=100),
        refused(midnight - 6 * DAY - 1, count=1000),
    )
    result = summary(store, NOW)
    assert (result.today.total, result.week.total) == (1, 111)
    assert [bar.total for bar in result.days] == [100, 0, 0, 0, 0, 10, 1]
    assert [bar.label for bar in result.days][-1] == "2026-11-22"
    assert [(bar.label, bar.total) for bar in result.hours if bar.total] == [("0", 1)]


def test_the_kernels_count_is_the_true_one_and_both_are_told(store: Path):
    seed(store, refused(count=40), blocked("bad.example", count=2), kernel=500)
    today = summary(store, NOW).today
    assert (today.packets, today.packets_described, today.names, today.total) == (500, 40, 2, 502)
    assert [bar.total for bar in summary(store, NOW).hours if bar.total] == [502]


def test_the_only_source_behind_a_rule_gets_the_kernels_count(store: Path):
    seed(store, refused(count=40), kernel=500)
    assert [(a.count, a.at_least) for a in summary(store, NOW).today.attempts] == [(500, False)]


def test_sources_that_share_a_rule_are_told_as_at_least(store: Path):
    seed(store, refused(count=40), refused(count=2, source=Source("cam", "camera-2")), kernel=500)
    assert [(a.count, a.at_least) for a in summary(store, NOW).today.attempts] == [(40, True), (2, True)]


def test_without_kernel_counters_the_rows_count(store: Path):
    seed(store, refused(count=40))
    assert summary(store, NOW).today.packets == 40


def test_many_attempts_are_cut_and_the_rest_is_counted(store: Path):
    seed(store, *[refused(source=Source("pc", f"10.20.20.{n}"), count=2) for n in range(MAX_ATTEMPTS + 5)])
    today = summary(store, NOW).today
    assert (len(today.attempts), today.attempts_left_out, today.total) == (MAX_ATTEMPTS, 10, 2 * MAX_ATTEMPTS + 10)


def test_places_are_the_most_frequent_ones(store: Path):
    seed(store, *[blocked(f"n{n}.example", count=n + 1) for n in range(20)])
    (attempt,) = summary(store, NOW).today.attempts
    assert (len(attempt.places), attempt.all_places, attempt.via) == (MAX_PLACES, 20, ("malware",))
    assert attempt.places[0].destination == "n19.example"


def test_losses_and_happenings_are_told_newest_first(store: Path):
    seed(
        store,
        Loss(LossCause.KERNEL_GAP, NOW - 2 * DAY, 5),
        Loss(LossCause.KERNEL_GAP, NOW, 3),
        Happening(Kind.POLICY_APPLIED, NOW - HOUR, "3"),
        Happening(Kind.POLICY_CONFIRMED, NOW, "3"),
        Happening(Kind.POLICY_APPLIED, NOW - 8 * DAY, "2"),
    )
    result = summary(store, NOW)
    assert [(loss.count, loss.today) for loss in result.losses] == [(8, 3)]
    assert [h.kind for h in result.happenings] == [Kind.POLICY_CONFIRMED, Kind.POLICY_APPLIED]


def test_an_unknown_time_zone_is_utc():
    assert str(timezone_of("Mars/Olympus")) == str(timezone_of("../etc/passwd")) == "UTC"
