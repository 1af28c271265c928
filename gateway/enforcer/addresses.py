"""Which addresses may stand in a pin or a feed: those of the internet, never the clinic's or the box's own.

Special-purpose ranges: RFC 6890 and the IANA registries it names, plus multicast (RFC 5771, RFC 4291).

May live here: that question over ranges. May not: sets, files, netlink.
"""

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from ruleset.resolved import ResolvedSite

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Range = tuple[int, int]

SPECIAL_RANGES = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "::/3",  # global unicast is 2000::/3 alone
    "4000::/2",
    "8000::/1",
)
WIDEST = {4: 8, 6: 19}  # bits; a wider network would cut off whole parts of the internet, so no list may hold it
SPECIAL = tuple(ip_network(text) for text in SPECIAL_RANGES)


class Ranges:
    """Disjoint sorted ranges of addresses of one family, as numbers, both ends included."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self.merged = merged(ranges)
        self._starts = [first for first, _ in self.merged]

    def overlaps(self, first: int, last: int) -> bool:
        at = bisect_right(self._starts, last) - 1
        return at >= 0 and self.merged[at][1] >= first


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Sorted, with overlapping and touching ranges put together."""
    result: list[Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result


def as_range(network: Network) -> Range:
    return int(network.network_address), int(network.broadcast_address)


def never_outside(site: ResolvedSite | None) -> dict[int, Ranges]:
    """By IP version: what is not the internet here. Documentation ranges are left usable: laboratories live in them."""
    networks: list[Network] = [*SPECIAL, *(_own(site) if site else ())]
    return {version: Ranges(as_range(n) for n in networks if n.version == version) for version in (4, 6)}


def _own(site: ResolvedSite) -> Iterable[Network]:
    for segment in site.segments:
        yield from segment.subnets
        yield from (ip_network(address) for address in segment.gateways)
    for outside in site.outsides:
        yield from (ip_network(address) for address in outside.addresses)
    for host in site.hosts:
        yield from (ip_network(address) for address in host.addresses)
