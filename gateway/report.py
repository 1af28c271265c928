"""What the owner's page tells of the past, as typed values: above all what was stopped, by whom and why.

Theory. The store holds one row for each different thing that was tried. People think in attempts: who, towards what,
why not. So rows that share source, target and reason become one `Attempt`, and the reason is a closed enum that a page
has words for. Counts of refused packets are the kernel's own where it gave them: its log has a budget for each source,
its counters have none, and both numbers are kept so that a page can say how much it knows in detail.

May live here: reading queries over the event store and folding their rows.
May not: writing, texts for people, the clock.
"""

import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.applied import SiteUnreadableError, applied_site
from gateway.attempts import Attempt, Place, Reason, attempts_of
from gateway.events import SECONDS_A_SLOT, Happening, Kind, Label, LossCause, slot
from gateway.report_lists import ListFacts, lists_of
from gateway.report_names import BLOCKED_REASONS, OTHER_REASONS, BlockedName, Names, names
from gateway.report_through import Passed, Through, through
from gateway.store.reader import read

DAYS_A_WEEK = 7
MAX_ATTEMPTS = 40
MAX_HAPPENINGS = 20
KERNEL = "kernel"

__all__ = [  # with what a page needs besides: the values inside, and the applied site's addresses
    "BLOCKED_REASONS",
    "OTHER_REASONS",
    "Attempt",
    "Bar",
    "BlockedName",
    "ListFacts",
    "Lost",
    "Names",
    "Passed",
    "Period",
    "Place",
    "Reason",
    "SiteUnreadableError",
    "Summary",
    "Through",
    "applied_site",
    "lists_of",
    "names",
    "summarize",
    "summary",
    "timezone_of",
]


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a week. `packets` is the kernel's count where it is known, `packets_described` what the rows hold."""

    names: int
    packets: int
    packets_described: int
    attempts: tuple[Attempt, ...]
    attempts_left_out: int

    @property
    def total(self) -> int:
        return self.names + self.packets


@dataclass(frozen=True, slots=True)
class Bar:
    """One column of the picture: `label` is an hour (0 to 23) or a day (YYYY-MM-DD)."""

    label: str
    packets: int
    names: int

    @property
    def total(self) -> int:
        return self.packets + self.names


@dataclass(frozen=True, slots=True)
class Lost:
    """Records (or times, see LossCause) missing in the week."""

    cause: LossCause
    count: int
    today: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything the owner's page tells about the past."""

    now: datetime
    today: Period
    week: Period
    hours: tuple[Bar, ...]
    days: tuple[Bar, ...]
    losses: tuple[Lost, ...]
    happenings: tuple[Happening, ...]
    labels: dict[tuple[str, str], Label] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    through: Through = field(default_factory=Through)

    def label(self, type_: str, id_: str) -> Label | None:
        return self.labels.get((type_, id_))


def summary(path: Path, now: float) -> Summary:
    """The summary at `now` (epoch seconds), in the clinic's time zone. Raises StoreUnavailableError."""
    return read(path, lambda connection: summarize(connection, now))


def summarize(connection: sqlite3.Connection, now: float) -> Summary:
    """As `summary`, over an open connection."""
    facts = {str(name): str(value) for name, value in connection.execute("SELECT name, value FROM fact")}
    zone = timezone_of(facts.get("timezone", ""))
    moment = datetime.fromtimestamp(now, zone)
    days = [(moment.date() - timedelta(days=back)).isoformat() for back in reversed(range(DAYS_A_WEEK))]
    counts = {day: _day(connection, day) for day in days}
    labels = _labels(connection)
    return Summary(
        now=moment,
        today=_period(connection, counts, days[-1:]),
        week=_period(connection, counts, days),
        hours=_hours(connection, moment, counts[days[-1]]),
        days=tuple(Bar(day, counts[day].packets, counts[day].names) for day in days),
        losses=_losses(connection, days),
        happenings=_happenings(connection, now - DAYS_A_WEEK * 86400),
        labels=labels,
        facts=facts,
        through=through(connection, days, labels),
    )


def timezone_of(name: str) -> tzinfo:
    """The time zone of that name, UTC when there is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class _Day:
    """One day's counts: packets as the kernel counted them and as they were described, and names."""

    kernel: int
    described: int
    names: int

    @property
    def packets(self) -> int:
        return max(self.kernel, self.described)


def _day(connection: sqlite3.Connection, day: str) -> _Day:
    counted = dict(
        connection.execute("SELECT kind, sum(count) FROM blocked WHERE day = ? GROUP BY kind", (day,)).fetchall()
    )
    kernel = connection.execute("SELECT coalesce(sum(packets), 0) FROM kernel_count WHERE day = ?", (day,)).fetchone()[
        0
    ]
    return _Day(int(kernel), counted.get(Kind.PACKET_REFUSED.value, 0), counted.get(Kind.NAME_BLOCKED.value, 0))


def _period(connection: sqlite3.Connection, counts: dict[str, _Day], days: list[str]) -> Period:
    span = (days[0], days[-1])
    kernel = connection.execute(
        "SELECT counter, sum(packets) FROM kernel_count WHERE day BETWEEN ? AND ? GROUP BY counter", span
    )
    attempts = attempts_of(connection, span, dict(kernel.fetchall()))
    return Period(
        names=sum(counts[day].names for day in days),
        packets=sum(counts[day].packets for day in days),
        packets_described=sum(counts[day].described for day in days),
        attempts=tuple(attempts[:MAX_ATTEMPTS]),
        attempts_left_out=sum(a.count for a in attempts[MAX_ATTEMPTS:]),
    )


def _hours(connection: sqlite3.Connection, moment: datetime, today: _Day) -> tuple[Bar, ...]:
    """Today by hour of the clinic's clock: one of the two series of packets, so that nothing counts twice."""
    series = KERNEL if today.kernel > today.described else Kind.PACKET_REFUSED.value
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for quarter, kind, count in connection.execute(
        "SELECT slot, kind, sum(count) FROM trend WHERE slot >= ? GROUP BY slot, kind",
        (slot(moment.timestamp() - 26 * 3600),),  # the longest day there is has 25 hours
    ):
        at = datetime.fromtimestamp(quarter * SECONDS_A_SLOT, moment.tzinfo)
        if at.date() == moment.date():
            counts[at.hour][kind] += count
    names = Kind.NAME_BLOCKED.value
    return tuple(Bar(str(hour), counts[hour][series], counts[hour][names]) for hour in range(24))


def _losses(connection: sqlite3.Connection, days: list[str]) -> tuple[Lost, ...]:
    rows = connection.execute(
        "SELECT cause, sum(count), sum(CASE WHEN day = ? THEN count ELSE 0 END) FROM loss"
        " WHERE day BETWEEN ? AND ? GROUP BY cause ORDER BY cause",
        (days[-1], days[0], days[-1]),
    )
    known = {cause.value for cause in LossCause}
    return tuple(Lost(LossCause(cause), int(count), int(today)) for cause, count, today in rows if cause in known)


def _happenings(connection: sqlite3.Connection, since: float) -> tuple[Happening, ...]:
    rows = connection.execute(
        "SELECT kind, at, subject, actor, detail FROM happening WHERE at >= ? ORDER BY at DESC, id DESC LIMIT ?",
        (since, MAX_HAPPENINGS),
    )
    known = {kind.value for kind in Kind}
    return tuple(Happening(Kind(kind), at, *texts) for kind, at, *texts in rows if kind in known)


def _labels(connection: sqlite3.Connection) -> dict[tuple[str, str], Label]:
    return {
        (str(type_), str(id_)): Label(type_, id_, label, role, zone)
        for type_, id_, label, role, zone in connection.execute("SELECT type, id, label, role, zone FROM label")
    }
