"""A batch folds equal events, is bounded whatever comes, and counts what it gives up."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.events import Blocked, Happening, Kind, Loss, LossCause, Source
from gateway.store.batch import MAX_HAPPENINGS, MAX_ROWS, Batch, Tally, day_in

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
CAMERA = Source("cam", "camera-1")


def refused(destination: str = "198.51.100.7", at: float = NOON, count: int = 1) -> Blocked:
    return Blocked(Kind.PACKET_REFUSED, at, CAMERA, destination, "internet", "tcp/443", "core:refused:cam", count)


def batch(*events: Blocked) -> Batch:
    result = Batch(day_in(UTC))
    for event in events:
        result.blocked(event)
    return result


def test_equal_events_are_one_row_that_knows_when():
    folded = batch(refused(at=NOON + 5, count=2), refused(at=NOON), refused(at=NOON + 900))
    assert list(folded.rows.values()) == [Tally(4, NOON, NOON + 900)]
    assert sorted(folded.trend.values()) == [1, 3]


def test_the_day_is_the_clinics_own():
    japan = Batch(day_in(ZoneInfo("Asia/Tokyo")))
    japan.blocked(refused(at=datetime(2026, 11, 22, 15, 30, tzinfo=UTC).timestamp()))
    assert [key.day for key in japan.rows] == ["2026-11-23"]


def test_a_batch_is_bounded_and_still_counts():
    full = batch(*[refused(f"2001:db8::{n:x}") for n in range(MAX_ROWS + 500)])
    assert len(full.rows) == MAX_ROWS + 1
    assert sum(tally.count for tally in full.rows.values()) == MAX_ROWS + 500
    for _ in range(MAX_HAPPENINGS + 3):
        full.happened(Happening(Kind.POLICY_APPLIED, NOON))
    assert full.losses["2026-11-22", LossCause.BATCH_FULL].count == 3


def test_nothing_is_nothing():
    empty = batch(refused(count=0), refused(count=-3))
    empty.lost(Loss(LossCause.KERNEL_GAP, NOON, 0))
    assert not empty
    assert empty.trend == {}


def test_anything_is_something():
    lost, happened = batch(), batch()
    lost.lost(Loss(LossCause.KERNEL_GAP, NOON))
    happened.happened(Happening(Kind.POLICY_APPLIED, NOON))
    assert [bool(each) for each in (lost, happened, batch(refused()))] == [True] * 3


def test_what_is_unprintable_or_long_does_not_make_rows_apart_from_its_clean_form():
    folded = batch(refused("a\x00" * 300), refused("a\x01" * 400))
    ((key, tally),) = folded.rows.items()
    assert (len(key.destination), tally.count) == (255, 2)
