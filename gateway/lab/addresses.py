"""Which address everything in the lab has: fixed ones from the site, free ones of the DHCP range, uplinks' own.

May live here: arithmetic on addresses, deterministic. May not: the kernel, the order in which hosts are planned.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_network
from zlib import crc32

from gateway.lab.errors import LabError
from ruleset.model import Uplink4, Uplink6
from ruleset.resolved import Address, Outside, ResolvedSite, Segment
from ruleset.tree import Network

Interface = IPv4Interface | IPv6Interface

# Where an uplink with `dhcp` or `ra` lives; documentation networks first (RFC 5737, RFC 3849), then RFC 6598.
PROVIDER4 = ("203.0.113.0/24", "100.64.0.0/24", "100.64.1.0/24", "100.64.2.0/24", "100.64.3.0/24")
PROVIDER6 = tuple(f"2001:db8:fff{number:x}::/64" for number in range(16))
MAX_TRIES = 1 << 16


@dataclass(frozen=True, slots=True)
class UplinkLink:
    """Both ends of an uplink in one family."""

    own: Interface
    provider: Interface


def lab_mac(role: str, *numbers: int) -> str:
    """A locally administered address (IEEE 802c) that is the same in every run."""
    digest = crc32(" ".join([role, *map(str, numbers)]).encode())
    return "02:c6:" + ":".join(f"{byte:02x}" for byte in digest.to_bytes(4, "big"))


class Addressing:
    """Hands out addresses for one lab and remembers what is taken."""

    def __init__(self, resolved: ResolvedSite) -> None:
        self._resolved = resolved
        self._taken: set[Address] = {a for s in resolved.segments for a in s.gateways}
        self._taken |= {a for h in resolved.hosts for a in h.addresses}
        self._networks: list[Network] = [n for s in resolved.segments for n in s.subnets]
        self._networks += [n for o in resolved.outsides for n in o.subnets]

    def with_prefix(self, segment: Segment, address: Address) -> Interface:
        """`address` with the prefix length of the zone's subnet."""
        subnet = next(n for n in segment.subnets if address in n)
        return _interface(address, subnet.prefixlen)

    def complete(self, segment: Segment, fixed: tuple[Address, ...], mac: str) -> tuple[Address, ...]:
        """The addresses of a device: its fixed ones, and one of each other family that the zone has."""
        have = {address.version for address in fixed}
        missing = [subnet for subnet in segment.subnets if subnet.version not in have]
        return (*fixed, *(self._take(segment, subnet, mac) for subnet in missing))

    def uplink(self, number: int, outside: Outside) -> tuple[UplinkLink, ...]:
        """Both ends of an uplink in every family it has; addresses of `dhcp` and `ra` are the lab's choice."""
        uplink = self._resolved.site.uplinks[outside.name]
        links: list[UplinkLink] = []
        if isinstance(uplink.ipv4, Uplink4):
            links.append(_fixed(uplink.ipv4.address, uplink.ipv4.gateway))
        elif uplink.ipv4 == "dhcp":
            links.append(_chosen(self._reserve(PROVIDER4[number:], f"uplink {outside.name}")))
        if isinstance(uplink.ipv6, Uplink6):
            links.append(_fixed(uplink.ipv6.address, uplink.ipv6.gateway))
        elif uplink.ipv6 == "ra":
            links.append(_chosen(self._reserve(PROVIDER6[number:], f"uplink {outside.name}")))
        return tuple(links)

    def free(self, candidates: Iterable[str]) -> tuple[Network, ...]:
        """The first free candidate of each family. Raises LabError."""
        texts = tuple(candidates)
        both = ([t for t in texts if ":" not in t], [t for t in texts if ":" in t])
        return tuple(self._reserve(family, "the attacker") for family in both)

    def _reserve(self, candidates: Iterable[str], what: str) -> Network:
        tried = [ip_network(text) for text in candidates]
        for network in tried:
            if not any(network.version == n.version and network.overlaps(n) for n in self._networks):
                self._networks.append(network)
                return network
        raise LabError(f"no free network for {what} in the lab; the site uses all of {', '.join(map(str, tried))}")

    def _take(self, segment: Segment, subnet: Network, mac: str) -> Address:
        for _, address in zip(range(MAX_TRIES), self._candidates(segment, subnet, mac), strict=False):
            if address not in self._taken:
                self._taken.add(address)
                return address
        raise LabError(f"no free address for the lab in zone {segment.name}; make {subnet} or its dhcp range larger")

    def _candidates(self, segment: Segment, subnet: Network, mac: str) -> Iterator[Address]:
        zone = self._resolved.site.zones[segment.name]
        if subnet.version == 6:
            if subnet.prefixlen <= 64:
                yield _slaac(subnet, mac)
            yield from (subnet[index] for index in range(0x1000, min(subnet.num_addresses, 0x1000 + MAX_TRIES)))
            return
        if zone.dhcp is not None:
            yield from (IPv4Address(value) for value in range(int(zone.dhcp.first), int(zone.dhcp.last) + 1))
        yield from (subnet[-2 - index] for index in range(subnet.num_addresses - 2))


def _slaac(subnet: Network, mac: str) -> Address:
    """The modified EUI-64 address (RFC 4291 appendix A)."""
    raw = bytearray.fromhex(mac.replace(":", ""))
    raw[0] ^= 2
    return subnet[int.from_bytes(raw[:3] + b"\xff\xfe" + raw[3:], "big")]


def _fixed(own: Interface, provider: Address) -> UplinkLink:
    return UplinkLink(own, _interface(provider, own.network.prefixlen))


def _chosen(network: Network) -> UplinkLink:
    return UplinkLink(_interface(network[2], network.prefixlen), _interface(network[1], network.prefixlen))


def _interface(address: Address, prefix: int) -> Interface:
    if isinstance(address, IPv6Address):
        return IPv6Interface((address, prefix))
    return IPv4Interface((address, prefix))
