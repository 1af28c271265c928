"""What was stopped, as typed values a page can tell: today, the last seven days, by whom and why.

Theory. The store holds one row for each different thing that was tried. People think in attempts: who, towards what,
why not. So rows that share source, target and reason become one `Attempt`, and the reason is a closed enum that a page
has words for. Counts of refused packets are the kernel's own where it gave them: its log has a budget for each source,
its counters have none, and both numbers are kept so that a page can say how much it knows in detail.

May live here: reading queries over the event store and folding their rows.
May not: writing, texts for people, the clock.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.attempts import Attempt, Place, Reason, attempts_of
from gateway.events import SECONDS_A_SLOT, Happening, Kind, Label, LossCause, slot
from gateway.store.reader import read

DAYS_A_WEEK = 7
MAX_ATTEMPTS = 40
MAX_HAPPENINGS = 20
KERNEL = "kernel"

__all__ = ["Attempt", "Bar", "Lost", "Period", "Place", "Reason", "Summary", "summarize", "summary", "timezone_of"]


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
    hours, by_day = _trend(connection, moment, days)
    return Summary(
        now=moment,
        today=_period(connection, days[-1:]),
        week=_period(connection, days),
        hours=hours,
        days=by_day,
        losses=_losses(connection, days),
        happenings=_happenings(connection, now - DAYS_A_WEEK * 86400),
        labels=_labels(connection),
        facts=facts,
    )


def timezone_of(name: str) -> tzinfo:
    """The time zone of that name, UTC when there is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _period(connection: sqlite3.Connection, days: list[str]) -> Period:
    span = (days[0], days[-1])
    counted = dict(
        connection.execute(
            "SELECT kind, sum(count) FROM blocked WHERE day BETWEEN ? AND ? GROUP BY kind", span
        ).fetchall()
    )
    kernel = dict(
        connection.execute(
            "SELECT counter, sum(packets) FROM kernel_count WHERE day BETWEEN ? AND ? GROUP BY counter", span
        ).fetchall()
    )
    described = int(counted.get(Kind.PACKET_REFUSED.value, 0))
    attempts = attempts_of(connection, span, kernel)
    return Period(
        names=int(counted.get(Kind.NAME_BLOCKED.value, 0)),
        packets=max(described, sum(kernel.values())),
        packets_described=described,
        attempts=tuple(attempts[:MAX_ATTEMPTS]),
        attempts_left_out=sum(a.count for a in attempts[MAX_ATTEMPTS:]),
    )


def _trend(
    connection: sqlite3.Connection, moment: datetime, days: list[str]
) -> tuple[tuple[Bar, ...], tuple[Bar, ...]]:
    """Today by hour and the week by day, in the clinic's time. Both count a packet once: see `_bar`."""
    by_hour: defaultdict[str, Counter[str]] = defaultdict(Counter)
    by_day: defaultdict[str, Counter[str]] = defaultdict(Counter)
    start = moment.timestamp() - (DAYS_A_WEEK + 1) * 86400
    for quarter, kind, count in connection.execute(
        "SELECT slot, kind, sum(count) FROM trend WHERE slot >= ? GROUP BY slot, kind", (slot(start),)
    ):
        at = datetime.fromtimestamp(quarter * SECONDS_A_SLOT, moment.tzinfo)
        by_day[at.date().isoformat()][kind] += count
        if at.date() == moment.date():
            by_hour[str(at.hour)][kind] += count
    return _bars((str(hour) for hour in range(24)), by_hour), _bars(days, by_day)


def _bars(labels: Iterable[str], counts: dict[str, Counter[str]]) -> tuple[Bar, ...]:
    return tuple(_bar(label, counts.get(label, Counter())) for label in labels)


def _bar(label: str, counts: Counter[str]) -> Bar:
    return Bar(label, max(counts[Kind.PACKET_REFUSED.value], counts[KERNEL]), counts[Kind.NAME_BLOCKED.value])


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
