"""Random packets for a clinic, mostly near a decision: one port beside a grant, a forged source, a foreign gateway.

May live here: making Packets for a ResolvedSite from a seed. May not: what should become of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from random import Random

from ruleset.packet import Facts, Packet
from ruleset.resolved import GATEWAY, INTERNET, Address, Grant, Host, ResolvedSite, Segment
from ruleset.tree import Network

STRANGERS = ("198.51.100.7", "198.51.100.66", "198.51.100.99", "198.51.100.130", "9.9.9.9",
             "203.0.113.250", "2620:fe::fe", "2001:db8:fffe::7", "2001:db8:fffe:bad::1", "2001:db8:fffe::99",
             "2001:db8:fffe:25::1")  # fmt: skip
REFUSED_PORTS = (22, 23, 25, 69, 135, 139, 161, 162, 445, 853, 1433, 3306, 3389, 5900)
PORTS = (1, 22, 53, 67, 80, 123, 443, 547, 8080, 8443, 51820, 65535, *REFUSED_PORTS)
STRANGE_SOURCES = ("127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.5", "240.0.0.1", "10.99.99.99", "169.254.1.1",
                   "::1", "::", "ff02::1", "fe80::77", "fd99::1", "::ffff:10.20.1.5", "2001:db8:dead::1")  # fmt: skip
# What connection tracking takes as the opening of something (nf_conntrack_proto_icmp.c, ..._icmpv6.c); neighbour
# discovery it leaves alone, and everything else without a connection is invalid.
OPENING4 = ("echo-request", "timestamp-request", "info-request", "address-mask-request")
ICMP4 = (*OPENING4, "echo-reply", "destination-unreachable", "redirect", "time-exceeded", "router-advertisement")
ICMP6 = ("echo-request", "echo-reply", "destination-unreachable", "packet-too-big", "nd-neighbor-solicit",
         "nd-neighbor-advert", "nd-router-solicit", "nd-router-advert", "mld2-listener-report",
         "nd-redirect")  # fmt: skip
# Asked three times at most, they stay below the burst of 20: evaluation takes each packet as within its rate.
MAX_ECHOES = 6


@dataclass
class Draw:
    """Everything a recipe draws from. `own` has the gateway's addresses by interface, leased ones included."""

    rng: Random
    site: ResolvedSite
    facts: Facts
    own: Mapping[str, tuple[Address, ...]]

    def segment(self) -> Segment:
        return self.rng.choice(self.site.segments)

    def inside(self, network: Network) -> Address:
        """A host's address in a network, mostly a low one, where the devices are."""
        size = min(network.num_addresses, 64 if self.rng.random() < 0.8 else 2**64)
        return network[self.rng.randrange(size)] if size < 4 else network[self.rng.randrange(2, size - 1)]

    def addresses(self) -> list[Address]:
        """The box's own ones that are known beyond their link."""
        return [a for addresses in self.own.values() for a in addresses if not a.is_link_local]

    def member(self, segment: Segment, version: int | None = None) -> Address:
        """A declared device's address, or just one of the subnet."""
        subnets = [n for n in segment.subnets if version in (None, n.version)] or list(segment.subnets)
        subnet = self.rng.choice(subnets)
        hosts = [a for h in self.site.hosts if h.zone == segment.name for a in h.addresses if a in subnet]
        return self.rng.choice(hosts) if hosts and self.rng.random() < 0.8 else self.inside(subnet)

    def stranger(self, version: int) -> Address:
        return self.rng.choice([a for a in map(ip_address, STRANGERS) if a.version == version])

    def mac_of(self, address: Address) -> str:
        host = next((h for h in self.site.hosts if address in h.addresses), None)
        return host.mac if host else "02:00:00:00:ee:ee"

    def port(self) -> int:
        return self.rng.choice(PORTS) if self.rng.random() < 0.8 else self.rng.randint(1, 65535)

    def send(self, iif: str, src: Address, dst: Address, **more: object) -> Packet:
        """A packet to a random port unless `more` says otherwise."""
        values = {"protocol": self.rng.choice(("tcp", "udp")), "dport": self.port(), "mac": self.mac_of(src)} | more
        return Packet(iif, src, dst, **values)  # type: ignore[arg-type]

    def uplink(self) -> str:
        return self.rng.choice(self.site.outsides).ifname


def packets(
    site: ResolvedSite, facts: Facts, seed: int, count: int, own: Mapping[str, tuple[Address, ...]] | None = None
) -> list[Packet]:
    """`count` packets, the same for the same arguments."""
    known = {o.ifname: o.addresses for o in site.outsides} | {s.ifname: s.gateways for s in site.segments}
    draw = Draw(Random(f"clinicgate packets {seed}"), site, facts, own or known)
    found: list[Packet] = []
    echoes = 0
    while len(found) < count:
        packet = _tracked(draw.rng.choices(RECIPES, WEIGHTS)[0](draw))
        echoes += packet.icmp_type == "echo-request" and packet.protocol.startswith("icmp")
        if packet.src.version == packet.dst.version and (echoes <= MAX_ECHOES or not _is_echo(packet)):
            found.append(_local(draw, packet))
    return found


def _is_echo(packet: Packet) -> bool:
    return packet.protocol.startswith("icmp") and packet.icmp_type == "echo-request"


def _tracked(packet: Packet) -> Packet:
    """With the state that connection tracking gives a first packet."""
    opening = OPENING4 if packet.protocol == "icmp" else ("echo-request",)
    strange = packet.protocol.startswith("icmp") and packet.icmp_type not in opening
    return replace(packet, state="invalid") if strange else packet


def _local(draw: Draw, packet: Packet) -> Packet:
    """Says so when the destination is an address that the box got from its provider."""
    ours = packet.dst in draw.addresses() or packet.dst in draw.own.get(packet.iif, ())
    return replace(packet, local=True) if ours and not draw.site.is_gateway(packet.dst) else packet


def _near_grant(draw: Draw) -> Packet:
    """What a grant allows, or one port, one address or one protocol beside it."""
    grants = [g for g in draw.site.grants if g.traffic]
    if not grants:
        return _inside(draw)
    own = [g for g in grants if g.kind == "permit"]
    grant = draw.rng.choice(own if own and draw.rng.random() < 0.4 else grants)
    segment = draw.site.segment(grant.source.zone) or draw.segment()
    src = draw.inside(draw.rng.choice(grant.source.networks)) if grant.source.networks else draw.member(segment)
    dst = _grant_target(draw, grant, src)
    traffic = draw.rng.choice(grant.traffic)
    if traffic.protocol == "echo":
        return _echo(draw, segment.ifname, src, dst)
    ports = draw.rng.choice(traffic.ports)
    port = draw.rng.choice((ports.first, ports.last, ports.first - 1, ports.last + 1, ports.first))
    protocol = traffic.protocol if draw.rng.random() < 0.9 else draw.rng.choice(("tcp", "udp"))
    return draw.send(segment.ifname, src, dst, protocol=protocol, dport=min(max(port, 1), 65535))


def _grant_target(draw: Draw, grant: Grant, src: Address) -> Address:
    same = [n for n in grant.target.networks if n.version == src.version]
    if same and draw.rng.random() < 0.85:
        return draw.inside(draw.rng.choice(same))
    if grant.target.zone == GATEWAY:
        segment = draw.site.segment(grant.source.zone) if draw.rng.random() < 0.8 else draw.segment()
        return draw.rng.choice((segment or draw.segment()).gateways)
    if grant.target.zone == INTERNET:
        return draw.stranger(src.version)
    return draw.member(draw.site.segment(grant.target.zone) or draw.segment(), src.version)


def _inside(draw: Draw) -> Packet:
    """Anybody of one zone to anybody of another."""
    source, target = draw.segment(), draw.segment()
    src = draw.member(source)
    return draw.send(source.ifname, src, draw.member(target, src.version))


def _outwards(draw: Draw) -> Packet:
    """A zone to the internet, often on a port that is always refused."""
    source = draw.segment()
    src = draw.member(source)
    port = draw.rng.choice(REFUSED_PORTS) if draw.rng.random() < 0.4 else draw.port()
    return draw.send(source.ifname, src, draw.stranger(src.version), dport=port)


def _inwards(draw: Draw) -> Packet:
    """The internet to a device or to an address of an uplink, sometimes on a forwarded port."""
    uplink = draw.uplink()
    targets = [a for h in draw.site.hosts for a in h.addresses] + [a for s in draw.site.segments for a in s.gateways]
    targets += 3 * draw.addresses()
    dst = draw.rng.choice(targets)
    forward = draw.rng.choice(draw.site.forwards) if draw.site.forwards and draw.rng.random() < 0.6 else None
    if forward is None:
        return draw.send(uplink, draw.stranger(dst.version), dst)
    port = draw.rng.choice((forward.port, forward.port, forward.port, forward.to_port, forward.port + 1))
    uplink = next(o.ifname for o in draw.site.outsides if o.name == forward.uplink)
    dst = draw.rng.choice([*draw.own.get(uplink, ()), dst, *forward.addresses])
    return draw.send(uplink, draw.stranger(dst.version), dst, protocol=forward.protocol, dport=port)


def _forged(draw: Draw) -> Packet:
    """A source that does not belong where the packet comes in."""
    iif = draw.rng.choice([draw.segment().ifname, draw.segment().ifname, draw.uplink()])
    strange = [ip_address(t) for t in STRANGE_SOURCES] + draw.addresses()
    src = draw.member(draw.segment()) if draw.rng.random() < 0.5 else draw.rng.choice(strange)
    inside = draw.member(draw.segment(), src.version)
    return draw.send(iif, src, draw.rng.choice([inside, draw.stranger(src.version)]))


def _foreign_gateway(draw: Draw) -> Packet:
    """The box under an address that is not the sender's own gateway."""
    source = draw.segment()
    src = draw.member(source)
    targets = [a for a in draw.addresses() if a.version == src.version]
    return draw.send(source.ifname, src, draw.rng.choice(targets or [src]))


def _own_source(draw: Draw) -> Packet:
    """Somebody who claims to be the box itself."""
    source = draw.segment()
    src = draw.rng.choice(source.gateways)
    inside = draw.member(draw.segment(), src.version)
    return draw.send(source.ifname, src, draw.rng.choice([draw.stranger(src.version), inside]))


def _many(draw: Draw) -> Packet:
    """To everybody: broadcasts of this and other zones, a network's own address, groups that the box is in or not."""
    source = draw.segment()
    src = draw.member(source)
    networks = [n for s in (source, draw.segment()) for n in s.subnets if n.version == src.version]
    groups = ("255.255.255.255", "224.0.0.1", "224.0.0.251") if src.version == 4 else ("ff02::1", "ff02::2", "ff02::fb")
    ends = [a for n in networks for a in (n.network_address, n.broadcast_address)]
    return draw.send(source.ifname, src, draw.rng.choice([*map(ip_address, groups), *ends]))


def _link_local(draw: Draw) -> Packet:
    """To the box by its link-local address, as hosts that only know their router may."""
    iif = draw.rng.choice([draw.segment().ifname, draw.segment().ifname, draw.uplink()])
    dst = next((a for a in draw.own.get(iif, ()) if a.is_link_local), None)
    if dst is None:
        return _foreign_gateway(draw)
    segment = next((s for s in draw.site.segments if s.ifname == iif), draw.segment())
    src = ip_address("fe80::77") if draw.rng.random() < 0.5 else draw.member(segment, 6)
    return draw.send(iif, src, dst)


def _dns(draw: Draw) -> Packet:
    """Asks some resolver: the gateway, one outside, one inside."""
    source = draw.segment()
    src = draw.member(source)
    own = [a for a in source.gateways if a.version == src.version]
    dst = draw.rng.choice([*own, draw.stranger(src.version), draw.member(draw.segment(), src.version)])
    return draw.send(source.ifname, src, dst, dport=draw.rng.choice((53, 53, 53, 853)))


def _page(draw: Draw) -> Packet:
    """Web ports of the box, under the sender's own gateway address mostly: the block page's, the owner's page's."""
    source = draw.segment()
    src = draw.member(source)
    own = [a for a in source.gateways if a.version == src.version]
    others = [a for a in draw.addresses() if a.version == src.version]
    dst = draw.rng.choice([*own, *own, *own, draw.rng.choice(others or own)])
    return draw.send(source.ifname, src, dst, protocol="tcp", dport=draw.rng.choice((80, 80, 443, 8080, 8081)))


def _learned(draw: Draw) -> Packet:
    """A client to an address that it, or another client, learned for a name."""
    pins = [(*e,) for name in ("pin4", "pin6") for e in draw.facts.sets.get(name, ())]
    if not pins:
        return _outwards(draw)
    client, address = (part for part in draw.rng.choice(pins) if not isinstance(part, str))
    src = client.network_address
    host = next((h for h in draw.site.hosts if src in h.addresses), None)
    segment = draw.site.segment(host.zone) if host else None
    port = draw.rng.choice((443, 80, 8801, 3478, 3479, 445))
    return draw.send((segment or draw.segment()).ifname, src, address.network_address, dport=port)


def _isolated(draw: Draw) -> Packet:
    """From or to a device in quarantine, by its addresses or by its MAC under another address."""
    macs = {e[0] for e in draw.facts.sets.get("quarantine_mac", ())}
    hosts = [h for h in draw.site.hosts if h.addresses and (h.mac in macs or not macs)]
    if not hosts:
        return _inside(draw)
    return _around(draw, draw.rng.choice(hosts))


def _around(draw: Draw, host: Host) -> Packet:
    segment = draw.site.segment(host.zone) or draw.segment()
    address = draw.rng.choice(host.addresses)
    peer = draw.rng.choice([draw.stranger(address.version), draw.member(draw.segment(), address.version)])
    if draw.rng.random() < 0.4:
        peer_zone = draw.site.segment_of(peer)
        return draw.send(peer_zone.ifname if peer_zone else draw.uplink(), peer, address)
    src = address if draw.rng.random() < 0.6 else draw.member(segment, address.version)
    return draw.send(segment.ifname, src, peer, mac=host.mac)


def _echo(draw: Draw, iif: str, src: Address, dst: Address) -> Packet:
    return Packet(iif, src, dst, "icmp" if dst.version == 4 else "icmpv6", mac=draw.mac_of(src))


def _pings(draw: Draw) -> Packet:
    """An echo request from anywhere to anywhere."""
    packet = draw.rng.choice((_inside, _outwards, _inwards, _foreign_gateway))(draw)
    return _echo(draw, packet.iif, packet.src, packet.dst)


def _control(draw: Draw) -> Packet:
    """Any ICMP, neighbour discovery with right and wrong hop limits included."""
    packet = draw.rng.choice((_inside, _outwards, _inwards, _foreign_gateway))(draw)
    src, dst = packet.src, packet.dst
    if dst.version == 6 and draw.rng.random() < 0.5:
        src, dst = ip_address(draw.rng.choice(("fe80::77", "::", str(src)))), ip_address("ff02::1")
    protocol, kind = ("icmp", draw.rng.choice(ICMP4)) if dst.version == 4 else ("icmpv6", draw.rng.choice(ICMP6))
    limit = draw.rng.choice((255, 255, 64))
    return Packet(packet.iif, src, dst, protocol, icmp_type=kind, hop_limit=limit, mac=draw.mac_of(src))


def _leases(draw: Draw) -> Packet:
    """DHCP in every direction: a device asks, a provider answers, and both where they should not."""
    iif = draw.rng.choice([draw.segment().ifname, draw.uplink()])
    if draw.rng.random() < 0.3:
        dst = draw.rng.choice([ip_address("ff02::1"), *(a for a in draw.addresses() if a.version == 6)])
        ports = draw.rng.choice(((546, 547), (547, 546)))
        return draw.send(iif, ip_address("fe80::77"), dst, protocol="udp", sport=ports[0], dport=ports[1])
    src, dst = draw.rng.choice((("0.0.0.0", "255.255.255.255"), ("10.20.1.5", "255.255.255.255"),
                                ("203.0.113.1", "255.255.255.255")))  # fmt: skip
    ports = draw.rng.choice(((68, 67), (67, 68), (68, 68)))
    return draw.send(iif, ip_address(src), ip_address(dst), protocol="udp", sport=ports[0], dport=ports[1])


Recipe = Callable[[Draw], Packet]
_MIX: dict[Recipe, int] = {
    _near_grant: 16, _inside: 4, _outwards: 5, _inwards: 7, _forged: 5, _foreign_gateway: 3, _dns: 4, _page: 4,
    _learned: 3, _isolated: 4, _pings: 2, _control: 3, _leases: 2, _own_source: 2, _many: 2, _link_local: 1,
}  # fmt: skip
RECIPES, WEIGHTS = tuple(_MIX), tuple(_MIX.values())
