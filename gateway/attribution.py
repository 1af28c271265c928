"""Which neighbour entries may count as addresses of a device.

Whoever is on a wire can claim any address there (ARP and neighbour discovery are not signed, RFC 4861 section 11.1),
and Linux makes an entry for any source of a solicitation. If such a claim were believed, a device could choose who else
is isolated with it, or whose policy others get. So an entry counts only where it is plausible and nobody else's.

May live here: that judgement, as values. May not: reading the table (neighbours.py), changing anything.
"""

import socket
from collections.abc import Callable, Iterable, Iterator

from gateway.neighbours import Neighbour
from ruleset.resolved import ResolvedSite, Segment


def interface_name(index: int) -> str:
    """The interface of that number in the thread's namespace; empty when it is gone."""
    try:
        return socket.if_indextoname(index)
    except OSError:
        return ""


class Wires:
    """The zones' own interfaces of an applied site, made once for many entries."""

    def __init__(self, site: ResolvedSite, name_of: Callable[[int], str] = interface_name) -> None:
        self._name_of = name_of
        self._segments = {segment.ifname: segment for segment in site.segments}
        self._owners = {address: host.mac for host in site.hosts for address in host.addresses}

    def segment(self, entry: Neighbour) -> Segment | None:
        """The zone where an entry counts: on its own interface, with an address of that zone (or link-local) that is
        neither the gateway's nor declared for another device. None: it does not count."""
        segment = self._segments.get(self._name_of(entry.interface))
        if segment and _of_zone(entry, segment) and self._owners.get(entry.address, entry.mac) == entry.mac:
            return segment
        return None


def believed(
    seen: Iterable[Neighbour], site: ResolvedSite | None, name_of: Callable[[int], str] = interface_name
) -> Iterator[Neighbour]:
    """The entries that count in some zone."""
    if site is None:
        return
    wires = Wires(site, name_of)
    yield from (entry for entry in seen if wires.segment(entry) is not None)


def _of_zone(entry: Neighbour, segment: Segment) -> bool:
    if entry.address in segment.gateways:
        return False
    return entry.address.is_link_local or any(entry.address in network for network in segment.subnets)
