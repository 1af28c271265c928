"""The routing decision of the box, as far as the site file fixes it: to the box itself, to a zone, to an uplink.

May live here: look-ups on a ResolvedSite in the order the kernel's routing tables have (own, on-link, default).
May not: rules. Sources: ip-route(8), RFC 1122 section 3.3.1, RFC 4291 section 2.5.6.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Literal

from ruleset.resolved import Address, Outside, ResolvedSite, Segment
from ruleset.tree import Family


@dataclass(frozen=True, slots=True)
class Route:
    """`local`: to the box; `forward`: out by `oif`; `none`: the kernel throws the packet away (`why`)."""

    kind: Literal["local", "forward", "none"]
    oif: str = ""
    why: str = ""


LOCAL = Route("local")


def has_default(resolved: ResolvedSite, outside: Outside, family: Family) -> bool:
    """Whether this uplink leads to the internet in that family."""
    uplink = resolved.site.uplinks.get(outside.name)
    if uplink is None:
        return any(a.version == family for a in outside.addresses)
    return (uplink.ipv4 if family == 4 else uplink.ipv6) != "none"


def route(resolved: ResolvedSite, destination: Address) -> Route:
    """Where a packet to `destination` goes. Multicast and broadcast end at the box: it routes neither."""
    if resolved.is_gateway(destination) or _many(resolved, destination):
        return LOCAL
    if destination.is_loopback or destination.is_unspecified:
        return Route("none", why="martian")
    if isinstance(destination, IPv6Address) and destination.is_link_local:
        return Route("none", why="link-local")
    for segment in resolved.segments:
        if any(destination in network for network in segment.subnets):
            return Route("forward", segment.ifname)
    return _by_uplink(resolved, destination)


def _many(resolved: ResolvedSite, destination: Address) -> bool:
    if destination.is_multicast or str(destination) == "255.255.255.255":
        return True
    members: tuple[Segment | Outside, ...] = (*resolved.segments, *resolved.outsides)
    networks = (n for member in members for n in member.subnets)
    return any(n.version == 4 and n.prefixlen < 31 and destination == n.broadcast_address for n in networks)


def _by_uplink(resolved: ResolvedSite, destination: Address) -> Route:
    for outside in resolved.outsides:
        if any(destination in network for network in outside.subnets):
            return Route("forward", outside.ifname)
    family: Family = 4 if destination.version == 4 else 6
    for outside in resolved.outsides:
        if has_default(resolved, outside, family):
            return Route("forward", outside.ifname)
    return Route("none", why="no-route")
