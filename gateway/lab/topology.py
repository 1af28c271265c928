"""What the virtual clinic is made of, as values: hosts, cables between them, bridges, addresses and routes.

May live here: planning from a ResolvedSite. May not: the kernel (build.py does it) or nft text.

The gateway's interfaces bear the names and addresses of the real box, so that the production ruleset fits unchanged.
All zones end in one `switch` that has a bridge for each zone and no address: two PCs of a zone talk without crossing
the gateway. Uplinks end in `internet`, which is the provider's router and everything behind it; `attacker` stands
beyond that router. VLAN zones get a veth pair each instead of a tagged trunk. DHCP is static here: who has no fixed
address gets the first free one of the range.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_network
from typing import Literal

from gateway.lab.addresses import Addressing, Interface, lab_mac
from ruleset.resolved import Address, ResolvedSite, Segment
from ruleset.tree import Network

Kind = Literal["gateway", "switch", "device", "probe", "internet", "attacker"]
GATEWAY, SWITCH, INTERNET, ATTACKER = "gateway", "switch", "internet", "attacker"
ATTACKER_NETWORKS = ("192.0.2.0/24", "198.18.66.0/24", "2001:db8:bad::/64", "2001:db8:dead::/64")


@dataclass(frozen=True, slots=True)
class Port:
    """One end of a cable: an interface of a host. `bridge` names the bridge it is plugged into."""

    host: str
    ifname: str
    mac: str
    addresses: tuple[Interface, ...] = ()
    bridge: str = ""


@dataclass(frozen=True, slots=True)
class Cable:
    """A veth pair."""

    near: Port
    far: Port


@dataclass(frozen=True, slots=True)
class Route:
    """`via` a router, or `local`: every address of `to` is the host's own (ip-route(8), type local)."""

    host: str
    to: Network
    via: Address | None
    device: str
    metric: int = 0
    local: bool = False


@dataclass(frozen=True, slots=True)
class LabHost:
    """A namespace of the lab. `zone` is empty outside the zones; `mac` is that of `eth0`."""

    name: str
    kind: Kind
    zone: str = ""
    mac: str = ""
    addresses: tuple[Address, ...] = ()
    label: str = ""
    device_kind: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """The whole lab. Namespaces are called `cg-<lab>-<host>`."""

    lab: str
    hosts: tuple[LabHost, ...]
    cables: tuple[Cable, ...]
    bridges: tuple[str, ...]
    routes: tuple[Route, ...]

    def host(self, name: str) -> LabHost | None:
        """The host of that name."""
        return next((h for h in self.hosts if h.name == name), None)

    def members(self, zone: str) -> tuple[LabHost, ...]:
        """Devices of a zone, or its probe when it has none."""
        return tuple(h for h in self.hosts if h.zone == zone)

    def namespace(self, host: str) -> str:
        """The name under /run/netns."""
        return f"{prefix(self.lab)}{host}"

    def gateway_cables(self) -> tuple[Cable, ...]:
        """The cables that end in the gateway; `near` is the gateway's end."""
        return tuple(c for c in self.cables if c.near.host == GATEWAY)


def prefix(lab: str) -> str:
    """How the names of all namespaces of a lab begin."""
    return f"cg-{lab}-"


def plan(lab: str, resolved: ResolvedSite) -> Topology:
    """The lab for a site: the same site gives the same lab."""
    addressing = Addressing(resolved)
    zones = [_zone(number, segment, resolved, addressing) for number, segment in enumerate(resolved.segments)]
    outside = _outside(resolved, addressing)
    return Topology(
        lab,
        hosts=(
            LabHost(GATEWAY, "gateway"),
            LabHost(SWITCH, "switch"),
            *(host for zone in zones for host in zone.hosts),
            *outside.hosts,
        ),
        cables=(*outside.cables, *(cable for zone in zones for cable in zone.cables)),
        bridges=tuple(f"br{number}" for number in range(len(zones))),
        routes=(*outside.routes, *(route for zone in zones for route in zone.routes)),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    hosts: tuple[LabHost, ...]
    cables: tuple[Cable, ...]
    routes: tuple[Route, ...]


def _zone(number: int, segment: Segment, resolved: ResolvedSite, addressing: Addressing) -> _Part:
    bridge = f"br{number}"
    own = tuple(addressing.with_prefix(segment, address) for address in segment.gateways)
    uplink = Cable(
        Port(GATEWAY, segment.ifname, lab_mac("gateway", number), own),
        Port(SWITCH, f"gw{number}", lab_mac("switch", number), bridge=bridge),
    )
    hosts = tuple(_members(number, segment, resolved, addressing))
    cables = tuple(
        Cable(
            Port(host.name, "eth0", host.mac, tuple(addressing.with_prefix(segment, a) for a in host.addresses)),
            Port(SWITCH, f"p{number}-{index}", lab_mac("port", number, index), bridge=bridge),
        )
        for index, host in enumerate(hosts)
    )
    routes = tuple(
        Route(host.name, _everything(gateway.version), gateway, "eth0")
        for host in hosts
        for gateway in segment.gateways
    )
    return _Part(hosts, (uplink, *cables), routes)


def _members(number: int, segment: Segment, resolved: ResolvedSite, addressing: Addressing) -> Iterator[LabHost]:
    devices = [h for h in resolved.hosts if h.zone == segment.name]
    for device in devices:
        addresses = addressing.complete(segment, device.addresses, device.mac)
        yield LabHost(device.name, "device", segment.name, device.mac, addresses, device.label, device.kind)
    if not devices:
        mac = lab_mac("probe", number)
        addresses = addressing.complete(segment, (), mac)
        yield LabHost(f"probe-{segment.name}", "probe", segment.name, mac, addresses)


def _outside(resolved: ResolvedSite, addressing: Addressing) -> _Part:
    cables: list[Cable] = []
    routes: list[Route] = []
    for number, outside in enumerate(resolved.outsides):
        links = addressing.uplink(number, outside)
        cables.append(
            Cable(
                Port(GATEWAY, outside.ifname, lab_mac("uplink", number), tuple(link.own for link in links)),
                Port(INTERNET, f"up{number}", lab_mac("provider", number), tuple(link.provider for link in links)),
            )
        )
        for link in links:
            metric = 100 * (number + 1)
            routes.append(Route(GATEWAY, _everything(link.own.version), link.provider.ip, outside.ifname, metric))
            if link.own.version == 6:
                routes += [
                    Route(INTERNET, subnet, link.own.ip, f"up{number}", metric)
                    for segment in resolved.segments
                    for subnet in segment.subnets
                    if subnet.version == 6
                ]
    attacker = _attacker(addressing)
    anything = [Route(INTERNET, _everything(version), None, "lo", local=True) for version in (4, 6)]
    hosts = (LabHost(INTERNET, "internet"), *attacker.hosts)
    return _Part(hosts, (*cables, *attacker.cables), (*routes, *anything, *attacker.routes))


def _attacker(addressing: Addressing) -> _Part:
    networks = addressing.free(ATTACKER_NETWORKS)
    routers: tuple[Interface, ...] = tuple(_interface(network, 1) for network in networks)
    own: tuple[Interface, ...] = tuple(_interface(network, 0x66) for network in networks)
    mac = lab_mac("attacker")
    host = LabHost(ATTACKER, "attacker", "", mac, tuple(interface.ip for interface in own))
    cable = Cable(Port(ATTACKER, "eth0", mac, own), Port(INTERNET, "dark0", lab_mac("dark"), routers))
    routes = tuple(Route(ATTACKER, _everything(router.version), router.ip, "eth0") for router in routers)
    return _Part((host,), (cable,), routes)


def _interface(network: Network, offset: int) -> Interface:
    text = f"{network[offset]}/{network.prefixlen}"
    return IPv4Interface(text) if network.version == 4 else IPv6Interface(text)


def _everything(version: int) -> Network:
    return ip_network("0.0.0.0/0" if version == 4 else "::/0")
