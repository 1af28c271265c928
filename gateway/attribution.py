"""Which neighbour entries may count as addresses of a device.

Whoever is on a wire can claim any address there (ARP and neighbour discovery are not signed, RFC 4861 section 11.1),
and Linux makes an entry for any source of a solicitation. If such a claim were believed, a device could choose who else
is isolated with it. So an entry counts only where it is plausible and nobody else's.

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


def believed(
    seen: Iterable[Neighbour], site: ResolvedSite | None, name_of: Callable[[int], str] = interface_name
) -> Iterator[Neighbour]:
    """Entries of a zone's own interface, with an address of that zone (or link-local) that is neither the gateway's nor
    declared for another device."""
    if site is None:
        return
    by_interface = {segment.ifname: segment for segment in site.segments}
    owners = {address: host.mac for host in site.hosts for address in host.addresses}
    for entry in seen:
        segment = by_interface.get(name_of(entry.interface))
        if segment and _of_zone(entry, segment) and owners.get(entry.address, entry.mac) == entry.mac:
            yield entry


def _of_zone(entry: Neighbour, segment: Segment) -> bool:
    if entry.address in segment.gateways:
        return False
    return entry.address.is_link_local or any(entry.address in network for network in segment.subnets)
