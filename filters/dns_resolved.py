"""Which addresses the clients of a zone got as answers, for the watcher: who talks to others never asked here.

By zone, not by client: the fast path answers a whole view from one table, and it is filled only after an answer that
came by here. An address is told once when it is new, and again every RETELL seconds while an answer with it may still
be given, so that a watcher that begins, or misses a report, knows everything after that time. Bounded: the address that
was answered longest ago gives way.

May live here: this table. May not: sending it, the clock (`now` is an argument, in seconds of one clock).
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address
MAX_ADDRESSES = 16_384
RETELL = 600.0
Key = tuple[str, Address]


class Resolved:
    """`add` what was answered, `take` what is to be told."""

    def __init__(self, size: int = MAX_ADDRESSES) -> None:
        self._size = size
        self._until: dict[Key, float] = {}  # how long an answer with it may be given; the latest last
        self._new: dict[Key, None] = {}
        self._told: dict[Key, float] = {}  # in the order told
        self.forgotten = 0  # addresses that gave way before they were told

    def add(self, zone: str, addresses: Iterable[Address], until: float) -> None:
        """An answer with these addresses, which may be given until then."""
        for address in addresses:
            key = zone, address
            before = self._until.pop(key, None)
            if before is None:
                self._new[key] = None
            self._until[key] = until if before is None else max(before, until)
        while len(self._until) > self._size:
            oldest = next(iter(self._until))
            del self._until[oldest]
            self._told.pop(oldest, None)
            if self._new.pop(oldest, 0) is None:
                self.forgotten += 1

    def take(self, now: float, limit: int) -> list[Key]:
        """At most `limit` (zone, address): new ones first, then those told long ago that still may be given."""
        taken = [key for key, _ in zip(self._new, range(limit), strict=False)]
        for key in taken:
            del self._new[key]
            self._told[key] = now
        while len(taken) < limit and self._told:
            key = next(iter(self._told))
            if self._told[key] + RETELL > now:
                break
            del self._told[key]
            if self._until[key] > now:
                taken.append(key)
                self._told[key] = now
            else:
                del self._until[key]
        return taken
