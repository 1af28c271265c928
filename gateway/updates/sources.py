"""The lists of a site as this package needs them, and what no list may touch.

May live here: taking these values from a site. May not: fetching, files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from gateway.enforcer.addresses import SPECIAL
from ruleset.model_dns import ADDRESS_CATEGORIES, DnsUpstream
from ruleset.resolved import ResolvedSite

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Source:
    """A list the site declares. `hours` between two looks; `minisign` is the key, `sha256` the address of the sums."""

    name: str
    path: str
    url: str = ""
    label: str = ""
    licence: str = ""
    category: str = ""
    hours: int = 24
    minisign: str = ""
    sha256: str = ""

    @property
    def is_addresses(self) -> bool:
        return self.category in ADDRESS_CATEGORIES


@dataclass(frozen=True, slots=True)
class Untouchable:
    """`names` no list may block, `networks` no address list may hold."""

    names: tuple[str, ...]
    networks: tuple[Network, ...]


def sources_of(site: ResolvedSite) -> tuple[Source, ...]:
    return tuple(
        Source(
            name,
            one.path,
            one.url or "",
            one.label or "",
            one.licence or "",
            one.category or "",
            one.hours,
            one.minisign or "",
            one.sha256 or "",
        )
        for name, one in site.site.dns.lists.items()
    )


def untouchable_of(site: ResolvedSite) -> Untouchable:
    """Protected and closed names, approved video platforms; the clinic's own and its resolvers' addresses."""
    video = (domain for grant in site.video_names for domain in grant.domains)
    named = {*site.protected_names, *site.closed_names, *video, *site.site.dns.protected}
    return Untouchable(tuple(sorted(named)), (*SPECIAL, *_own(site)))


def _own(site: ResolvedSite) -> Iterator[Network]:
    dns = site.site.dns
    for segment in site.segments:
        yield from segment.subnets
    for outside in site.outsides:
        yield from outside.subnets  # the provider's router too
    for host in site.hosts:
        yield from (ip_network(address) for address in host.addresses)
    for upstream in dns.upstreams:
        yield ip_network(upstream.server if isinstance(upstream, DnsUpstream) else upstream)
    for forward in dns.forward.values():
        yield from (ip_network(server) for server in forward.servers)
