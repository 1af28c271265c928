"""What the resolver needs of a site, as values of its own, and the one function that takes them from a site.

May live here: these values and that function. May not: files, sockets, the enforcer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from filters.dns_accounts import Detail
from filters.dns_exchange import DNS_PORT, PinGrant, Transport, Upstream
from filters.dns_leases import Declared, LeasePolicy, LeaseZone
from filters.dns_local import LocalHost
from filters.dns_rules import Allowance
from filters.names import BadNameError, Name, SuffixSet, from_text
from ruleset.model_dns import ADDRESS_CATEGORIES, DnsOverlay, DnsUpstream, DnsZone, Schedule
from ruleset.resolved import ResolvedSite, Segment, VideoNames

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
GATEWAY_LABEL = "gateway"  # the box's own name in the local domain
NO_POLICY = DnsZone.model_validate({})
NO_LEASES = LeasePolicy()
# Whoever stands in these zones chooses the names himself, and is nobody's to know.
NAMELESS_ROLES = frozenset({"guest", "staffwifi", "quar"})
# RFC 7858 section 3.1, RFC 8484 section 4 (HTTPS), RFC 9250 section 4.1.1
PORTS: dict[Transport, int] = {"plain": DNS_PORT, "tls": 853, "https": 443, "quic": 853}


@dataclass(frozen=True, slots=True)
class ZoneConfig:
    """One zone: who belongs to it, where it asks (the gateway's addresses), and the site's policy for it."""

    name: str
    networks: tuple[Network, ...]
    addresses: tuple[Address, ...]
    policy: DnsZone = NO_POLICY


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """A device with a policy of its own."""

    name: str
    zone: str
    addresses: tuple[Address, ...]
    overlay: DnsOverlay


@dataclass(frozen=True, slots=True)
class ResolverConfig:
    """All of it. `lists`: id -> path below the lists folder, `categories`: id -> the category it holds.

    `protected`: names that no list may block, what is below them included: what the packs say, and the approved video
    platforms, because a list that breaks consultations does more harm than it prevents.
    `resolvers`: public ones for encrypted DNS, whose names are blocked.
    `routes`: names of closed networks and who may be asked for them; nobody, when the site does not say.
    `leases`: who may get which name by DHCP. `site`: what tells whose an address is that turns up on the wire.
    """

    domain: str
    zones: tuple[ZoneConfig, ...]
    upstreams: tuple[Upstream, ...]
    lists: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[LocalHost, ...] = ()
    pins: tuple[PinGrant, ...] = ()
    protected: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    routes: Mapping[Name, tuple[Upstream, ...]] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[DeviceConfig, ...] = ()
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    timezone: str = "UTC"
    remove_ech: bool = True
    leases: LeasePolicy = NO_LEASES
    site: ResolvedSite | None = None
    log: Detail = "off"
    allowances: tuple[Allowance, ...] = ()

    @property
    def networks(self) -> tuple[Network, ...]:
        return tuple(network for zone in self.zones for network in zone.networks)


def config_of(site: ResolvedSite) -> ResolverConfig:
    """The resolver's part of an applied site."""
    dns = site.site.dns
    zones = (
        ZoneConfig(segment.name, segment.subnets, segment.gateways, dns.zones.get(segment.name, NO_POLICY))
        for segment in site.segments
    )
    gateway = LocalHost(GATEWAY_LABEL, tuple(address for segment in site.segments for address in segment.gateways))
    hosts = [LocalHost(host.name, host.addresses) for host in site.hosts if host.name != GATEWAY_LABEL]
    return ResolverConfig(
        domain=site.site.clinic.domain,
        zones=tuple(zones),
        upstreams=tuple(_upstream(one) for one in dns.upstreams),
        lists={name: one.path for name, one in dns.lists.items() if one.category not in ADDRESS_CATEGORIES},
        hosts=(gateway, *hosts),
        pins=tuple(_grant(names) for names in site.video_names),
        protected=(*site.protected_names, *(domain for names in site.video_names for domain in names.domains)),
        resolvers=site.resolver_names,
        routes=routes_of(site),
        categories={name: one.category for name, one in dns.lists.items() if one.category is not None},
        devices=tuple(
            DeviceConfig(host.name, host.zone, host.addresses, dns.devices[host.name])
            for host in site.hosts
            if host.name in dns.devices
        ),
        schedules=dns.schedules,
        timezone=site.site.clinic.timezone,
        remove_ech=dns.remove_ech,
        log=dns.log.detail,
        leases=leases_of(site),
        site=site,
    )


def leases_of(site: ResolvedSite) -> LeasePolicy:
    """Where DHCP gives addresses, and what it must leave alone."""
    taken = {address for segment in site.segments for address in segment.gateways}
    taken.update(address for host in site.hosts for address in host.addresses)
    return LeasePolicy(
        tuple(_lease_zone(site, segment) for segment in site.segments),
        tuple(Declared(host.name, host.zone, host.mac) for host in site.hosts),
        frozenset(taken),
    )


def routes_of(site: ResolvedSite) -> dict[Name, tuple[Upstream, ...]]:
    """Names of closed networks -> the resolvers `dns.forward` gives them, else none: a public resolver is no way out.

    A name below a forwarded one goes where that one goes, although a pack names it too.
    """
    forwards = {
        name: tuple(Upstream(str(server)) for server in forward.servers)
        for forward in site.site.dns.forward.values()
        for name in suffix_names(forward.names)
    }
    known = SuffixSet(forwards)
    closed = {name: forwards.get(known.find(name) or b"", ()) for name in suffix_names(site.closed_names)}
    return {**closed, **forwards}


def suffix_names(domains: Iterable[str]) -> frozenset[Name]:
    """`example.com` and `*.example.com` both stand for the name and all below it; what is no name is left out."""
    found: set[Name] = set()
    for domain in domains:
        try:
            found.add(from_text(domain.removeprefix("*.")))
        except BadNameError:
            continue
    return frozenset(found)


def _lease_zone(site: ResolvedSite, segment: Segment) -> LeaseZone:
    dhcp = site.site.zones[segment.name].dhcp
    first, last = (dhcp.first, dhcp.last) if dhcp else (None, None)
    networks = tuple(network for network in segment.subnets if network.version == 6)
    return LeaseZone(segment.name, first, last, networks, segment.role not in NAMELESS_ROLES)


def _upstream(one: Address | DnsUpstream) -> Upstream:
    if not isinstance(one, DnsUpstream):
        return Upstream(str(one))
    path = one.path if one.transport == "https" else ""
    return Upstream(str(one.server), one.port or PORTS[one.transport], one.transport, one.name or "", path)


def _grant(names: VideoNames) -> PinGrant:
    clients = frozenset(address for network in names.clients for address in _hosts(network))
    return PinGrant(names.zone, suffix_names(names.domains), clients)


def _hosts(network: Network) -> tuple[Address, ...]:
    """A device stands in a grant as a network of one."""
    return (network.network_address,) if network.num_addresses == 1 else ()
