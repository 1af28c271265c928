"""What was asked of the name server and what it refused, as typed values: by name, with who, which list and why.

Theory. How many names were refused is counted as events, each at once; which ones and for whom stands in the query log,
which is written once a minute, only as fine as the site's switch allows, and for as long as the site says. So a total
may be larger than what is listed, never smaller, and the difference is told. How many were asked in all is counted once
a minute too: a share is made of counts of one moment only.

May live here: reading queries over those tables and the folding. May not: writing, texts for people, the clock.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filters.verdict import BLOCKING
from filters.verdict import Reason as Verdict
from gateway.events import Kind
from gateway.store.reader import read

MAX_NAMES, MAX_TOP, MAX_ASKERS = 60, 8, 12
NOBODYS = frozenset((".", "clinicgate-probe.invalid"))  # the root, and what the watcher asks to see the resolver alive
BLOCKED_REASONS = tuple(reason.value for reason in Verdict if reason in BLOCKING)
OTHER_REASONS = tuple(reason.value for reason in Verdict if reason not in BLOCKING)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked: ids of the site. `source` is empty where only the zone may be told."""

    zone: str
    source: str
    count: int


@dataclass(frozen=True, slots=True)
class BlockedName:
    """One name that was refused for one reason in the span; `rule`: what the rule behind it said last."""

    name: str
    reason: str
    list: str
    rule: str
    today: int
    count: int
    last_seen: float
    askers: tuple[Asker, ...]


@dataclass(frozen=True, slots=True)
class AskedDay:
    """One day: questions in all, and how many of them were refused."""

    day: str
    asked: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A list that names something which must never be blocked; it was answered all the same."""

    list: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Names:
    """The last days, the last of which is today. `unlisted`: refused, but not (yet, or any more) listed by name.

    `latency`: (within so many ms, 0 for longer, answers), in order. `reasons` counts every answer, `lists` refused
    ones (empty: no list, but the site's own rules). `top`: by zone, the names asked for most that were answered.
    """

    days: tuple[AskedDay, ...] = ()
    names: tuple[BlockedName, ...] = ()
    unlisted: int = 0
    lists: tuple[tuple[str, int], ...] = ()
    reasons: dict[str, int] = field(default_factory=dict)
    latency: tuple[tuple[int, int], ...] = ()
    top: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    hits: tuple[Hit, ...] = ()

    @property
    def asked(self) -> int:
        return sum(day.asked for day in self.days)

    @property
    def blocked(self) -> int:
        return sum(day.blocked for day in self.days)

    @property
    def counted(self) -> bool:
        """Whether it is known yet how many were asked in all; until then `asked` are only the refused."""
        return any(self.reasons.values())

    @property
    def share(self) -> float | None:
        """Percent of the questions that were refused, both as last counted; None before that."""
        total = sum(self.reasons.values())
        refused = sum(count for reason, count in self.reasons.items() if reason in BLOCKED_REASONS)
        return 100 * refused / total if total else None

    def within(self, milliseconds: int) -> int:
        """Percent of answers that took no longer, cut and not rounded up; 0 without any answer."""
        total = sum(count for _, count in self.latency)
        good = sum(count for bound, count in self.latency if 0 < bound <= milliseconds)
        return 100 * good // total if total else 0


def names(path: Path, days: Sequence[str]) -> Names:
    """The names of those days (YYYY-MM-DD, in order). Raises StoreUnavailableError."""
    return read(path, lambda connection: names_of(connection, days))


def names_of(connection: sqlite3.Connection, days: Sequence[str]) -> Names:
    """As `names`, over an open connection."""
    span = days[0], days[-1]
    by_day = _by_day(connection, days)
    found, listed = _blocked(connection, span)
    return Names(
        days=by_day,
        names=tuple(found[:MAX_NAMES]),
        unlisted=max(0, sum(day.blocked for day in by_day) - sum(one.count for one in found[:MAX_NAMES])),
        lists=tuple(listed.most_common()),
        reasons=_reasons(connection, span),
        latency=_latency(connection, span),
        top=_top(connection, span),
        hits=_hits(connection, span),
    )


Span = tuple[str, str]


def _by_day(connection: sqlite3.Connection, days: Sequence[str]) -> tuple[AskedDay, ...]:
    """Refused are as many as either of the two counts says: one comes at once, the other once a minute.

    What was refused since then was asked as well.
    """
    span = days[0], days[-1]
    asked, refused, events = Counter[str](), Counter[str](), Counter[str]()
    for day, reason, count in connection.execute(
        "SELECT day, reason, sum(count) FROM dns_answered WHERE day BETWEEN ? AND ? GROUP BY day, reason", span
    ):
        asked[day] += count
        refused[day] += count if reason in BLOCKED_REASONS else 0
    for day, count in connection.execute(
        "SELECT day, sum(count) FROM blocked WHERE kind = ? AND day BETWEEN ? AND ? GROUP BY day",
        (Kind.NAME_BLOCKED.value, *span),
    ):
        events[day] = count
    newer = {day: max(0, events[day] - refused[day]) for day in days}
    return tuple(AskedDay(day, asked[day] + newer[day], refused[day] + newer[day]) for day in days)


@dataclass(slots=True)
class _Gathering:
    """A refused name while its rows come in."""

    rule: str = ""
    today: int = 0
    count: int = 0
    last_seen: float = 0.0
    askers: Counter[tuple[str, str]] = field(default_factory=Counter)


def _blocked(connection: sqlite3.Connection, span: Span) -> tuple[list[BlockedName], Counter[str]]:
    """Refused names, today's first and then the most frequent; and how often each list was the reason."""
    found: defaultdict[tuple[str, str, str], _Gathering] = defaultdict(_Gathering)
    listed: Counter[str] = Counter()
    for day, zone, source, name, reason, list_, rule, count, last in connection.execute(
        "SELECT day, zone, source, name, reason, list, rule, count, last_seen FROM dns_name"
        " WHERE day BETWEEN ? AND ? AND name <> ''",
        span,
    ):
        if reason not in BLOCKED_REASONS:
            continue
        one = found[name, reason, list_]
        one.count += count
        one.today += count if day == span[1] else 0
        one.askers[zone, source] += count
        if last >= one.last_seen:
            one.last_seen, one.rule = last, rule
        listed[list_] += count
    made = [
        BlockedName(
            *key, one.rule, one.today, one.count, one.last_seen,
            tuple(Asker(*who, count) for who, count in one.askers.most_common(MAX_ASKERS)),
        )
        for key, one in found.items()
    ]  # fmt: skip
    return sorted(made, key=lambda one: (one.today == 0, -one.count, one.name)), +listed


def _reasons(connection: sqlite3.Connection, span: Span) -> dict[str, int]:
    rows = connection.execute(
        "SELECT reason, sum(count) FROM dns_answered WHERE day BETWEEN ? AND ? GROUP BY reason", span
    )
    return {str(reason): int(count) for reason, count in rows}


def _latency(connection: sqlite3.Connection, span: Span) -> tuple[tuple[int, int], ...]:
    rows = connection.execute(
        "SELECT within_ms, sum(count) FROM dns_latency WHERE day BETWEEN ? AND ? GROUP BY within_ms"
        " ORDER BY within_ms = 0, within_ms",
        span,
    )
    return tuple((int(within), int(count)) for within, count in rows)


def _top(connection: sqlite3.Connection, span: Span) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    asked: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for zone, name, reason, count in connection.execute(
        "SELECT zone, name, reason, sum(count) FROM dns_name WHERE day BETWEEN ? AND ? AND name <> ''"
        " GROUP BY zone, name, reason",
        span,
    ):
        if reason not in BLOCKED_REASONS and name not in NOBODYS:
            asked[zone][name] += count
    return tuple((zone, tuple(asked[zone].most_common(MAX_TOP))) for zone in sorted(asked))


def _hits(connection: sqlite3.Connection, span: Span) -> tuple[Hit, ...]:
    rows = connection.execute(
        "SELECT list, name, sum(count) FROM dns_name WHERE day BETWEEN ? AND ? AND reason = ? AND list <> ''"
        " AND name <> '' GROUP BY list, name ORDER BY sum(count) DESC, name LIMIT ?",
        (*span, Verdict.PROTECTED.value, MAX_TOP),
    )
    return tuple(Hit(str(list_), str(name), int(count)) for list_, name, count in rows)
