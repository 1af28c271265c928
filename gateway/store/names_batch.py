"""What was asked of the name server since the last write, folded in memory and no finer than the site's switch allows.

`off`: no name and nobody. `zone`: names, by zone. `device`: also who, except where nobody may be told apart (the
watcher's Directory leaves that name empty). The resolver is told the same switch; here is where it is made sure.

May live here: the folding, the bounds of one batch, that switch. May not: SQL, the clock, sockets.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from gateway.events import Loss, LossCause, Source, clean
from gateway.store.batch import DayOf

MAX_NAMES = 8000
Detail = Literal["off", "zone", "device"]
DETAILS: tuple[Detail, ...] = ("off", "zone", "device")


class NameKey(NamedTuple):
    """What two questions must share to be one row. Texts are already clean and short."""

    day: str
    zone: str
    source: str
    name: str
    action: str
    reason: str
    list: str

    def others(self) -> "NameKey":
        """The row that takes what finds no row of its own."""
        return self._replace(source="", name="", list="")


@dataclass(slots=True)
class Asked:
    """How often, between when (epoch seconds), and what the rule behind it said last."""

    count: int
    first_seen: float
    last_seen: float
    rule: str


@dataclass(slots=True)
class NamesBatch:
    """Waits for one transaction a minute; it never grows beyond its bounds."""

    day_of: DayOf
    detail: Detail = "zone"
    names: dict[NameKey, Asked] = field(default_factory=dict)
    answered: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)  # day, zone, action, reason
    listed: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # day, zone, list
    latency: Counter[tuple[str, int]] = field(default_factory=Counter)  # day, within so many ms
    clients: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # day, zone, source

    def __bool__(self) -> bool:
        return bool(self.names or self.answered or self.listed or self.latency or self.clients)

    def fresh(self) -> "NamesBatch":
        """An empty one that goes on by the same rules."""
        return NamesBatch(self.day_of, self.detail)

    def known_as(self, source: Source, name: str) -> tuple[Source, str]:
        """Who and what may be written down."""
        if self.detail == "off":
            return Source(source.zone), ""
        return (source if self.detail == "device" else Source(source.zone)), name

    def asked(
        self, at: float, source: Source, name: str, verdict: tuple[str, str, str], rule: str, count: int
    ) -> Loss | None:
        """Count questions for one name; `verdict` is action, reason, list. A loss when it is told without its name."""
        if self.detail == "off" or count <= 0:
            return None
        source, name = self.known_as(source, name)
        action, reason, list_ = verdict
        key = NameKey(
            self.day_of(at),
            clean(source.zone, 64),
            clean(source.name, 64),
            clean(name),
            clean(action, 32),
            clean(reason, 32),
            clean(list_, 64),
        )
        full = key not in self.names and len(self.names) >= MAX_NAMES
        key = key.others() if full else key
        known = self.names.get(key)
        if known is None:
            self.names[key] = Asked(count, at, at, clean(rule))
        else:
            known.count += count
            known.first_seen, known.last_seen = min(known.first_seen, at), max(known.last_seen, at)
        return Loss(LossCause.LOG_FULL, at, count) if full else None

    def client(self, at: float, source: Source, count: int) -> None:
        """Count a device's questions, whatever they were."""
        if self.detail == "device" and source.name and count > 0:
            self.clients[self.day_of(at), clean(source.zone, 64), clean(source.name, 64)] += count
