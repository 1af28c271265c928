"""The first bytes of a packet, as the kernel logs them, as facts: who, to whom, what service.

Only headers are read, only as far as they reach, and garbage is an expected input: a packet that is none comes back as
an `Unreadable` that says why. Nothing here decides whether a packet is good.

May live here: reading IPv4, IPv6, TCP, UDP, ICMP headers. May not: payloads (their own modules), scapy, sockets.
Sources: RFC 791 (IPv4), RFC 8200 (IPv6 and its extension headers), RFC 9293 (TCP), RFC 768 (UDP), RFC 792, RFC 4443.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

MAX_EXTENSIONS = 8  # RFC 8200 lists six kinds, each at most once, destination options twice

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, NO_NEXT, DESTINATION, MOBILITY = 0, 43, 44, 51, 59, 60, 135
EXTENSIONS = frozenset({HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION, MOBILITY})
NAMES = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6", 2: "igmp", 47: "gre", 50: "esp", 51: "ah", 132: "sctp"}


@dataclass(frozen=True, slots=True)
class PacketFacts:
    """What the headers said. Ports are None without TCP or UDP, in a later fragment, or when they were cut off.

    `protocol` is the number of the upper layer; `icmp_type` is the type byte of ICMP or ICMPv6.
    """

    source: IPv4Address | IPv6Address
    destination: IPv4Address | IPv6Address
    protocol: int
    source_port: int | None = None
    destination_port: int | None = None
    icmp_type: int | None = None
    syn: bool = False
    fragment: bool = False

    @property
    def service(self) -> str:
        """`tcp/443`, `udp/53`, `icmp/8`, `esp`, or `ip/200` for a protocol without a name here."""
        name = NAMES.get(self.protocol, f"ip/{self.protocol}")
        detail = self.icmp_type if self.icmp_type is not None else self.destination_port
        return name if detail is None else f"{name}/{detail}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Not a packet we can read; `why` is one of a few fixed words."""

    why: str


def parse_packet(data: bytes) -> PacketFacts | Unreadable:
    """Read the headers at the start of `data` (from the network header on). Never raises."""
    if not data:
        return Unreadable("empty")
    version = data[0] >> 4
    if version == 4:
        return _ipv4(data)
    if version == 6:
        return _ipv6(data)
    return Unreadable("not-ip")


def _ipv4(data: bytes) -> PacketFacts | Unreadable:
    header = (data[0] & 0x0F) * 4
    if header < 20 or len(data) < header:
        return Unreadable("ipv4-header")
    offset = int.from_bytes(data[6:8], "big") & 0x1FFF
    more = bool(data[6] & 0x20)
    source, destination = IPv4Address(data[12:16]), IPv4Address(data[16:20])
    return _upper(data, header, data[9], (source, destination), later=offset > 0, fragment=more or offset > 0)


def _ipv6(data: bytes) -> PacketFacts | Unreadable:
    if len(data) < 40:
        return Unreadable("ipv6-header")
    addresses = IPv6Address(data[8:24]), IPv6Address(data[24:40])
    protocol, at, later, fragment = data[6], 40, False, False
    for _ in range(MAX_EXTENSIONS):
        if protocol not in EXTENSIONS or later:
            return _upper(data, at, protocol, addresses, later=later, fragment=fragment)
        if len(data) < at + 8:
            return Unreadable("ipv6-extension")
        if protocol == FRAGMENT:
            fragment, later = True, int.from_bytes(data[at + 2 : at + 4], "big") >> 3 > 0
        length = _extension_length(protocol, data[at + 1])
        protocol, at = data[at], at + length
    return Unreadable("ipv6-extensions")


def _extension_length(protocol: int, field: int) -> int:
    """In bytes. RFC 8200 section 4 counts 8 bytes beyond the first 8; RFC 4302 counts 4 bytes beyond the first 8."""
    if protocol == FRAGMENT:
        return 8
    return (field + 2) * 4 if protocol == AUTHENTICATION else (field + 1) * 8


def _upper(
    data: bytes,
    at: int,
    protocol: int,
    addresses: tuple[IPv4Address, IPv4Address] | tuple[IPv6Address, IPv6Address],
    *,
    later: bool,
    fragment: bool,
) -> PacketFacts:
    source, destination = addresses
    if protocol in (TCP, UDP) and not later and len(data) >= at + 4:
        return PacketFacts(
            source,
            destination,
            protocol,
            source_port=int.from_bytes(data[at : at + 2], "big"),
            destination_port=int.from_bytes(data[at + 2 : at + 4], "big"),
            syn=protocol == TCP and len(data) > at + 13 and data[at + 13] & 0x12 == 0x02,
            fragment=fragment,
        )
    icmp_type = data[at] if protocol in (ICMP, ICMPV6) and not later and len(data) > at else None
    return PacketFacts(source, destination, protocol, icmp_type=icmp_type, fragment=fragment)
