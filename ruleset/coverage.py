"""How much traffic a list of grants allows between two ends: sets of ports, and which side contains which.

May live here: union, difference and containment. May not: what follows from it (plan*.py, lint.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ruleset.resolved import INTERNET, Grant, Refusal, ResolvedSite, Side, Traffic
from ruleset.tree import Network, PortRange

EVERY_PORT = PortRange(1, 65535)
Ranges = tuple[PortRange, ...]


def merged(ranges: Iterable[PortRange]) -> Ranges:
    """Sorted, without overlaps or gaps of nothing."""
    result: list[PortRange] = []
    for item in sorted(ranges):
        if result and item.first <= result[-1].last + 1:
            result[-1] = PortRange(result[-1].first, max(result[-1].last, item.last))
        else:
            result.append(item)
    return tuple(result)


def minus(ranges: Ranges, without: Iterable[PortRange]) -> Ranges:
    """The ports of `ranges` that are in none of `without`."""
    left = list(ranges)
    for cut in without:
        pieces = []
        for item in left:
            pieces += [PortRange(item.first, min(item.last, cut.first - 1))] if item.first < cut.first else []
            pieces += [PortRange(max(item.first, cut.last + 1), item.last)] if item.last > cut.last else []
        left = pieces
    return merged(left)


@dataclass(frozen=True, slots=True)
class TrafficSet:
    """Ports of both protocols, and echo requests."""

    tcp: Ranges = ()
    udp: Ranges = ()
    echo: bool = False

    def __bool__(self) -> bool:
        return bool(self.tcp or self.udp or self.echo)

    def __or__(self, other: "TrafficSet") -> "TrafficSet":
        tcp, udp = merged((*self.tcp, *other.tcp)), merged((*self.udp, *other.udp))
        return TrafficSet(tcp, udp, self.echo or other.echo)

    def __sub__(self, other: "TrafficSet") -> "TrafficSet":
        return TrafficSet(minus(self.tcp, other.tcp), minus(self.udp, other.udp), self.echo and not other.echo)

    def __and__(self, other: "TrafficSet") -> "TrafficSet":
        return self - (self - other)

    def words(self, limit: int = 6) -> str:
        """`tcp 80, 443 and udp 443`; long lists are counted."""
        parts = [f"{name} {_ports(ranges, limit)}" for name, ranges in (("tcp", self.tcp), ("udp", self.udp)) if ranges]
        return " and ".join([*parts, *(["ping"] if self.echo else [])]) or "nothing"

    def size(self) -> int:
        """How many ports, of both protocols."""
        return sum(r.last - r.first + 1 for r in (*self.tcp, *self.udp))


EVERYTHING = TrafficSet((EVERY_PORT,), (EVERY_PORT,), echo=True)


def _ports(ranges: Ranges, limit: int) -> str:
    if ranges == (EVERY_PORT,):
        return "every port"
    more = [f"{len(ranges) - limit} more"] if len(ranges) > limit else []
    return ", ".join([*(str(r) for r in ranges[:limit]), *more])


def traffic_set(traffic: Iterable[Traffic]) -> TrafficSet:
    """The ports of a grant or refusal; no ports means all of them."""
    found = TrafficSet()
    for item in traffic:
        ports = merged(item.ports or (EVERY_PORT,))
        match item.protocol:
            case "tcp":
                found |= TrafficSet(tcp=ports)
            case "udp":
                found |= TrafficSet(udp=ports)
            case "echo":
                found |= TrafficSet(echo=True)
    return found


def side_contains(outer: Side, inner: Side) -> bool:
    """Whether everybody whom `inner` means is meant by `outer` too.

    A device or a platform is the same one under the same label, also when its addresses changed in between."""
    if outer.zone != inner.zone or (outer.learned and not inner.learned):
        return False
    if outer.label == inner.label and bool(outer.networks) == bool(inner.networks):
        return True
    if not outer.networks:
        return not outer.learned
    return bool(inner.networks) and all(_inside_any(network, outer.networks) for network in inner.networks)


def _inside_any(network: Network, others: tuple[Network, ...]) -> bool:
    return any(
        network.version == other.version and network.network_address in other and network.prefixlen >= other.prefixlen
        for other in others
    )


def allowed(resolved: ResolvedSite, source: Side, target: Side, grants: Iterable[Grant]) -> TrafficSet:
    """What every member of `source` may do towards every member of `target`, refusals taken off."""
    total, named, waived = TrafficSet(), TrafficSet(), TrafficSet()
    for grant in grants:
        if side_contains(grant.source, source) and side_contains(grant.target, target):
            total |= traffic_set(grant.traffic)
            waived |= traffic_set(grant.traffic) if grant.waived else TrafficSet()
            named |= traffic_set(grant.traffic) if grant.kind == "permit" and grant.target.networks else TrafficSet()
    if target.zone == INTERNET:
        total = (total - refused_there(resolved.refusals, target.networks)) | named
        total = (total - refused(resolved.refusals)) | waived
    return total


def refused(refusals: Iterable[Refusal]) -> TrafficSet:
    """Everything that is refused towards the whole internet, whatever is allowed besides."""
    found = TrafficSet()
    for refusal in refusals:
        found |= TrafficSet() if refusal.networks else traffic_set(refusal.traffic)
    return found


def refused_there(refusals: Iterable[Refusal], networks: tuple[Network, ...]) -> TrafficSet:
    """What is refused at some address of `networks`, unless a permit names it."""
    found = TrafficSet()
    for refusal in refusals:
        if any(a.version == b.version and a.overlaps(b) for a in refusal.networks for b in networks):
            found |= traffic_set(refusal.traffic) if refusal.traffic else EVERYTHING
    return found
