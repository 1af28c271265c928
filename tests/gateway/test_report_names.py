"""Names in words for a page: what is listed adds up with what is counted, the most important first."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.events import Blocked, Kind, Source
from gateway.report_names import BLOCKED_REASONS, MAX_NAMES, OTHER_REASONS, AskedDay, Asker, Hit, Names, names
from gateway.store.batch import Batch, day_in
from gateway.store.names_batch import NamesBatch
from gateway.store.writer import EventWriter
from gateway.watcher.probe import QUESTION

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAYS = [(NOON - timedelta(days=back)).date().isoformat() for back in reversed(range(7))]
RECEPTION, GUEST = Source("pc", "reception-1"), Source("guest")
LISTED, PLAIN = ("nxdomain", "listed", "malware"), ("forward", "not_listed", "")


def names_from_wire(question: bytes) -> str:
    first = question[0]
    return f"{question[1 : 1 + first].decode()}.{question[2 + first : 2 + first + question[1 + first]].decode()}"


class Past:
    """A store that is filled as the watcher does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.batch, self.events = NamesBatch(day_in(UTC), "device"), Batch(day_in(UTC))

    def asked(self, name: str, count: int, who: Source = RECEPTION, verdict=PLAIN, days_ago: int = 0) -> None:
        at = (NOON - timedelta(days=days_ago)).timestamp()
        self.batch.asked(at, who, name, verdict, f"rule of {days_ago}", count)
        self.batch.answered[self.batch.day_of(at), who.zone, verdict[0], verdict[1]] += count
        if verdict[1] in BLOCKED_REASONS:
            self.blocked(name, count, who, days_ago)

    def blocked(self, name: str, count: int, who: Source = RECEPTION, days_ago: int = 0) -> None:
        at = (NOON - timedelta(days=days_ago)).timestamp()
        self.events.blocked(Blocked(Kind.NAME_BLOCKED, at, who, name, "", "A", "list:malware", count))

    def read(self) -> Names:
        writer = EventWriter(self.path)
        writer.names(self.batch)
        writer.write(self.events)
        writer.close()
        return names(self.path, DAYS)


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "events.sqlite")


def test_an_empty_store_tells_nothing(past: Past):
    found = past.read()
    assert (found.asked, found.blocked, found.names, found.unlisted, found.within(5)) == (0, 0, (), 0, 0)
    assert found.days == tuple(AskedDay(day, 0, 0) for day in DAYS)


def test_a_name_is_told_with_who_asked_and_the_last_rule(past: Past):
    past.asked("bad.example", 5, verdict=LISTED, days_ago=3)
    past.asked("bad.example", 2, verdict=LISTED)
    past.asked("bad.example", 4, GUEST, LISTED)
    past.asked("older.example", 90, verdict=LISTED, days_ago=1)
    past.asked("long-ago.example", 90, verdict=LISTED, days_ago=9)
    found = past.read()
    bad, older = found.names
    assert (bad.name, bad.reason, bad.list, bad.rule, bad.today, bad.count) == (
        "bad.example", "listed", "malware", "rule of 0", 6, 11,
    )  # fmt: skip
    assert bad.askers == (Asker("pc", "reception-1", 7), Asker("guest", "", 4))
    assert bad.last_seen == NOON.timestamp()
    assert (older.name, older.today) == ("older.example", 0), "what is of today comes first"
    assert found.lists == (("malware", 101),)
    assert (found.blocked, found.unlisted, found.days[-1]) == (101, 0, AskedDay(DAYS[-1], 6, 6))


def test_refused_are_as_many_as_the_larger_count_says(past: Past):
    past.asked("bad.example", 5, verdict=LISTED)
    past.batch.answered[DAYS[-1], "pc", "nxdomain", "denied"] += 3
    past.blocked("bad.example", 1, days_ago=1)
    assert past.read().days[-2:] == (AskedDay(DAYS[-2], 1, 1), AskedDay(DAYS[-1], 8, 8))


def test_a_share_is_made_of_counts_of_one_moment(past: Past):
    past.blocked("bad.example", 39)
    live = past.read()
    assert (live.blocked, live.counted, live.share) == (39, False, None)
    past.batch.answered.update(
        {(DAYS[-1], "pc", "forward", "not_listed"): 90, (DAYS[-1], "pc", "nxdomain", "listed"): 10}
    )
    counted = past.read()
    assert (counted.days[-1].blocked, counted.counted, counted.share) == (78, True, 10.0), "39 more came at once"
    assert counted.days[-1].asked == 90 + 78


def test_what_the_gateway_asks_itself_is_nobodys_top_name(past: Past):
    probe = names_from_wire(QUESTION)
    past.asked(probe, 900)
    past.asked(".", 800)
    past.asked("www.example", 9)
    assert past.read().top == (("pc", (("www.example", 9),)),)


def test_one_name_with_two_reasons_is_two_stories(past: Past):
    past.asked("bad.example", 2, verdict=LISTED)
    past.asked("bad.example", 3, GUEST, ("nodata", "denied", ""))
    found = past.read()
    assert [(one.reason, one.count) for one in found.names] == [("denied", 3), ("listed", 2)]
    assert found.lists == (("", 3), ("malware", 2))


def test_what_is_counted_and_not_listed_is_told(past: Past):
    past.blocked("only-counted-so-far.example", 4)
    for number in range(MAX_NAMES + 5):
        past.asked(f"n{number}.example", 2, verdict=LISTED)
    found = past.read()
    assert (len(found.names), found.unlisted) == (MAX_NAMES, 14)
    assert found.asked >= found.blocked == 2 * MAX_NAMES + 14


def test_answers_by_reason_top_names_by_zone_and_protected_hits(past: Past):
    past.asked("www.example", 9)
    past.asked("mail.example", 3)
    past.asked("www.example", 2, GUEST)
    past.asked("health.example", 4, verdict=("forward", "protected", "malware"))
    past.asked("vendor.example", 4, verdict=("forward", "protected", ""))
    past.asked("bad.example", 1, verdict=LISTED)
    found = past.read()
    assert found.reasons == {"not_listed": 14, "protected": 8, "listed": 1}
    assert found.top[0] == ("guest", (("www.example", 2),))
    assert found.top[1][1][:2] == (("www.example", 9), ("health.example", 4))
    assert found.hits == (Hit("malware", "health.example", 4),)
    assert found.asked == 23


def test_answering_times_are_cut_and_never_promise_too_much(past: Past):
    day = DAYS[-1]
    past.batch.latency.update({(day, 1): 960, (day, 5): 19, (day, 500): 20, (day, 0): 1})
    found = past.read()
    assert found.latency == ((1, 960), (5, 19), (500, 20), (0, 1))
    assert (found.within(1), found.within(5), found.within(10_000)) == (96, 97, 99)


def test_every_reason_is_told_one_way_or_the_other():
    assert not set(BLOCKED_REASONS) & set(OTHER_REASONS)
    assert {"listed", "denied", "rebinding", "not_allowed"} < set(BLOCKED_REASONS)
