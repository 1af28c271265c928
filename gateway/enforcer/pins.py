"""Pins: addresses a client learned from our resolver for a pinned name, in the kernel before the answer leaves.

May live here: checking and setting pins, and remembering which are set so that one can be renewed. May not: DNS.
"""

import errno
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from gateway.enforcer.addresses import Ranges
from gateway.enforcer.elements import Change, Element, Elements, pair_key
from gateway.neighbours import Neighbour
from gateway.netlink import NetlinkError
from gateway.wire import BUSY, CommandRefused
from ruleset.compile_parts import PIN4, PIN6
from ruleset.resolved import ResolvedSite

Address = IPv4Address | IPv6Address
Pair = tuple[Address, Address]
SHORTEST, LONGEST = 60, 86_400  # seconds; clients keep using an address a little longer than its TTL says
MOST = 60_000
NEIGHBOURS_FOR = 5.0  # seconds a reading of the neighbour table is good for
MOST_ADDRESSES = 16  # of one device: a device that invents thousands gets pins for its first ones
NO_MAC = "00:00:00:00:00:00"


@dataclass(frozen=True, slots=True)
class Pinned:
    """Pairs now in the kernel, and addresses that were refused: special-purpose, the clinic's own, or without a client
    address of their family."""

    pairs: int
    refused: tuple[Address, ...]


class Pins:
    """Safe for several threads. `seen` lists the neighbour table (to find a client's addresses of the other family)."""

    def __init__(self, elements: Elements, seen: Callable[[ResolvedSite | None], Iterable[Neighbour]]) -> None:
        self._elements, self._seen = elements, seen
        self._lock = threading.Lock()
        self._until: dict[Pair, float] = {}
        self._clients: dict[Address, tuple[Address, ...]] = {}
        self._clients_at = float("-inf")
        self._site: ResolvedSite | None = None
        self._inside: dict[int, Ranges] = {}

    def restore(self, site: ResolvedSite | None, inside: dict[int, Ranges]) -> None:
        """A new policy: its hosts tell which addresses belong together, `inside` what is never pinned."""
        with self._lock:
            self._site, self._inside = site, inside
            self._clients_at = float("-inf")

    def forget(self) -> None:
        """The sets were emptied: nothing is set any more."""
        with self._lock:
            self._until.clear()

    def count(self) -> int:
        now = time.monotonic()
        return sum(until > now for until in list(self._until.values()))

    def pin(self, client: Address, addresses: Sequence[Address], ttl: int) -> Pinned:
        """Let `client` reach `addresses` for `ttl` seconds (bounded). Raises NetlinkError, CommandRefused when full."""
        with self._lock:
            allowed = [a for a in addresses if not self._inside[a.version].overlaps(int(a), int(a))]
            pairs = [(one, a) for a in allowed for one in self._of(client) if one.version == a.version]
            lasting = min(max(ttl, SHORTEST), LONGEST)
            if len(self._until) + len(pairs) > MOST:
                self._forget_expired()
            self._set(pairs, lasting)
            until = time.monotonic() + lasting
            self._until.update(dict.fromkeys(pairs, until))
            placed = {address for _, address in pairs}
            return Pinned(len(pairs), tuple(a for a in addresses if a not in placed))

    def _set(self, pairs: list[Pair], lasting: int) -> None:
        """A kernel before Linux 6.12 does not renew an element that is there: so delete and add, in one transaction."""
        now = time.monotonic()
        known = [pair for pair in pairs if self._until.get(pair, 0.0) > now]
        try:
            self._elements.apply([*_changes(known, 0, delete=True), *_changes(pairs, lasting)])
        except NetlinkError as error:
            if error.errno == errno.ENFILE:
                raise CommandRefused(BUSY, "the set of pins is full", "it empties as pins expire") from None
            if error.errno != errno.ENOENT or not known:
                raise
            self._elements.apply(_changes(pairs, lasting))  # a known pin expired between our clock and the kernel's

    def _of(self, client: Address) -> tuple[Address, ...]:
        """Every address of the client's device, the asking one first."""
        if time.monotonic() - self._clients_at > NEIGHBOURS_FOR or client not in self._clients:
            self._clients, self._clients_at = self._groups(), time.monotonic()
            self._clients.setdefault(client, (client,))
        others = [address for address in self._clients[client] if address != client]
        return (client, *others[: MOST_ADDRESSES - 1])

    def _groups(self) -> dict[Address, tuple[Address, ...]]:
        by_mac: dict[str, set[Address]] = {}
        for host in self._site.hosts if self._site else ():
            by_mac.setdefault(host.mac or host.name, set()).update(host.addresses)
        for neighbour in self._seen(self._site):
            if neighbour.mac != NO_MAC:
                by_mac.setdefault(neighbour.mac, set()).add(neighbour.address)
        return {address: tuple(sorted(group, key=str)) for group in by_mac.values() for address in group}

    def _forget_expired(self) -> None:
        now = time.monotonic()
        self._until = {pair: until for pair, until in self._until.items() if until > now}
        if len(self._until) >= MOST:
            raise CommandRefused(BUSY, "the set of pins is full", "it empties as pins expire")


def _changes(pairs: list[Pair], lasting: int, *, delete: bool = False) -> list[Change]:
    timeout = None if delete else lasting * 1000
    result = []
    for name, version in ((PIN4, 4), (PIN6, 6)):
        chosen = tuple(Element(pair_key(*pair), timeout) for pair in pairs if pair[1].version == version)
        result += [Change(name, chosen, delete)] if chosen else []
    return result
