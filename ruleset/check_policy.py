"""Checks of who may talk to whom: permits, forwards, DNS, video, waivers, packs.

May live here: complaints about policy. May not: the policy itself (packs/*.yaml) or its meaning (resolve.py).
"""

from ruleset.check import Checks, known
from ruleset.check_dns import check_dns
from ruleset.context import ANY
from ruleset.document import Path
from ruleset.endpoints import EndpointError, side
from ruleset.model import Forward, Permit, VideoGrant
from ruleset.packs import pack_names
from ruleset.platforms import platform_names
from ruleset.resolved import GATEWAY, INTERNET, Side
from ruleset.services import KnownService, port_range, traffic

NO_INTERNET_ROLES = ("med", "cam", "prn")
INVARIANT_WAIVERS = ("med-no-internet", "cam-no-internet", "prn-no-internet")


def check_policy(checks: Checks) -> None:
    """Everything that names something else, in the order of the file."""
    _services(checks)
    for name, permit in checks.context.site.permits.items():
        _permit(checks, name, permit)
    _forwards(checks)
    check_dns(checks)
    for name, grant in checks.context.site.video.items():
        _video(checks, name, grant)
    known(checks, ("packs",), checks.context.site.packs, pack_names(), "pack")
    _waivers(checks)


def _services(checks: Checks) -> None:
    for name, service in checks.context.site.services.items():
        known = checks.context.services.get(name)
        if known and known.source != "site":
            checks.error(
                ("services", name), "twice", f"{name!r} is already defined by pack {known.source!r}", "rename it"
            )
        if not service.tcp and not service.udp:
            checks.error(
                ("services", name), "empty", f"{name}: neither tcp nor udp ports", "a service needs at least one"
            )
        for key, ports in (("tcp", service.tcp), ("udp", service.udp)):
            for index, port in enumerate(ports):
                try:
                    port_range(port)
                except ValueError as error:
                    checks.error(
                        ("services", name, key, index), "port-range", f"{name}: {error}", "for example 5000-5010"
                    )


def _sides(checks: Checks, path: Path, words: tuple[str, ...], *, outside_allowed: bool) -> list[Side]:
    found = []
    listed = isinstance(_raw(checks, path), list)
    for index, word in enumerate(words):
        where = (*path, index) if listed else path
        try:
            found.append(side(word, checks.context.site, outside_allowed=outside_allowed))
        except EndpointError as error:
            checks.error(where, error.code, f"{path[-2]}: {error.what}", error.hint)
    return [s for s in found if s.zone in (INTERNET, GATEWAY) or s.zone in checks.context.site.zones]


def _raw(checks: Checks, path: Path) -> object:
    value = checks.document.data
    for part in path:
        value = value[part]
    return value


def _permit(checks: Checks, name: str, permit: Permit) -> None:
    path: Path = ("permits", name)
    sources = _sides(checks, (*path, "from"), permit.from_, outside_allowed=False)
    targets = _sides(checks, (*path, "to"), permit.to, outside_allowed=True)
    known(checks, (*path, "services"), permit.services, dict.fromkeys(checks.context.services), "service")
    checks.expiry(path, permit.expires)
    services = [checks.context.services[s] for s in permit.services if s in checks.context.services]
    for source in sources:
        for target in targets:
            _pair(checks, name, source, target, services)


def _pair(checks: Checks, name: str, source: Side, target: Side, services: list[KnownService]) -> None:
    path: Path = ("permits", name)
    if source.zone == target.zone:
        checks.error(
            path,
            "same-zone",
            f"{name}: {source.label} and {target.label} are in one zone; their packets do not cross the gateway",
            "put them in two zones if the gateway shall decide",
        )
        return
    if not _share_family(checks, source, target):
        checks.error(
            path,
            "no-common-family",
            f"{name}: {source.label} and {target.label} have no address family in common",
            "give both IPv4 or both IPv6 addresses",
        )
    if checks.context.waived(name):
        return
    for what in _too_wide(checks, source, target, services):
        checks.error(
            path,
            "needs-waiver",
            f"{name}: {what}",
            f"narrow it, or add a waiver with `covers: {name}`, its reason, owner and expiry",
        )


def _share_family(checks: Checks, source: Side, target: Side) -> bool:
    return bool(_families(checks, source) & _families(checks, target))


def _families(checks: Checks, end: Side) -> set[int]:
    if end.networks:
        return {n.version for n in end.networks}
    zone = checks.context.site.zones.get(end.zone)
    if zone is None:
        return {4, 6}
    return {version for version, value in ((4, zone.ipv4), (6, zone.ipv6)) if value is not None}


def _too_wide(checks: Checks, source: Side, target: Side, services: list[KnownService]) -> list[str]:
    context = checks.context
    from_role, to_role = context.role(source.zone), context.role(target.zone)
    allowed = context.permitted_services(source.zone, target.zone)
    if not allowed:
        return [f"{from_role} to {to_role} is closed by the default policy"]
    found = []
    for service in services:
        if service.wide:
            found.append(f"service {service.name!r} opens more ports than one program needs")
        elif ANY not in allowed and service.name not in allowed:
            found.append(f"{from_role} to {to_role} allows {', '.join(sorted(allowed))}, not {service.name!r}")
        if target.zone == INTERNET and (refused := _refused(checks, service)):
            found.append(f"service {service.name!r} is always refused towards the internet ({refused})")
    return found


def _refused(checks: Checks, service: KnownService) -> str:
    for loaded in checks.context.packs:
        for name, refusal in loaded.pack.refusals.items():
            if refusal.networks:  # only there, and a permit that names the address is enough
                continue
            for no in traffic(refusal.tcp, refusal.udp):
                for t in service.traffic:
                    if t.protocol == no.protocol and any(
                        a.first <= b.last and b.first <= a.last for a in t.ports for b in no.ports
                    ):
                        return name
    return ""


def _forwards(checks: Checks) -> None:
    site = checks.context.site
    seen: dict[tuple[str, str, int], str] = {}
    for name, forward in site.forwards.items():
        path: Path = ("forwards", name)
        checks.expiry(path, forward.expires)
        if forward.uplink not in site.uplinks:
            checks.error(
                (*path, "uplink"),
                "dangling",
                f"{name}: there is no uplink {forward.uplink!r}",
                "uplinks: " + ", ".join(site.uplinks),
            )
        _forward_target(checks, path, name, forward)
        key = (forward.uplink, forward.protocol, forward.port)
        if key in seen:
            checks.error(
                (*path, "port"),
                "twice",
                f"{name}: {forward.protocol}/{forward.port} is already forwarded by {seen[key]}",
                "one port leads to one device",
            )
        seen.setdefault(key, name)


def _forward_target(checks: Checks, path: Path, name: str, forward: Forward) -> None:
    site = checks.context.site
    device = site.devices.get(forward.to)
    if device is None:
        checks.error(
            (*path, "to"), "dangling", f"{name}: there is no device {forward.to!r}", "forwards lead to declared devices"
        )
        return
    if device.ipv4 is None and device.ipv6 is None:
        checks.error((*path, "to"), "no-address", f"{name}: device {forward.to!r} has no fixed address", "give it one")
    zone = site.zones.get(device.zone)
    if zone and zone.role in NO_INTERNET_ROLES and not checks.context.waived(f"forward:{name}"):
        checks.error(
            path,
            "needs-waiver",
            f"{name}: opens a {zone.role} device to the internet",
            f"use a VPN instead, or add a waiver with `covers: forward:{name}`",
        )


def _video(checks: Checks, name: str, grant: VideoGrant) -> None:
    site, path = checks.context.site, ("video", name)
    checks.expiry(path, grant.expires)
    if not grant.zones and not grant.devices:
        checks.error(path, "empty", f"{name}: names neither zones nor devices", "say who may use these platforms")
    known(checks, (*path, "zones"), grant.zones, dict.fromkeys(site.zones), "zone")
    known(checks, (*path, "devices"), grant.devices, dict.fromkeys(site.devices), "device")
    known(checks, (*path, "platforms"), grant.platforms, platform_names(), "platform")
    zones = {z for z in grant.zones if z in site.zones}
    zones |= {site.devices[d].zone for d in grant.devices if d in site.devices and site.devices[d].zone in site.zones}
    for zone in sorted(zones):
        role = site.zones[zone].role
        if role in (*NO_INTERNET_ROLES, "quar", "guest", "backup") and not checks.context.waived(f"video:{name}"):
            checks.error(
                path,
                "needs-waiver",
                f"{name}: zone {zone!r} has the role {role}, which makes no calls",
                f"leave it out, or add a waiver with `covers: video:{name}`",
            )
    for index, word in enumerate(grant.devices):
        device = site.devices.get(word)
        if device and device.ipv4 is None and device.ipv6 is None:
            checks.error(
                (*path, "devices", index),
                "no-address",
                f"{name}: device {word!r} has no fixed address",
                "give it one, or name its zone",
            )


def _waivers(checks: Checks) -> None:
    site = checks.context.site
    known = {
        *site.permits,
        *(f"forward:{n}" for n in site.forwards),
        *(f"video:{n}" for n in site.video),
        *INVARIANT_WAIVERS,
    }
    for name, waiver in site.waivers.items():
        checks.expiry(("waivers", name), waiver.expires)
        if waiver.covers not in known:
            checks.error(
                ("waivers", name, "covers"),
                "dangling",
                f"{name}: covers {waiver.covers!r}, which does not exist",
                "a permit's id, forward:ID, video:ID, or one of " + ", ".join(INVARIANT_WAIVERS),
            )
