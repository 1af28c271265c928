"""Names that a person allowed for a while: kept on disk, told to the resolver, over when the time is.

An allowance ends when either clock says so. The boot clock, which nobody can set, counts its length; after another boot
only the wall clock is left, and when that stands before the begin, nobody knows how much time has passed: it is over.

May live here: the list, its file, its ends. May not: roles, what it does to an answer (filters/dns_policy.py).
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway import durable
from gateway.enforcer.clock import Moment

MAX_ALLOWANCES = 100
USUAL_MINUTES, LONGEST_MINUTES = 60.0, 1440.0
MAX_NAME = 253
# What filters.names takes (this process may not import it), with a dot: a whole top-level domain is not one name.
_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9.]+")


@dataclass(frozen=True, slots=True)
class Allowance:
    """`name` and all below it, for one `zone` or one `device`; neither: for everybody.

    `since` and `until` in seconds since 1970, `boot` in seconds since the boot called `boot_id`.
    """

    id: int
    name: str
    zone: str
    device: str
    reason: str
    actor: str
    since: float
    until: float
    boot: float
    boot_id: str

    @property
    def whom(self) -> str:
        """In words."""
        return f"device {self.device}" if self.device else f"zone {self.zone}" if self.zone else "every zone"

    def left(self, now: Moment) -> float:
        """Seconds until it ends; 0 or less: it has ended."""
        if now.boot_id == self.boot_id:
            return min(self.until - now.wall, self.boot + self.until - self.since - now.boot)
        return self.until - now.wall if now.wall >= self.since else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For the wire: `zone` or `device` stands there when it is for one."""
        aim = {name: value for name, value in (("zone", self.zone), ("device", self.device)) if value}
        told = {"id": self.id, "name": self.name, **aim, "reason": self.reason, "actor": self.actor}
        return {**told, "from": round(self.since, 3), "until": round(self.until, 3)}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants allowed; `seconds` is how long."""

    name: str
    zone: str
    device: str
    seconds: float
    reason: str
    actor: str


class FullError(Exception):
    """MAX_ALLOWANCES hold already."""


def is_name(text: str) -> bool:
    """Whether `text` is a host name of two labels at least, in ASCII and lower case, without the final dot."""
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None and _NUMBER.fullmatch(text) is None


class Allowances:
    """The list. Every change is on the disk before it counts. Safe for several threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._records, self._next = read(file)

    def in_force(self, now: Moment) -> tuple[Allowance, ...]:
        """The oldest first."""
        return tuple(one for one in self._records if one.left(now) > 0)

    def add(self, wish: Wish, now: Moment) -> tuple[Allowance, tuple[Allowance, ...]]:
        """A new one, and those it stands in for: of the same name for the same. Raises FullError, OSError."""
        with self._lock:
            until = now.wall + wish.seconds
            made = Allowance(
                self._next, wish.name, wish.zone, wish.device, wish.reason, wish.actor,
                now.wall, until, now.boot, now.boot_id,
            )  # fmt: skip
            same = tuple(r for r in self._records if (r.name, r.zone, r.device) == (made.name, made.zone, made.device))
            rest = [record for record in self._records if record not in same]
            if len(rest) >= MAX_ALLOWANCES:
                raise FullError
            self._save([*rest, made], self._next + 1)
            return made, same

    def remove(self, number: int) -> Allowance | None:
        """Take one back; None: there is none of that number. Raises OSError."""
        with self._lock:
            found = next((record for record in self._records if record.id == number), None)
            if found is not None:
                self._save([record for record in self._records if record is not found], self._next)
            return found

    def drop_ended(self, now: Moment) -> list[Allowance]:
        """Forget what is over; answer: that. Raises OSError, and then it is told again the next time."""
        with self._lock:
            ended = [record for record in self._records if record.left(now) <= 0]
            if ended:
                self._save([record for record in self._records if record not in ended], self._next)
            return ended

    def _save(self, records: Sequence[Allowance], following: int) -> None:
        durable.write_json(self._file, {"next": following, "allowances": [asdict(record) for record in records]})
        self._records, self._next = tuple(records), following


def read(file: Path) -> tuple[tuple[Allowance, ...], int]:
    """The list on disk and the next number. What cannot be read is left out: then a name is blocked again, no more."""
    values = durable.read_json(file) or {}
    rows = values.get("allowances")
    found = [_record(row) for row in (rows if isinstance(rows, list) else [])[: MAX_ALLOWANCES + 1]]
    records = tuple(record for record in found if record is not None)
    following = values.get("next")
    known = following if isinstance(following, int) and not isinstance(following, bool) else 1
    return records, max([known, *(record.id + 1 for record in records)])


def _record(row: Any) -> Allowance | None:
    kinds: dict[str, type | tuple[type, ...]] = dict.fromkeys(Allowance.__slots__, str)
    kinds |= {"id": int, **dict.fromkeys(("since", "until", "boot"), (int, float))}
    if not isinstance(row, dict) or row.keys() != kinds.keys():
        return None
    if any(isinstance(value, bool) or not isinstance(value, kinds[name]) for name, value in row.items()):
        return None
    sound = row["id"] > 0 and is_name(row["name"]) and 0 < row["until"] - row["since"] <= LONGEST_MINUTES * 60
    return Allowance(**row) if sound else None
