"""Which questions a proof asks: every ordered pair of sides, over the ports that matter.

May live here: choosing packets. May not: answers (prove.py). The choice is deterministic, so that an id means the same
question in two runs.

Ports that matter for a pair: those its grants name and their neighbours (a range that is one too wide shows there),
the infrastructure, what is always refused towards the internet (some of it at certain addresses only), what is
forwarded from it, and one port of each protocol that nothing in the site names.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ruleset.packet import Packet
from ruleset.resolved import GATEWAY, INTERNET, Address, Grant, ResolvedSite, Segment, Side, Traffic
from ruleset.samples import Sample, host_sample, hosts_of, member_of, somebody, stranger
from ruleset.tree import FAMILIES, Family, PortRange

Scope = Literal["offline", "live"]
Wire = tuple[Literal["tcp", "udp", "echo"], int]
ECHO: Wire = ("echo", 0)
WEB: tuple[Wire, ...] = (("tcp", 80), ("tcp", 443))
NAMES: tuple[Wire, ...] = (("udp", 53), ("tcp", 53))
INFRASTRUCTURE: tuple[Wire, ...] = (
    *(("tcp", port) for port in (22, 53, 80, 443, 445, 3389, 8080)),
    *(("udp", port) for port in (53, 67, 123, 443)),
    ECHO,
)


@dataclass(frozen=True, slots=True)
class Question:
    """May this packet pass? `source` and `target` are sides; the hosts are declared devices, or empty for strangers.

    `learned`: asked as if the sender had learned the address from our resolver for a granted name."""

    id: str
    source: str
    target: str
    source_host: str
    target_host: str
    packet: Packet
    learned: bool = False

    @property
    def wire(self) -> str:
        """`tcp 443`, `udp 53` or `echo`."""
        echo = self.packet.protocol in ("icmp", "icmpv6")
        return "echo" if echo else f"{self.packet.protocol} {self.packet.dport}"


def questions(
    resolved: ResolvedSite, scope: Scope = "offline", internet: tuple[Address, ...] | None = None
) -> list[Question]:
    """All questions, each once, in a fixed order.

    `live` asks a smaller set, from declared devices only and nothing that needs a learned address. `internet` gives the
    outside addresses to use, at most one a family (a lab's servers); without it, ones the site does not mention."""
    found: dict[str, Question] = {}
    for family in FAMILIES:
        outside = _outside(resolved, family, internet)
        asking = _Asking(resolved, family, scope, outside)
        for question in asking.all():
            found.setdefault(question.id, question)
    return list(found.values())


def _outside(resolved: ResolvedSite, family: Family, internet: tuple[Address, ...] | None) -> Address | None:
    if internet is None:
        return somebody(resolved, family)
    return next((a for a in internet if a.version == family), None)


@dataclass(frozen=True, slots=True)
class _Asking:
    resolved: ResolvedSite
    family: Family
    scope: Scope
    outside: Address | None

    def all(self) -> Iterator[Question]:
        for source in self.resolved.segments:
            for target in self._targets(source):
                yield from self._pair(source, target)
        if self.outside is not None:
            yield from self._from_internet(Sample(INTERNET, self.outside))

    def _targets(self, source: Segment) -> list[str]:
        return [s.name for s in self.resolved.segments if s.name != source.name] + [INTERNET, GATEWAY]

    def _pair(self, source: Segment, target: str) -> Iterator[Question]:
        grants = [g for g in self.resolved.grants if (g.source.zone, g.target.zone) == (source.name, target)]
        plain_source, plain_target = self._anybody(source), self._end(source, target)
        if plain_source and plain_target:
            for wire in self._wires(target, grants):
                yield self._ask(source.ifname, plain_source, plain_target, wire)
            if target == INTERNET and self.scope == "offline":
                yield from self._refused_there(source, plain_source)
        for grant in grants:
            yield from self._witnesses(source, grant, plain_source, plain_target)

    def _refused_there(self, segment: Segment, source: Sample) -> Iterator[Question]:
        """One address of each refusal that is about addresses: on its ports, beside them, and as a web site."""
        for refusal in self.resolved.refusals:
            network = next((n for n in refusal.networks if n.version == self.family), None)
            if network is not None:
                for wire in (*_around(refusal.traffic), *WEB):
                    yield self._ask(segment.ifname, source, Sample(INTERNET, network[0]), wire)

    def _anybody(self, segment: Segment) -> Sample | None:
        if self.scope == "live":
            return next(iter(hosts_of(self.resolved, segment.name, self.family)), None)
        return stranger(self.resolved, segment, self.family)

    def _end(self, source: Segment, target: str) -> Sample | None:
        if target == GATEWAY:
            return next((Sample(GATEWAY, g) for g in source.gateways if g.version == self.family), None)
        if target == INTERNET:
            return Sample(INTERNET, self.outside) if self.outside else None
        segment = self.resolved.segment(target)
        return self._anybody(segment) if segment else None

    def _wires(self, target: str, grants: list[Grant]) -> list[Wire]:
        named = [traffic for grant in grants for traffic in grant.traffic]
        if self.scope == "live":
            names = NAMES if target == INTERNET else ()
            return [*_first(named), *names, *_unnamed(self.resolved), ECHO]
        refused = [t for r in self.resolved.refusals for t in r.traffic] if target == INTERNET else []
        return [*INFRASTRUCTURE, *_around(named), *_edges(refused), *_unnamed(self.resolved)]

    def _witnesses(
        self, segment: Segment, grant: Grant, plain_source: Sample | None, plain_target: Sample | None
    ) -> Iterator[Question]:
        """Somebody whom the grant means, and on each side somebody whom it does not mean."""
        source = member_of(self.resolved, grant.source, self.family) if grant.source.networks else plain_source
        target = member_of(self.resolved, grant.target, self.family) if grant.target.networks else plain_target
        if source is None or target is None:
            return
        for wire in _first(grant.traffic) if self.scope == "live" else _around(grant.traffic):
            yield self._ask(segment.ifname, source, target, wire)
            if grant.target.learned and self.scope == "offline":
                yield self._ask(segment.ifname, source, target, wire, learned=True)
        other_source, other_target = (
            self._not_meant(grant.source, plain_source),
            self._not_meant(grant.target, plain_target),
        )
        for wire in _first(grant.traffic):
            if grant.source.networks and other_source:
                yield self._ask(segment.ifname, other_source, target, wire)
            if grant.target.networks and other_target:
                yield self._ask(segment.ifname, source, other_target, wire)

    def _not_meant(self, side: Side, plain: Sample | None) -> Sample | None:
        """Somebody of that zone whom `side` leaves out. Only a declared device can send a real packet."""
        if self.scope == "offline" or side.zone in (INTERNET, GATEWAY):
            return plain
        hosts = hosts_of(self.resolved, side.zone, self.family)
        return next((h for h in hosts if not any(h.address in network for network in side.networks)), None)

    def _from_internet(self, source: Sample) -> Iterator[Question]:
        for outside in self.resolved.outsides:
            own = next((a for a in outside.addresses if a.version == self.family), None)
            ports = [
                Traffic(f.protocol, tuple(PortRange(p, p) for p in (f.port, f.to_port)))
                for f in self.resolved.forwards
                if f.uplink == outside.name
            ]
            live = self.scope == "live"
            wires = [*(_first(ports) if live else (*INFRASTRUCTURE, *_around(ports))), *_unnamed(self.resolved)]
            if own is not None:
                for wire in wires:
                    yield self._ask(outside.ifname, source, Sample(GATEWAY, own), wire)
            yield from self._into_zones(outside.ifname, source, wires)

    def _into_zones(self, ifname: str, source: Sample, wires: list[Wire]) -> Iterator[Question]:
        for segment in self.resolved.segments:
            ends = [self._anybody(segment)]
            if self.scope == "offline":
                forwarded = {f.host for f in self.resolved.forwards}
                hosts = [h for h in self.resolved.hosts if h.zone == segment.name and h.name in forwarded]
                ends += [host_sample(h, self.family) for h in hosts]
            for end in ends:
                if end is not None:
                    for wire in wires:
                        yield self._ask(ifname, source, end, wire)

    def _ask(self, iif: str, source: Sample, target: Sample, wire: Wire, learned: bool = False) -> Question:
        protocol, port = wire
        packet = Packet(
            iif,
            source.address,
            target.address,
            ("icmp" if self.family == 4 else "icmpv6") if protocol == "echo" else protocol,
            port,
            mac=source.mac,
        )
        what = "echo" if protocol == "echo" else f"{protocol}-{port}"
        ident = f"{source.zone}/{source.address}>{target.zone}/{target.address}:{what}"
        if source.zone == INTERNET:
            ident = f"{iif}:{ident}"
        ident += ":learned" if learned else ""
        return Question(ident, source.zone, target.zone, source.host, target.host, packet, learned)


def _edges(traffic: Iterable[Traffic]) -> Iterator[Wire]:
    for item in traffic:
        if item.protocol == "echo":
            yield ECHO
        else:
            yield from ((item.protocol, port) for ports in item.ports for port in (ports.first, ports.last))


def _around(traffic: Iterable[Traffic]) -> Iterator[Wire]:
    for protocol, port in _edges(traffic):
        steps = (0,) if protocol == "echo" else (0, -1, 1)
        yield from ((protocol, port + step) for step in steps if 0 < port + step < 65536 or protocol == "echo")


def _first(traffic: Iterable[Traffic]) -> Iterator[Wire]:
    """One port of each range, for a proof that sends real packets."""
    for item in traffic:
        if item.protocol == "echo":
            yield ECHO
        else:
            yield from ((item.protocol, ports.first) for ports in item.ports)


def _unnamed(resolved: ResolvedSite) -> tuple[Wire, ...]:
    """One TCP and one UDP port that neither grants nor refusals nor forwards name."""
    named = [t for g in resolved.grants for t in g.traffic] + [t for r in resolved.refusals for t in r.traffic]
    return (("tcp", _free("tcp", named)), ("udp", _free("udp", named)))


def _free(protocol: str, named: list[Traffic]) -> int:
    ranges = [ports for t in named if t.protocol == protocol for ports in t.ports]
    narrow = [ports for ports in ranges if ports.last - ports.first < 60000]
    return next((p for p in range(47999, 1024, -1) if not any(p in ports for ports in narrow)), 47999)
