"""The names of the lab's internet, and the addresses they lead to.

May live here: choosing names and addresses for a site, looking one up. May not: DNS messages (dns_server.py), sockets.

Names and addresses of video platforms are those of the catalogue, so that a lab's call goes where a real one goes.
Everything else lives in documentation networks (RFC 5737, RFC 3849). A domain stands for itself and all below it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from zlib import crc32

from ruleset.platforms import Platform, load_platform, platform_names
from ruleset.resolved import Address, ResolvedSite
from ruleset.tree import Network

NET4, NET6 = "198.51.100", "2001:db8:fffe:"
PLAIN = ("example.com", "example.net", "example.org", "example.test", "lab.test")
LISTED = ("malware.test", "tracker.test", "phishing.test")
STAND_IN_OFFSET = 10  # the address of a platform's range that answers for all its names


@dataclass(frozen=True, slots=True)
class LabNames:
    """Domains and where they lead, IPv4 and IPv6 together."""

    domains: Mapping[str, tuple[Address, ...]]

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

    def certificate_names(self) -> list[str]:
        """Names for the servers' certificate, one more label in front included."""
        return [form for domain in self.domains for form in (domain, f"*.{domain}")]


def lab_names(resolved: ResolvedSite) -> LabNames:
    """Everything that resolves in the lab of that site: platforms, names of its grants and packs, examples."""
    domains: dict[str, tuple[Address, ...]] = {}
    for platform in (load_platform(name) for name in platform_names()):
        for domain in platform.domains:
            domains[domain] = stand_ins(platform) or _documentation(domain)
    granted = [domain for names in resolved.video_names for domain in names.domains]
    for domain in (*granted, *resolved.protected_names, *PLAIN, *LISTED):
        domains.setdefault(domain, _documentation(domain))
    return LabNames(domains)


def stand_ins(platform: Platform) -> tuple[Address, ...]:
    """Where a platform's calls lead in the lab: one address of its first range of each family."""
    ranges: list[Network] = [*platform.ipv4[:1], *platform.ipv6[:1]]
    return tuple(network[STAND_IN_OFFSET] for network in ranges)


def list_text(file: str) -> str:
    """A small block list for a file of that name: hosts format for `.hosts`, else one domain a line."""
    if file.endswith(".hosts"):
        return "".join(f"0.0.0.0 {host}.{domain}\n" for domain in LISTED for host in ("www", "cdn"))
    return "".join(f"{domain}\n" for domain in LISTED)


def _documentation(domain: str) -> tuple[Address, ...]:
    number = 64 + crc32(domain.encode()) % 128
    return ip_address(f"{NET4}.{number}"), ip_address(f"{NET6}:{number:x}")
