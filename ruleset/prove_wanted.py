"""The column `wanted`: what the site says of a packet, without a look at the compiled rules.

May live here: grants, refusals and forwards read in the plainest way. May not: anything of compile*.py or of the tree's
chains, or the proof would compare the compiler with itself.

A packet is wanted when a grant in force covers it and nothing refuses it. What is in no grant stands here, each once:
names are always answered by the gateway; the gateway answers pings of its zones, and shows the block page where names
are answered with it; the internet gets in by forwards only.
"""

from datetime import datetime
from typing import Literal

from ruleset.packet import Packet
from ruleset.resolved import GATEWAY, INTERNET, Address, Grant, PortForward, ResolvedSite, Segment, Side, Traffic

Wanted = Literal["pass", "redirect", "refuse"]
DNS_PORT, HTTP_PORT = 53, 80


def wanted(resolved: ResolvedSite, packet: Packet, now: datetime, *, learned: bool = False) -> Wanted:
    """What the site wants for a new connection; `redirect`: it passes, but it is the gateway that answers.

    `learned`: the sender got this address from our resolver."""
    segment = next((s for s in resolved.segments if s.ifname == packet.iif), None)
    if segment is None:
        return "pass" if _from_internet(resolved, packet, now) else "refuse"
    if not any(packet.src in network for network in segment.subnets):
        return "refuse"
    target = _target(resolved, segment, packet)
    if target == segment.name:
        return "refuse"
    if target == GATEWAY and (_is_echo(packet) or _is_page(segment, packet)):
        return "pass"
    fitting = [g for g in resolved.grants if _covers(g, segment.name, target, packet, learned) and _in_force(g, now)]
    if target == INTERNET and _always_refused(resolved, packet):
        fitting = [grant for grant in fitting if grant.waived]
    elif target == INTERNET and _refused_there(resolved, packet):
        fitting = [grant for grant in fitting if grant.waived or (grant.kind == "permit" and grant.target.networks)]
    if not fitting:
        return "refuse"
    return "redirect" if target == GATEWAY and not _is_own(resolved, packet) else "pass"


def _target(resolved: ResolvedSite, segment: Segment, packet: Packet) -> str:
    asks_names = packet.protocol in ("tcp", "udp") and packet.dport == DNS_PORT
    if asks_names and any(gateway.version == packet.family for gateway in segment.gateways):
        return GATEWAY
    if _is_own(resolved, packet):
        return GATEWAY
    there = resolved.segment_of(packet.dst)
    return there.name if there else INTERNET


def _is_own(resolved: ResolvedSite, packet: Packet) -> bool:
    return packet.local is True or resolved.is_gateway(packet.dst)


def _is_echo(packet: Packet) -> bool:
    return packet.protocol in ("icmp", "icmpv6") and packet.icmp_type == "echo-request"


def _is_page(segment: Segment, packet: Packet) -> bool:
    """By the zone's own gateway address alone: no name is ever answered with another one."""
    http = (packet.protocol, packet.dport) == ("tcp", HTTP_PORT)
    return segment.page and http and packet.dst in segment.gateways


def _in_force(item: Grant | PortForward, now: datetime) -> bool:
    return item.expires is None or item.expires > now


def _covers(grant: Grant, source: str, target: str, packet: Packet, learned: bool) -> bool:
    return (
        grant.source.zone == source
        and grant.target.zone == target
        and _within(grant.source, packet.src)
        and (_within(grant.target, packet.dst) or (target == GATEWAY and packet.dport == DNS_PORT))
        and (learned or not grant.target.learned)
        and any(_is_traffic(traffic, packet) for traffic in grant.traffic)
    )


def _within(side: Side, address: Address) -> bool:
    return not side.networks or any(address in network for network in side.networks)


def _is_traffic(traffic: Traffic, packet: Packet) -> bool:
    if traffic.protocol == "echo":
        return _is_echo(packet)
    return packet.protocol == traffic.protocol and (
        not traffic.ports or any(packet.dport in ports for ports in traffic.ports)
    )


def _always_refused(resolved: ResolvedSite, packet: Packet) -> bool:
    everywhere = (refusal for refusal in resolved.refusals if not refusal.networks)
    return any(_is_traffic(traffic, packet) for refusal in everywhere for traffic in refusal.traffic)


def _refused_there(resolved: ResolvedSite, packet: Packet) -> bool:
    return any(
        any(packet.dst in network for network in refusal.networks)
        and (not refusal.traffic or any(_is_traffic(traffic, packet) for traffic in refusal.traffic))
        for refusal in resolved.refusals
    )


def _from_internet(resolved: ResolvedSite, packet: Packet, now: datetime) -> bool:
    """A forward of the uplink it came by, to a device that has the packet's family."""
    uplink = next((o.name for o in resolved.outsides if o.ifname == packet.iif), None)
    return _is_own(resolved, packet) and any(
        forward.uplink == uplink
        and (forward.protocol, forward.port) == (packet.protocol, packet.dport)
        and any(address.version == packet.family for address in forward.addresses)
        and _in_force(forward, now)
        for forward in resolved.forwards
    )
