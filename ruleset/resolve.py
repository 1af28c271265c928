"""From a checked Site to a ResolvedSite: every name looked up, every default written out as a Grant.

May live here: the meaning of packs, permits, forwards and video grants. May not: complaints (check*.py) or chains
and rules (compile*.py). Input has passed the checks, so nothing here can fail for a user's mistake.
"""

from datetime import datetime

from ruleset.check_network import ifname
from ruleset.context import Context
from ruleset.document import Document, Path
from ruleset.model import Site, Uplink, Uplink4, Uplink6
from ruleset.platforms import load_platform
from ruleset.resolve_grants import matrix_grants, permit_grants, video_grants
from ruleset.resolved import (
    Address,
    Host,
    Outside,
    PortForward,
    Refusal,
    ResolvedSite,
    Segment,
    VideoNames,
    host_network,
)
from ruleset.services import traffic
from ruleset.tree import Network, Origin

PAGE = "page"


def resolve(site: Site, document: Document, now: datetime) -> ResolvedSite:
    """The site as the compiler wants it. `now` decides which waivers are in force; expiry of grants is compile's."""
    context = Context(site, now)
    grants = (*matrix_grants(context), *permit_grants(context, document), *video_grants(context, document))
    return ResolvedSite(
        site=site,
        segments=_segments(site),
        outsides=tuple(_outside(name, uplink) for name, uplink in site.uplinks.items()),
        hosts=_hosts(site),
        grants=grants,
        refusals=_refusals(context),
        forwards=_forwards(context, document),
        video_names=_names(context),
        protected_names=_protected(context),
        closed_names=_closed(context),
        waived_invariants=frozenset(w.covers for w in site.waivers.values() if not context.expired(w.expires)),
        resolver_names=tuple(sorted({n for p in context.packs for n in p.pack.resolver_names})),
    )


def site_origin(document: Document, path: Path, why: str) -> Origin:
    """Where in site.yaml something stands."""
    return Origin("site", document.file, document.place(path).line, why)


def _segments(site: Site) -> tuple[Segment, ...]:
    trunk = site.trunk.port if site.trunk else None
    found = []
    for name, zone in site.zones.items():
        interfaces = [i for i in (zone.ipv4, zone.ipv6) if i is not None]
        found.append(
            Segment(
                name,
                zone.role,
                ifname(zone, trunk),
                tuple(i.network for i in interfaces),
                tuple(i.ip for i in interfaces),
                _answers_page(site, name),
            )
        )
    return tuple(found)


def _answers_page(site: Site, zone: str) -> bool:
    """Whether any policy there, of the zone, of certain hours or of one of its devices, answers with the block page."""
    policy = site.dns.zones.get(zone)
    overlays = [one for name, one in site.dns.devices.items() if site.devices[name].zone == zone]
    if policy is not None:
        overlays += policy.during.values()
    return (policy is not None and policy.block == PAGE) or any(one.block == PAGE for one in overlays)


def _outside(name: str, uplink: Uplink) -> Outside:
    fixed = [v.address for v in (uplink.ipv4, uplink.ipv6) if isinstance(v, (Uplink4, Uplink6))]
    return Outside(name, uplink.port, tuple(i.ip for i in fixed), tuple(i.network for i in fixed))


def _hosts(site: Site) -> tuple[Host, ...]:
    return tuple(
        Host(name, d.zone, d.mac, d.kind, tuple(a for a in (d.ipv4, d.ipv6) if a), d.criticality, d.label or name)
        for name, d in site.devices.items()
    )


def _refusals(context: Context) -> tuple[Refusal, ...]:
    found = []
    for loaded in context.packs:
        for name, refusal in loaded.pack.refusals.items():
            origin = Origin("pack", loaded.file, loaded.lines.get(f"refusals.{name}", 1), refusal.why)
            ports = traffic(refusal.tcp, refusal.udp)
            near = _near(context.site) if refusal.networks and not ports else ()
            found.append(Refusal(f"refuse:{loaded.pack.pack}:{name}", ports, origin, (*refusal.networks, *near)))
    return tuple(found)


def _near(site: Site) -> tuple[Network, ...]:
    """The uplinks' own subnets: the provider's router, and whoever else is on that wire."""
    return tuple(n for name, uplink in site.uplinks.items() for n in _outside(name, uplink).subnets)


def _forwards(context: Context, document: Document) -> tuple[PortForward, ...]:
    found = []
    for name, forward in context.site.forwards.items():
        device = context.site.devices[forward.to]
        addresses: tuple[Address, ...] = tuple(a for a in (device.ipv4, device.ipv6) if a)
        found.append(
            PortForward(
                f"forward:{name}",
                forward.uplink,
                forward.protocol,
                forward.port,
                forward.to,
                addresses,
                forward.to_port or forward.port,
                site_origin(document, ("forwards", name), forward.reason),
                context.moment(forward.expires),
            )
        )
    return tuple(found)


def _names(context: Context) -> tuple[VideoNames, ...]:
    """Names to pin: platforms of video grants, and names that packs grant."""
    site, found = context.site, []
    for name, grant in site.video.items():
        if context.expired(grant.expires):
            continue
        domains = tuple(sorted({d for p in grant.platforms for d in load_platform(p).domains}))
        found += [VideoNames(f"video:{name}", zone, (), domains) for zone in grant.zones]
        for device in grant.devices:
            found.append(
                VideoNames(f"video:{name}", site.devices[device].zone, _device_networks(site, device), domains)
            )
    for loaded in context.packs:
        for name, pack_grant in loaded.pack.grants.items():
            if pack_grant.names:
                zones = [z for z, zone in site.zones.items() if zone.role in pack_grant.from_]
                found += [VideoNames(f"pack:{loaded.pack.pack}:{name}", z, (), pack_grant.names) for z in zones]
    return tuple(found)


def _protected(context: Context) -> tuple[str, ...]:
    named = {n for p in context.packs for n in p.pack.protected_names}
    return tuple(sorted({*named, *_closed(context), *context.site.dns.protected}))


def _closed(context: Context) -> tuple[str, ...]:
    forwarded = {n for f in context.site.dns.forward.values() for n in f.names}
    return tuple(sorted({n for p in context.packs for n in p.pack.closed_names} | forwarded))


def _device_networks(site: Site, device: str) -> tuple[Network, ...]:
    value = site.devices[device]
    return tuple(host_network(a) for a in (value.ipv4, value.ipv6) if a)
