"""A device that talks to internet addresses never resolved here: it has names from elsewhere, or addresses built in.

New connections come in with the device that began them; what the resolver answered comes in by zone. A connection waits
SETTLE seconds before it is judged, because the answer's report may come after it. An address counts as known for KEEP
seconds after its last answer or use. Two ways to a finding, once a device and day:

- MANY different unknown addresses within an hour, or
- one unknown address in STEADY different quarter hours of the last three hours.

Nothing is judged before what the resolver knows was heard (GRACE), nor while reports are known to be lost.

Bounded: MAX_KNOWN addresses a watched zone, MAX_DEVICES devices with MAX_CONTACTS addresses each, MAX_WAITING
connections under way; what finds no room is the oldest, or is counted.

May live here: this. May not: what a site exempts (Scope comes from outside), names for people.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from filters.detect.finding import Finding, Why

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
SETTLE = 5.0
GRACE = 900.0  # longer than filters.dns_resolved.RETELL: by then every address that may be given was told
KEEP = 86_400.0
WITHIN = 3600.0
MANY = 5
QUARTER = 900
STEADY = 4
STEADY_WITHIN = 12  # quarter hours
MAX_KNOWN = 16_384
MAX_WAITING = 4096
MAX_DEVICES = 256
MAX_CONTACTS = 64
MAX_SEEN = 5
FREE_SERVICES = frozenset({"udp/123"})  # time: servers are asked by addresses from a pool, or built in


@dataclass(frozen=True, slots=True)
class Flow:
    """A new connection of `device` in `zone`; `service` like `tcp/443`."""

    zone: str
    device: str
    destination: Address
    service: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Which zones are watched, and networks that anybody may talk to by address (published ranges, permits)."""

    zones: frozenset[str] = frozenset()
    exempt: tuple[Network, ...] = ()


@dataclass(slots=True)
class Contact:
    """One unknown address of one device: when last, by which service, in which quarter hours."""

    last: float
    service: str
    quarters: set[int] = field(default_factory=set)


class Unresolved:
    """`resolved` and `flow` as they come, `judge` now and then. Times are seconds of a clock that is never set."""

    def __init__(self, began: float, scope: Scope | None = None) -> None:
        self._scope = scope or Scope()
        self._blind_until = began + GRACE
        self._known: dict[str, dict[Address, float]] = {}
        self._waiting: deque[tuple[float, Flow]] = deque()
        self._devices: dict[tuple[str, str], dict[Address, Contact]] = {}
        self._told: dict[tuple[str, str], str] = {}
        self.unjudged = 0  # connections that found no room

    def use(self, scope: Scope) -> None:
        """Watch this from now on."""
        self._scope = scope
        self._known = {zone: known for zone, known in self._known.items() if zone in scope.zones}

    def resolved(self, zone: str, addresses: Iterable[Address], now: float) -> None:
        """The resolver answered clients of `zone` with these."""
        if zone not in self._scope.zones:
            return
        known = self._known.setdefault(zone, {})
        for address in addresses:
            known.pop(address, None)
            known[address] = now
        while len(known) > MAX_KNOWN:
            del known[next(iter(known))]

    def missed(self, now: float) -> None:
        """Reports of the resolver are lost, or it began anew: judge nothing until everything was told again."""
        self._blind_until = max(self._blind_until, now + GRACE)

    def flow(self, flow: Flow, now: float) -> None:
        """A device began a connection."""
        if flow.zone not in self._scope.zones or flow.service in FREE_SERVICES:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.unjudged += 1
        else:
            self._waiting.append((now, flow))

    def judge(self, now: float, day: str) -> list[Finding]:
        """What the connections until a moment ago show; `day` is the clinic's calendar day."""
        touched: dict[tuple[str, str], None] = {}
        while self._waiting and self._waiting[0][0] <= now - SETTLE:
            at, flow = self._waiting.popleft()
            if at >= self._blind_until and not self._is_expected(flow, now):
                self._contact(flow, at)
                touched[flow.zone, flow.device] = None
        found = (self._finding(who, now) for who in touched if self._told.get(who) != day)
        findings = [finding for finding in found if finding is not None]
        for finding in findings:
            self.told(finding.zone, finding.device, day)
        return findings

    def told(self, zone: str, device: str, day: str) -> None:
        """There is a finding of that day already."""
        self._told.pop((zone, device), None)
        self._told[zone, device] = day
        if len(self._told) > MAX_DEVICES:
            del self._told[next(iter(self._told))]

    def _is_expected(self, flow: Flow, now: float) -> bool:
        """Known, or exempt."""
        known = self._known.get(flow.zone, {})
        at = known.pop(flow.destination, None)
        if at is None or at < now - KEEP:
            return any(flow.destination in network for network in self._scope.exempt)
        known[flow.destination] = now  # in use: software that keeps an address must not become a finding a day later
        return True

    def _contact(self, flow: Flow, at: float) -> None:
        who = flow.zone, flow.device
        contacts = self._devices.pop(who, {})
        self._devices[who] = contacts
        contact = contacts.pop(flow.destination, None) or Contact(at, flow.service)
        contacts[flow.destination] = contact
        contact.last, quarter = at, int(at // QUARTER)
        contact.quarters = {one for one in contact.quarters if one > quarter - STEADY_WITHIN} | {quarter}
        if len(contacts) > MAX_CONTACTS:
            del contacts[next(iter(contacts))]
        if len(self._devices) > MAX_DEVICES:
            del self._devices[next(iter(self._devices))]

    def _finding(self, who: tuple[str, str], now: float) -> Finding | None:
        """What was resolved meanwhile does not count."""
        known = self._known.get(who[0], {})
        contacts = {address: one for address, one in self._devices[who].items() if address not in known}
        recent = [address for address, one in contacts.items() if one.last > now - WITHIN]
        steady = [address for address in recent if len(contacts[address].quarters) >= STEADY]
        if len(recent) >= MANY:
            return _of(Why.UNRESOLVED_MANY, who, recent, contacts)
        return _of(Why.UNRESOLVED_STEADY, who, steady, contacts) if steady else None


def _of(why: Why, who: tuple[str, str], addresses: list[Address], contacts: dict[Address, Contact]) -> Finding:
    seen = tuple(f"{address} {contacts[address].service}" for address in addresses[:MAX_SEEN])
    return Finding(why, *who, len(addresses), seen)
