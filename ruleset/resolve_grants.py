"""Grants: the default matrix, packs, permits and video, all as one kind of value.

May live here: turning each of these sources into Grants with their origin. May not: rules of the kernel (compile*.py).
"""

from collections.abc import Iterator
from itertools import product

from ruleset.context import Context
from ruleset.document import Document
from ruleset.endpoints import device_side, side
from ruleset.packs import LoadedPack, PackGrant
from ruleset.platforms import Platform, load_platform
from ruleset.resolved import GATEWAY, INTERNET, Grant, Side, Traffic
from ruleset.services import traffic
from ruleset.tree import Origin

ECHO_RATE = 10
GUEST_RATE = 200


def service_traffic(context: Context, names: tuple[str, ...]) -> tuple[Traffic, ...]:
    """The ports behind service names, one Traffic a protocol."""
    tcp: list[str] = []
    udp: list[str] = []
    echo = False
    for name in names:
        for item in context.services[name].traffic:
            echo = echo or item.protocol == "echo"
            {"tcp": tcp, "udp": udp, "echo": []}[item.protocol].extend(str(r) for r in item.ports)
    return traffic(tcp, udp, echo)


def matrix_grants(context: Context) -> Iterator[Grant]:
    """What roles may do by default, from every pack in use."""
    for loaded in context.packs:
        for name, grant in loaded.pack.grants.items():
            yield from _pack_grant(context, loaded, name, grant)
    yield from _dhcp_grants(context)


def _pack_grant(context: Context, loaded: LoadedPack, name: str, grant: PackGrant) -> Iterator[Grant]:
    origin = Origin("pack", loaded.file, loaded.lines.get(f"grants.{name}", 1), grant.why)
    sources = _role_sides(context, grant.from_, grant.from_kinds)
    if grant.to in (INTERNET, GATEWAY):
        targets = [Side(grant.to, grant.to, learned=bool(grant.names))]
    else:
        targets = _role_sides(context, (grant.to,), grant.to_kinds)
    for source, target in product(sources, targets):
        if source.zone == target.zone:
            continue
        yield Grant(
            f"pack:{loaded.pack.pack}:{name}",
            source,
            target,
            service_traffic(context, grant.services),
            grant.services,
            origin,
            rate=_rate(context, source, target),
        )


def _rate(context: Context, source: Side, target: Side) -> int | None:
    """New connections a second for strangers, so that one guest cannot fill the connection table."""
    return GUEST_RATE if target.zone == INTERNET and context.role(source.zone) == "guest" else None


def _role_sides(context: Context, roles: tuple[str, ...], kinds: tuple[str, ...]) -> list[Side]:
    site = context.site
    zones = [name for name, zone in site.zones.items() if zone.role in roles]
    if not kinds:
        return [Side(name, name) for name in zones]
    devices = [n for n, d in site.devices.items() if d.zone in zones and d.kind in kinds and (d.ipv4 or d.ipv6)]
    return [device_side(name, site) for name in devices]


def _dhcp_grants(context: Context) -> Iterator[Grant]:
    """Zones with a dynamic range reach the gateway's DHCP server."""
    for name, zone in context.site.zones.items():
        if zone.dhcp is None:
            continue
        origin = Origin("core", "", 0, "The zone has a dynamic range, so its devices ask the gateway for addresses")
        yield Grant(
            "core:input:dhcp",
            Side(name, name),
            Side(GATEWAY, GATEWAY),
            service_traffic(context, ("dhcp",)),
            ("dhcp",),
            origin,
        )


def permit_grants(context: Context, document: Document) -> Iterator[Grant]:
    """What this clinic allows besides."""
    for name, permit in context.site.permits.items():
        origin = Origin("site", document.file, document.place(("permits", name)).line, permit.reason)
        sources = [side(word, context.site, outside_allowed=False) for word in permit.from_]
        targets = [side(word, context.site, outside_allowed=True) for word in permit.to]
        for source, target in product(sources, targets):
            yield Grant(
                f"permit:{name}",
                source,
                target,
                service_traffic(context, permit.services),
                permit.services,
                origin,
                context.moment(permit.expires),
                "permit",
                context.waived(name),
            )


def video_grants(context: Context, document: Document) -> Iterator[Grant]:
    """Approved platforms: their published ranges, and what a client learned for their names, on their ports."""
    for name, video in context.site.video.items():
        origin = Origin("site", document.file, document.place(("video", name)).line, video.reason)
        sources = [Side(zone, zone) for zone in video.zones]
        sources += [device_side(device, context.site) for device in video.devices]
        for source, platform_id in product(sources, video.platforms):
            platform = load_platform(platform_id)
            for target in _platform_sides(platform):
                yield Grant(
                    f"video:{name}:{platform_id}",
                    source,
                    target,
                    _platform_traffic(platform),
                    (platform_id,),
                    origin,
                    context.moment(video.expires),
                    "video",
                    context.waived(f"video:{name}"),
                )


def _platform_sides(platform: Platform) -> Iterator[Side]:
    if platform.ipv4 or platform.ipv6:
        yield Side(INTERNET, platform.platform, (*platform.ipv4, *platform.ipv6))
    if platform.domains:
        yield Side(INTERNET, platform.platform, learned=True)


def _platform_traffic(platform: Platform) -> tuple[Traffic, ...]:
    ports: dict[str, list[int | str]] = {"tcp": [], "udp": []}
    for flow in platform.flows:
        ports[flow.protocol].extend(flow.ports)
    return traffic(ports["tcp"], ports["udp"])
