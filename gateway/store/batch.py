"""What happened since the last write, folded in memory: bounded whatever comes, and mergeable after a failed write.

May live here: the row key, the folding, the bounds of one batch. May not: SQL, the clock, sockets.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import TypeVar

from gateway.events import Blocked, Happening, Loss, LossCause, clean, slot

MAX_ROWS = 4000
MAX_HAPPENINGS = 200

DayOf = Callable[[float], str]
K = TypeVar("K")


def day_in(zone: tzinfo) -> DayOf:
    """A function from epoch seconds to the calendar day `YYYY-MM-DD` in the clinic's time zone."""
    return lambda at: datetime.fromtimestamp(at, zone).date().isoformat()


@dataclass(frozen=True, slots=True)
class RowKey:
    """What two blocked attempts must share to be one row. Texts are already clean and short."""

    day: str
    kind: str
    zone: str
    source: str
    destination: str
    target: str
    service: str
    rule: str

    def others_of_source(self) -> "RowKey":
        """The row that takes what one busy source tries beyond its share."""
        return replace(self, destination="", service="", rule="")

    def others(self) -> "RowKey":
        """The row that takes what all sources of a zone try beyond the day's share."""
        return replace(self, source="", destination="", target="", service="", rule="")


@dataclass(slots=True)
class Tally:
    """How often, and between when (epoch seconds)."""

    count: int
    first_seen: float
    last_seen: float

    def add(self, other: "Tally") -> None:
        self.count += other.count
        self.first_seen = min(self.first_seen, other.first_seen)
        self.last_seen = max(self.last_seen, other.last_seen)


@dataclass(slots=True)
class Batch:
    """Events waiting for one transaction. It never grows beyond its bounds: what is too much is folded or counted."""

    day_of: DayOf
    rows: dict[RowKey, Tally] = field(default_factory=dict)
    trend: dict[tuple[int, str, str], int] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    losses: dict[tuple[str, LossCause], Tally] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.rows or self.happenings or self.losses)

    def blocked(self, event: Blocked) -> None:
        """Count one blocked attempt (or `event.count` of them)."""
        if event.count <= 0:
            return
        key = RowKey(
            self.day_of(event.at),
            event.kind.value,
            clean(event.source.zone, 64),
            clean(event.source.name, 64),
            clean(event.destination),
            clean(event.target, 64),
            clean(event.service, 64),
            clean(event.rule, 128),
        )
        if key not in self.rows and len(self.rows) >= MAX_ROWS:
            key = key.others()
        _fold(self.rows, key, Tally(event.count, event.at, event.at))
        quarter = (slot(event.at), key.kind, key.zone)
        self.trend[quarter] = self.trend.get(quarter, 0) + event.count

    def happened(self, event: Happening) -> None:
        """Keep one rare event; beyond the bound it becomes a counted loss."""
        if len(self.happenings) >= MAX_HAPPENINGS:
            self.lost(Loss(LossCause.BATCH_FULL, event.at))
        else:
            self.happenings.append(event)

    def lost(self, loss: Loss) -> None:
        """Count what could not be seen or kept."""
        if loss.count > 0:
            _fold(self.losses, (self.day_of(loss.at), loss.cause), Tally(loss.count, loss.at, loss.at))


def _fold(into: dict[K, Tally], key: K, tally: Tally) -> None:
    known = into.get(key)
    if known is None:
        into[key] = tally
    else:
        known.add(tally)
