"""Who sent a packet and where it wanted to go, in the site's own words.

The zone is where the packet physically came in; addresses can lie, interfaces cannot. A device is named by its hardware
address there; an address counts only when the kernel told no hardware address. In the zones of guests and of staff's
own phones nobody is told apart: what is recorded there is the zone.

May live here: these look-ups over the applied site. May not: sockets, the store.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

from gateway.applied import AppliedSite
from gateway.events import Source
from ruleset.resolved import GATEWAY, INTERNET, Host

Address = IPv4Address | IPv6Address
ZONE_ONLY_ROLES = frozenset({"guest", "staffwifi"})
InterfaceName = Callable[[int], str]
Seen = Callable[[Address], str]


class Directory:
    """Look-ups for one applied site; `interface_name` turns an interface index into a name (empty when unknown).

    `seen` tells the declared device at an address that nobody declared (empty when unknown): gateway/sightings.py.
    """

    def __init__(self, applied: AppliedSite | None, interface_name: InterfaceName, seen: Seen | None = None) -> None:
        self._seen = seen
        self._resolved = applied.resolved if applied else None
        self._interface_name = interface_name
        hosts = applied.resolved.hosts if applied else ()
        self._by_mac = {host.mac: host for host in hosts if host.mac}
        self._by_address: dict[Address, Host] = {address: host for host in hosts for address in host.addresses}

    def sender(self, indev: int, mac: str, address: Address) -> Source:
        """Who sent a packet that came in by interface `indev` (0: the gateway itself)."""
        if indev == 0:
            return Source(GATEWAY, "")
        zone = self._zone_of_interface(indev)
        if zone == INTERNET:
            return Source(INTERNET, str(address))
        return self._named(zone, mac, address)

    def client(self, address: Address) -> Source:
        """Who asked the resolver: only the address is known."""
        segment = self._resolved.segment_of(address) if self._resolved else None
        return self._named(segment.name if segment else "", "", address)

    def target(self, outdev: int, address: Address) -> tuple[str, str]:
        """Where a packet wanted to go (`internet`, `gateway` or a zone) and the name of what is there."""
        host = self._by_address.get(address)
        name = host.name if host else str(address)
        zone = self._zone_of_interface(outdev) if outdev else ""
        if zone:
            return zone, name
        if self._resolved is None:
            return "", name
        if self._resolved.is_gateway(address) or address.is_multicast or address.is_link_local:
            return GATEWAY, name
        segment = self._resolved.segment_of(address)
        return (segment.name if segment else INTERNET), name

    def _named(self, zone: str, mac: str, address: Address) -> Source:
        role = self._role(zone)
        if not role or role in ZONE_ONLY_ROLES:  # an unknown place might be theirs
            return Source(zone, "")
        host = self._by_mac.get(mac) if mac else self._by_address.get(address)
        if host is not None:
            return Source(zone, host.name)
        return Source(zone, (self._seen(address) if self._seen and not mac else "") or str(address))

    def _role(self, zone: str) -> str:
        segment = self._resolved.segment(zone) if self._resolved else None
        return segment.role if segment else ""

    def _zone_of_interface(self, index: int) -> str:
        name = self._interface_name(index)
        if self._resolved is None or not name:
            return ""
        if any(outside.ifname == name for outside in self._resolved.outsides):
            return INTERNET
        return next((s.name for s in self._resolved.segments if s.ifname == name), "")
