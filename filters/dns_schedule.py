"""Hours of the week as minutes of the clinic's own clock, and which schedules are on at a moment.

A minute of the week counts from Monday 00:00 of the clinic's time zone; the gateway computes it, because only it has a
clock and the zone's rules (summer time included).

May live here: this arithmetic. May not: the clock, time zones, what a schedule changes (dns_rules.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DAY = 1440  # minutes
WEEK = 7 * DAY
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Moment:
    """`minute` of the week (0..10079, Monday 00:00 local is 0), `epoch` seconds since 1970 for what ends once."""

    minute: int = 0
    epoch: float = 0.0


@dataclass(frozen=True, slots=True)
class Hours:
    """Half-open spans of minutes of the week."""

    spans: tuple[tuple[int, int], ...]

    def on(self, minute: int) -> bool:
        return any(start <= minute < end for start, end in self.spans)


def hours(days: Iterable[str], begin: str, end: str) -> Hours:
    """`days` of DAYS on which it begins, `begin` and `end` as HH:MM; an end at or before the begin is the next day's.

    So 08:00 to 08:00 is a whole day. Raises ValueError for other words.
    """
    first, last = _minute(begin), _minute(end)
    length = (last - first - 1) % DAY + 1
    spans: list[tuple[int, int]] = []
    for day in days:
        start = DAYS.index(day) * DAY + first
        stop = start + length
        spans.append((start, min(stop, WEEK)))
        if stop > WEEK:  # Sunday night goes on on Monday
            spans.append((0, stop - WEEK))
    return Hours(tuple(sorted(spans)))


def active(schedules: Mapping[str, Hours], minute: int) -> frozenset[str]:
    """The schedules that are on."""
    return frozenset(name for name, one in schedules.items() if one.on(minute))


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)
