"""Checks of the network itself: ports, VLANs, subnets, devices.

May live here: complaints about uplinks, zones and devices. May not: who may talk to whom (check_policy.py).
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import combinations

from ruleset.check import Checks
from ruleset.context import zone_info
from ruleset.document import Path
from ruleset.endpoints import RESERVED
from ruleset.model import Device, Uplink, Uplink4, Uplink6, Zone
from ruleset.tree import Network

IFNAME_MAX = 15
KERNEL_NAMES = ("lo", "all", "default")
NOT_FOR_CLINICS = (
    ip_network("127.0.0.0/8"),
    ip_network("224.0.0.0/3"),
    ip_network("0.0.0.0/8"),
    ip_network("169.254.0.0/16"),
    ip_network("ff00::/8"),
    ip_network("fe80::/10"),
    ip_network("::/8"),
)


def ifname(zone: Zone, trunk_port: str | None) -> str:
    """The interface a zone lives on: its own port, or `trunk.vlan` (the kernel's usual name for a VLAN)."""
    return zone.port or f"{trunk_port}.{zone.vlan}"


def check_network(checks: Checks) -> None:
    """Uplinks, zones, devices, in the order of the file."""
    site = checks.context.site
    if zone_info(site.clinic.timezone) is None:
        checks.error(
            ("clinic", "timezone"),
            "timezone",
            f"{site.clinic.timezone!r} is no IANA time zone",
            "for example Asia/Tokyo or Europe/Paris",
        )
    for name, uplink in site.uplinks.items():
        _uplink(checks, ("uplinks", name), uplink)
    for name, zone in site.zones.items():
        _zone(checks, ("zones", name), zone)
    _one_interface_each(checks)
    _no_overlap(checks)
    for name, device in site.devices.items():
        _device(checks, name, device)
    _unique_devices(checks)
    _unique_names(checks)
    if not any(z.role == "mgmt" for z in site.zones.values()):
        checks.error(
            ("zones",),
            "no-admin",
            "no zone has the role mgmt: nobody could reach the gateway any more",
            "add a zone with role mgmt for the technician",
        )


def _uplink(checks: Checks, path: Path, uplink: Uplink) -> None:
    for family, value in (("ipv4", uplink.ipv4), ("ipv6", uplink.ipv6)):
        if not isinstance(value, (Uplink4, Uplink6)):
            continue
        if value.gateway not in value.address.network and not value.gateway.is_link_local:
            checks.error(
                (*path, family, "gateway"),
                "gateway-outside",
                f"gateway {value.gateway} is not in {value.address.network}",
                "check address and prefix",
            )
        if value.gateway == value.address.ip:
            checks.error(
                (*path, family, "gateway"),
                "gateway-self",
                f"{value.gateway} is this box's own address",
                "write the address of the provider's router",
            )
    if uplink.ipv4 == "none" and uplink.ipv6 == "none":
        checks.error(path, "no-family", f"{path[-1]}: neither IPv4 nor IPv6", "an uplink needs one of them")


def _zone(checks: Checks, path: Path, zone: Zone) -> None:
    if (zone.vlan is None) == (zone.port is None):
        checks.error(path, "vlan-or-port", f"{path[-1]}: needs either a vlan or a port", "give exactly one of the two")
    if zone.vlan is not None and checks.context.site.trunk is None:
        checks.error(
            (*path, "vlan"),
            "no-trunk",
            f"{path[-1]}: VLAN {zone.vlan} has no trunk to live on",
            "add `trunk: {port: eth1}`",
        )
    if zone.ipv4 is None and zone.ipv6 is None:
        checks.error(
            path, "no-subnet", f"{path[-1]}: has neither ipv4 nor ipv6", "give the gateway's address with prefix"
        )
    if zone.ipv4 is not None:
        _subnet(checks, (*path, "ipv4"), zone.ipv4.network, zone.ipv4.ip, 8, 30)
    if zone.ipv6 is not None:
        _subnet(checks, (*path, "ipv6"), zone.ipv6.network, zone.ipv6.ip, 64, 64)
    if zone.dhcp is not None:
        _dhcp(checks, path, zone)


def _subnet(checks: Checks, path: Path, network: Network, address: object, shortest: int, longest: int) -> None:
    zone = path[-2]
    if not shortest <= network.prefixlen <= longest:
        wanted = f"/{shortest}" if shortest == longest else f"/{shortest} to /{longest}"
        checks.error(path, "prefix", f"{zone}: prefix /{network.prefixlen} does not fit", f"use {wanted}")
    elif any(network.version == n.version and network.overlaps(n) for n in NOT_FOR_CLINICS):
        checks.error(
            path,
            "subnet",
            f"{zone}: {network} is not usable in a clinic's network",
            "use 10.x.y.1/24 or a /64 of your own",
        )
    elif address in (network.network_address, network.broadcast_address):
        checks.error(
            path, "subnet", f"{zone}: {address} is the network's own address, not a host's", "usually .1 or ::1"
        )


def _dhcp(checks: Checks, path: Path, zone: Zone) -> None:
    assert zone.dhcp is not None
    first, last = zone.dhcp.first, zone.dhcp.last
    where = (*path, "dhcp")
    if zone.ipv4 is None or first not in zone.ipv4.network or last not in zone.ipv4.network or first > last:
        checks.error(
            where,
            "dhcp-range",
            f"{path[-1]}: {first} to {last} is not a range in the zone's subnet",
            "first and last lie in ipv4, the lower one first",
        )
    elif first <= zone.ipv4.ip <= last:
        checks.error(
            where, "dhcp-range", f"{path[-1]}: the range holds the gateway's own address {zone.ipv4.ip}", "leave it out"
        )


def _one_interface_each(checks: Checks) -> None:
    site = checks.context.site
    trunk = site.trunk.port if site.trunk else None
    seen: dict[str, str] = dict.fromkeys(KERNEL_NAMES, "the kernel")
    if site.trunk:
        _claim(checks, seen, site.trunk.port, "trunk", ("trunk", "port"))
    for name, uplink in site.uplinks.items():
        _claim(checks, seen, uplink.port, name, ("uplinks", name, "port"))
    for name, zone in site.zones.items():
        if zone.port:
            _claim(checks, seen, zone.port, name, ("zones", name, "port"))
        elif zone.vlan and trunk:
            _claim(checks, seen, ifname(zone, trunk), name, ("zones", name, "vlan"))


def _claim(checks: Checks, seen: dict[str, str], interface: str, owner: str, path: Path) -> None:
    if interface in seen:
        checks.error(
            path,
            "interface-twice",
            f"{owner}: {interface} already belongs to {seen[interface]}",
            "each VLAN id and each port has one owner",
        )
    elif len(interface) > IFNAME_MAX:
        checks.error(
            path, "interface-name", f"{owner}: {interface!r} is longer than {IFNAME_MAX} characters", "rename the port"
        )
    seen.setdefault(interface, owner)


def _networks(checks: Checks) -> list[tuple[str, Path, IPv4Network | IPv6Network]]:
    site = checks.context.site
    found: list[tuple[str, Path, IPv4Network | IPv6Network]] = []
    for name, zone in site.zones.items():
        for family, interface in (("ipv4", zone.ipv4), ("ipv6", zone.ipv6)):
            if interface is not None:
                found.append((name, ("zones", name, family), interface.network))
    for name, uplink in site.uplinks.items():
        for family, value in (("ipv4", uplink.ipv4), ("ipv6", uplink.ipv6)):
            if isinstance(value, (Uplink4, Uplink6)):
                found.append((name, ("uplinks", name, family), value.address.network))
    return found


def _no_overlap(checks: Checks) -> None:
    for (one, _, net), (other, path, other_net) in combinations(_networks(checks), 2):
        if net.version == other_net.version and net.overlaps(other_net):
            checks.error(
                path, "overlap", f"{other}: {other_net} overlaps {net} of {one}", "give each zone a subnet of its own"
            )


def _device(checks: Checks, name: str, device: Device) -> None:
    zone = checks.context.site.zones.get(device.zone)
    path: Path = ("devices", name)
    if zone is None:
        checks.error(
            (*path, "zone"),
            "dangling",
            f"{name}: there is no zone {device.zone!r}",
            "zones: " + ", ".join(checks.context.site.zones),
        )
        return
    for family, address, interface in (("ipv4", device.ipv4, zone.ipv4), ("ipv6", device.ipv6, zone.ipv6)):
        if address is None:
            continue
        where = (*path, family)
        if interface is None or address not in interface.network:
            subnet = interface.network if interface else "nothing of that family"
            checks.error(
                where,
                "device-outside",
                f"{name}: {address} is outside zone {device.zone!r} ({subnet})",
                "give it an address of its zone, or move it to the right zone",
            )
        elif address in (interface.ip, interface.network.network_address, interface.network.broadcast_address):
            checks.error(
                where, "device-address", f"{name}: {address} is the gateway's or the network's own", "take another"
            )
        elif zone.dhcp and family == "ipv4" and zone.dhcp.first <= address <= zone.dhcp.last:  # type: ignore[operator]
            checks.error(
                where,
                "device-address",
                f"{name}: {address} lies in the dynamic range of {device.zone!r}",
                "fixed addresses stay outside of it",
            )
    if int(device.mac[:2], 16) & 1 or device.mac == "00:00:00:00:00:00":
        checks.error(
            (*path, "mac"), "mac", f"{name}: {device.mac} is no address of a single device", "read it off the device"
        )


def _unique_devices(checks: Checks) -> None:
    seen: dict[object, str] = {}
    for name, device in checks.context.site.devices.items():
        for key in ("mac", "ipv4", "ipv6"):
            value = getattr(device, key)
            if value is not None and value in seen:
                checks.error(
                    ("devices", name, key),
                    "twice",
                    f"{name}: {value} already belongs to {seen[value]}",
                    "each address has one owner",
                )
            elif value is not None:
                seen[value] = name


def _unique_names(checks: Checks) -> None:
    site = checks.context.site
    for name in site.devices:
        if name in site.zones:
            checks.error(("devices", name), "twice", f"{name!r} names a zone and a device", "rename one of the two")
    for section, names in (("devices", site.devices), ("zones", site.zones), ("uplinks", site.uplinks)):
        for name in names:
            if name in RESERVED:
                checks.error(
                    (section, name), "reserved", f"{name!r} already means something here", "choose another name"
                )
