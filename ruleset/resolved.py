"""ResolvedSite: the site with every name looked up and every default made explicit, ready to compile.

May live here: frozen values and the look-ups on them that need no policy. May not: reading files, packs or the clock.

Everything that can be allowed is a Grant: one direction between two sides, some ports, an origin. The default matrix,
packs, permits and video grants all become Grants, so that compile, explain, prove and plan read one list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Literal

from ruleset.model import Site
from ruleset.tree import Family, Network, Origin, PortRange, Protocol

Address = IPv4Address | IPv6Address
INTERNET = "internet"
GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Segment:
    """A zone as the kernel meets it. `page`: a blocked name may be answered with its gateway's own addresses."""

    name: str
    role: str
    ifname: str
    subnets: tuple[Network, ...]
    gateways: tuple[Address, ...]
    page: bool = False

    def subnet(self, family: Family) -> Network | None:
        """The zone's subnet of that family."""
        return next((n for n in self.subnets if n.version == family), None)


@dataclass(frozen=True, slots=True)
class Outside:
    """An uplink as the kernel meets it; no addresses when they come from DHCP or router advertisements."""

    name: str
    ifname: str
    addresses: tuple[Address, ...]
    subnets: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Host:
    """A declared device with what the kernel can tell it by."""

    name: str
    zone: str
    mac: str
    kind: str
    addresses: tuple[Address, ...]
    criticality: int
    label: str


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a grant: a zone, `internet` or `gateway`; `networks` narrows it (empty: all of it).

    `label` is the name people used (a device, a zone, an address). `learned` means: only addresses that the asking
    client learned from our resolver for this grant's names (the pin sets)."""

    zone: str
    label: str
    networks: tuple[Network, ...] = ()
    learned: bool = False


@dataclass(frozen=True, slots=True)
class Traffic:
    """Ports of one protocol (`ports` empty: all), or an echo request."""

    protocol: Protocol | Literal["echo"]
    ports: tuple[PortRange, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission for `source` to start connections to `target`. `id` is the rule id in the kernel."""

    id: str
    source: Side
    target: Side
    traffic: tuple[Traffic, ...]
    services: tuple[str, ...]
    origin: Origin
    expires: datetime | None = None
    kind: Literal["matrix", "permit", "video", "forward"] = "matrix"
    waived: bool = False
    rate: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something always refused towards the internet, whatever is allowed besides (unless waived).

    Without `networks`: `traffic` to anywhere. With them: `traffic` to these, all of it when there is none, except where
    a permit names an address in them."""

    id: str
    traffic: tuple[Traffic, ...]
    origin: Origin
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class PortForward:
    """A port open to the internet."""

    id: str
    uplink: str
    protocol: Protocol
    port: int
    host: str
    addresses: tuple[Address, ...]
    to_port: int
    origin: Origin
    expires: datetime


@dataclass(frozen=True, slots=True)
class VideoNames:
    """Names whose addresses are pinned for the clients of a grant."""

    grant: str
    zone: str
    clients: tuple[Network, ...]
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResolvedSite:
    """A whole clinic. `site` is kept for labels, contacts and languages.

    `protected_names`: no list may block them. `closed_names`: protected, and never asked outside `dns.forward`.
    `resolver_names`: public resolvers for encrypted DNS, blocked unless the site allows one."""

    site: Site
    segments: tuple[Segment, ...]
    outsides: tuple[Outside, ...]
    hosts: tuple[Host, ...]
    grants: tuple[Grant, ...]
    refusals: tuple[Refusal, ...]
    forwards: tuple[PortForward, ...]
    video_names: tuple[VideoNames, ...]
    protected_names: tuple[str, ...]
    closed_names: tuple[str, ...]
    waived_invariants: frozenset[str]
    resolver_names: tuple[str, ...] = ()

    def segment(self, name: str) -> Segment | None:
        """The zone of that name."""
        return next((s for s in self.segments if s.name == name), None)

    def host(self, name: str) -> Host | None:
        """The device of that name."""
        return next((h for h in self.hosts if h.name == name), None)

    def segment_of(self, address: Address) -> Segment | None:
        """The zone whose subnet holds `address`."""
        return next((s for s in self.segments if any(address in n for n in s.subnets)), None)

    def is_gateway(self, address: Address) -> bool:
        """Whether `address` is one of this box's own."""
        own = (a for s in self.segments for a in s.gateways)
        return address in own or any(address in o.addresses for o in self.outsides)

    def interfaces(self, side: str) -> tuple[str, ...]:
        """Interface names behind `internet` or a zone."""
        if side == INTERNET:
            return tuple(o.ifname for o in self.outsides)
        segment = self.segment(side)
        return (segment.ifname,) if segment else ()

    def sides(self) -> Iterator[str]:
        """Every zone, then `internet` and `gateway`."""
        yield from (s.name for s in self.segments)
        yield INTERNET
        yield GATEWAY


def host_network(address: Address) -> Network:
    """`address` as a network of one."""
    return ip_network(address)


def family_of(address: Address) -> Family:
    """4 or 6, as a type checker knows them."""
    return 4 if address.version == 4 else 6
