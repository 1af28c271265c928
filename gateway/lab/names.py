"""The names of the lab's internet, and the addresses they lead to.

May live here: choosing names and addresses for a site, looking one up. May not: DNS messages (dns_records.py), sockets.

Names and addresses of video platforms are those of the catalogue, so that a lab's call goes where a real one goes.
Everything else lives in documentation networks (RFC 5737, RFC 3849). A domain stands for itself and all below it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from zlib import crc32

from ruleset.model_dns import ADDRESSES, DOH_ADDRESSES
from ruleset.platforms import Platform, load_platform, platform_names
from ruleset.resolved import Address, ResolvedSite
from ruleset.tree import Network

NET4, NET6 = "198.51.100", "2001:db8:fffe:"
PLAIN = ("example.com", "example.net", "example.org", "example.test", "lab.test", "clinic.example")
LISTED = ("malware.test", "tracker.test", "phishing.test", "ads.example.net")
SEARCH = (
    "google.com", "forcesafesearch.google.com", "bing.com", "strict.bing.com", "duckduckgo.com", "safe.duckduckgo.com",
    "youtube.com", "restrict.youtube.com",
)  # fmt: skip
# What stands in for public resolvers that also speak encrypted DNS: a well-known one with its real name and addresses,
# nobody real behind, and one that only lists know.
PUBLIC_DNS = {"dns.google": ("8.8.8.8", "2001:4860:4860::8888")}
LISTED_DNS = {"doh.example.org": ("9.8.7.6", "2a00:5353::53")}
# A public name that leads into a clinic (rebinding): addresses of the kind that are inside anywhere.
INWARD = {"rebind.example": ("192.168.1.1", "fd00::1")}
# Innocent at the head, blocked behind it; and an ordinary alias.
ALIASES = {"images.example.com": "cdn.tracker.test", "shop.example.com": "www.example.net"}
# A name that offers to hide itself in the TLS greeting (RFC 9848), as a browser would find it.
ECH = "AEX+DQBBAQAgACBXlSzXTIoIVNHiBkNmnfJmpS3HbAnL4ox5kXp2XzZeXAAEAAEAAQASY292ZXIuZXhhbXBsZS50ZXN0AAA="
HTTPS = {"hidden.example.com": (f"1 . alpn=h2 ech={ECH}",)}
STAND_IN_OFFSET = 10  # the address of a platform's range that answers for all its names


@dataclass(frozen=True, slots=True)
class LabNames:
    """Domains and where they lead, IPv4 and IPv6 together.

    `aliases` and `https` (rdata as text) are of one name alone. `closed`: a server of a closed network -> the domains
    that it knows, and nobody else; it knows no others."""

    domains: Mapping[str, tuple[Address, ...]]
    aliases: Mapping[str, str] = field(default_factory=dict)
    https: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: Mapping[str, Mapping[str, tuple[Address, ...]]] = field(default_factory=dict)

    def known_at(self, server: str) -> "LabNames":
        """What the server at that address knows."""
        own = self.closed.get(server)
        return self if own is None else LabNames(own)

    def find(self, name: str) -> tuple[Address, ...] | None:
        """The addresses of `name` (lower case, no dot at its end); None when the name does not exist."""
        labels = name.split(".")
        for start in range(len(labels)):
            found = self.domains.get(".".join(labels[start:]))
            if found is not None:
                return found
        return None

    def is_parent(self, name: str) -> bool:
        """Whether names exist below `name`: then it exists too, without addresses (RFC 8020)."""
        return name == "" or any(domain.endswith(f".{name}") for domain in self.domains)

    def tops(self) -> frozenset[str]:
        """The names below the root: each is a zone of its own."""
        return frozenset(domain.rpartition(".")[2] for domain in self.domains)

    def certificate_names(self) -> list[str]:
        """Names for the servers' certificate, one more label in front included."""
        everywhere = {domain for own in (self.domains, *self.closed.values()) for domain in own}
        return [form for domain in sorted(everywhere) for form in (domain, f"*.{domain}")]


def lab_names(resolved: ResolvedSite) -> LabNames:
    """Everything that resolves in the lab of that site: platforms, names of its grants and packs, examples."""
    domains: dict[str, tuple[Address, ...]] = {}
    for platform in (load_platform(name) for name in platform_names()):
        for domain in platform.domains:
            domains[domain] = stand_ins(platform) or _documentation(domain)
    granted = [domain for names in resolved.video_names for domain in names.domains]
    for domain in (*granted, *resolved.protected_names, *PLAIN, *LISTED, *SEARCH):
        domains.setdefault(domain, _documentation(domain))
    for domain, addresses in (PUBLIC_DNS | LISTED_DNS | INWARD).items():
        domains[domain] = tuple(ip_address(address) for address in addresses)
    closed = _closed(resolved)
    inside = {domain for own in closed.values() for domain in own}
    outside = {domain: found for domain, found in domains.items() if not _below(domain, inside)}
    return LabNames(outside, ALIASES, HTTPS, closed)


def _closed(resolved: ResolvedSite) -> dict[str, dict[str, tuple[Address, ...]]]:
    """Each server of `dns.forward`, and the names it is asked for."""
    found: dict[str, dict[str, tuple[Address, ...]]] = {}
    for forward in resolved.site.dns.forward.values():
        for server in forward.servers:
            own = found.setdefault(str(server), {})
            own |= {name: _documentation(name) for name in (one.removeprefix("*.") for one in forward.names)}
    return found


def _below(domain: str, others: set[str]) -> bool:
    return any(domain == other or domain.endswith(f".{other}") for other in others)


def stand_ins(platform: Platform) -> tuple[Address, ...]:
    """Where a platform's calls lead in the lab: one address of its first range of each family."""
    ranges: list[Network] = [*platform.ipv4[:1], *platform.ipv6[:1]]
    return tuple(network[STAND_IN_OFFSET] for network in ranges)


def list_text(file: str, category: str | None = None) -> str:
    """A small block list for a file of that name: hosts format for `.hosts`, else one domain a line.

    Lists of encrypted DNS hold the resolver that only lists know."""
    if category in (ADDRESSES, DOH_ADDRESSES):
        return "".join(f"{address}\n" for found in LISTED_DNS.values() for address in found)
    if category == "doh":
        return "".join(f"{domain}\n" for domain in LISTED_DNS)
    if file.endswith(".hosts"):
        return "".join(f"0.0.0.0 {host}.{domain}\n" for domain in LISTED for host in ("www", "cdn"))
    return "".join(f"{domain}\n" for domain in LISTED)


def _documentation(domain: str) -> tuple[Address, ...]:
    number = 64 + crc32(domain.encode()) % 128
    return ip_address(f"{NET4}.{number}"), ip_address(f"{NET6}:{number:x}")
