"""The routing decision of the box, as far as the site file fixes it: to the box itself, to a zone, to an uplink.

May live here: look-ups on a ResolvedSite in the order the kernel's routing tables have (own, on-link, default).
May not: rules. Sources: ip-route(8), RFC 1122 section 3.3.1, RFC 4291 sections 2.5.6, 2.6.1 and 2.7.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

from ruleset.resolved import Address, Outside, ResolvedSite, Segment, family_of
from ruleset.tree import Family


@dataclass(frozen=True, slots=True)
class Route:
    """`local`: to the box; `forward`: out by `oif`; `none`: the kernel throws the packet away (`why`)."""

    kind: Literal["local", "forward", "none"]
    oif: str = ""
    why: str = ""


LOCAL = Route("local")
BROADCAST = IPv4Address("255.255.255.255")
ALL_NODES_AND_ROUTERS = frozenset(map(ip_address, ("224.0.0.1", "ff01::1", "ff02::1", "ff01::2", "ff02::2", "ff05::2")))
SOLICITED_NODE = int(IPv6Address("ff02::1:ff00:0"))


def has_default(resolved: ResolvedSite, outside: Outside, family: Family) -> bool:
    """Whether this uplink leads to the internet in that family."""
    uplink = resolved.site.uplinks.get(outside.name)
    if uplink is None:
        return any(a.version == family for a in outside.addresses)
    return (uplink.ipv4 if family == 4 else uplink.ipv6) != "none"


def route(resolved: ResolvedSite, destination: Address) -> Route:
    """Where a packet to `destination` goes. Multicast is never routed, and only groups the box is in reach it: those of
    RFC 4291 and 224.0.0.1. A group that a program joined besides must be said with `Packet.local`."""
    if resolved.is_gateway(destination) or _is_shared(resolved, destination):
        return LOCAL
    if destination.is_multicast:
        return LOCAL if destination in _groups(resolved) else Route("none", why="not-a-member")
    if destination.is_loopback or destination.is_unspecified:
        return Route("none", why="martian")
    if isinstance(destination, IPv6Address) and destination.is_link_local:
        return Route("none", why="link-local")
    for segment in resolved.segments:
        if any(destination in network for network in segment.subnets):
            return Route("forward", segment.ifname)
    return _by_uplink(resolved, destination)


def _is_shared(resolved: ResolvedSite, destination: Address) -> bool:
    """Broadcast, and the address that every IPv6 router of a subnet answers to: its first (subnet-router anycast)."""
    members: tuple[Segment | Outside, ...] = (*resolved.segments, *resolved.outsides)
    networks = [n for member in members for n in member.subnets]
    return destination == BROADCAST or any(
        destination == (n.broadcast_address if n.version == 4 else n.network_address)
        for n in networks
        if n.max_prefixlen - n.prefixlen > 1
    )


def _groups(resolved: ResolvedSite) -> Iterator[Address]:
    yield from ALL_NODES_AND_ROUTERS
    for member in (*(s.gateways for s in resolved.segments), *(o.addresses for o in resolved.outsides)):
        yield from (IPv6Address(SOLICITED_NODE | int(a) & 0xFFFFFF) for a in member if a.version == 6)


def _by_uplink(resolved: ResolvedSite, destination: Address) -> Route:
    for outside in resolved.outsides:
        if any(destination in network for network in outside.subnets):
            return Route("forward", outside.ifname)
    family = family_of(destination)
    for outside in resolved.outsides:
        if has_default(resolved, outside, family):
            return Route("forward", outside.ifname)
    return Route("none", why="no-route")
