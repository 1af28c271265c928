"""Ethernet frames that carry a probe, built and recognised.

May live here: bytes out, bytes in, no sockets. May not: what a probe means (probe.py).

Every probe carries a 32-bit token, at a place that survives translation and that an error message quotes: TCP in the
sequence number, UDP and ICMP in the first bytes of the payload. Checksums are right, else connection tracking calls the
packet invalid. Sources: RFC 791, 8200, 9293, 768, 792, 4443, 1071 (checksum).
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

Address = IPv4Address | IPv6Address
Protocol = Literal["tcp", "udp", "icmp", "icmpv6"]
Told = Literal["", "reset", "unreachable", "answered"]

MARK = b"cgprobe:"
ETH_IPV4, ETH_IPV6 = 0x0800, 0x86DD
NUMBERS: dict[str, int] = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
NAMES = {number: name for name, number in NUMBERS.items()}
SYN, RST, ACK = 0x02, 0x04, 0x10
ICMP_TYPES = {
    "echo-request": 8, "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
    "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
ICMP6_TYPES = {
    "echo-request": 128, "echo-reply": 129, "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3,
    "parameter-problem": 4, "mld-listener-query": 130, "mld-listener-report": 131, "mld-listener-done": 132,
    "nd-router-solicit": 133, "nd-router-advert": 134, "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136,
    "nd-redirect": 137, "router-renumbering": 138, "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142,
    "mld2-listener-report": 143,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """One packet as it is sent. `icmp_type` is the nft name of the type."""

    src: Address
    dst: Address
    protocol: Protocol
    sport: int = 40000
    dport: int = 0
    icmp_type: str = "echo-request"
    hop_limit: int = 64


@dataclass(frozen=True, slots=True)
class Caught:
    """What was recognised in a frame: whose probe, with which addresses, and what it told the sender, if it is an
    answer (`told` is empty for the probe itself)."""

    token: int
    src: Address
    dst: Address
    protocol: str
    sport: int
    dport: int
    told: Told = ""


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(segment: Segment, token: int, source_mac: str, target_mac: str) -> bytes:
    """The whole Ethernet frame of a probe."""
    four = segment.dst.version == 4
    ethernet = _mac(target_mac) + _mac(source_mac) + struct.pack("!H", ETH_IPV4 if four else ETH_IPV6)
    return ethernet + packet(segment, token)


def packet(segment: Segment, token: int) -> bytes:
    """The IP packet of a probe."""
    body = _body(segment, token)
    source, target = segment.src.packed, segment.dst.packed
    number = NUMBERS[segment.protocol]
    if segment.dst.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(body), number, segment.hop_limit) + source + target + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), token & 0xFFFF, 0, segment.hop_limit, number, 0)
    head += source + target
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def _body(segment: Segment, token: int) -> bytes:
    payload = MARK + struct.pack("!I", token)
    if segment.protocol == "tcp":
        body = struct.pack("!HHIIBBHHH", segment.sport, segment.dport, token, 0, 5 << 4, SYN, 64240, 0, 0)
        return _with_checksum(segment, body, 16)
    if segment.protocol == "udp":
        body = struct.pack("!HHHH", segment.sport, segment.dport, 8 + len(payload), 0) + payload
        return _with_checksum(segment, body, 6)
    types = ICMP_TYPES if segment.protocol == "icmp" else ICMP6_TYPES
    body = struct.pack("!BBHHH", types[segment.icmp_type], 0, 0, segment.sport & 0xFFFF, token & 0xFFFF) + payload
    if segment.protocol == "icmp":
        return body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    return _with_checksum(segment, body, 2)


def _with_checksum(segment: Segment, body: bytes, offset: int) -> bytes:
    number = NUMBERS[segment.protocol]
    pseudo = segment.src.packed + segment.dst.packed
    pseudo += struct.pack("!BBH" if segment.dst.version == 4 else "!IHBB", *_pseudo_tail(segment, number, len(body)))
    value = checksum(pseudo + body)
    if value == 0 and segment.protocol == "udp":
        value = 0xFFFF
    return body[:offset] + struct.pack("!H", value) + body[offset + 2 :]


def _pseudo_tail(segment: Segment, number: int, length: int) -> tuple[int, ...]:
    return (0, number, length) if segment.dst.version == 4 else (length, 0, 0, number)


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def recognise(data: bytes) -> Caught | None:
    """The probe in an Ethernet frame, or what it says of one; None for all other traffic, however broken."""
    if len(data) < 34:
        return None
    kind = data[12:14]
    if kind == b"\x08\x00":
        return recognise_packet(data[14:])
    return recognise_packet(data[14:]) if kind == b"\x86\xdd" else None


def recognise_packet(data: bytes) -> Caught | None:
    """As `recognise`, from the IP header on."""
    try:
        return _packet(data, deep=True)
    except (struct.error, IndexError, ValueError):
        return None


def _packet(data: bytes, deep: bool) -> Caught | None:
    if data[0] >> 4 == 4:
        header, number = (data[0] & 15) * 4, data[9]
        if (data[6] & 0x1F) or data[7]:  # a later fragment has no ports
            return None
        source, target = data[12:16], data[16:20]
    else:
        header, number = 40, data[6]
        source, target = data[8:24], data[24:40]
    return recognise_body(NAMES.get(number, ""), ip_address(source), ip_address(target), data[header:], deep)


def recognise_body(protocol: str, src: Address, dst: Address, body: bytes, deep: bool = True) -> Caught | None:
    """As `recognise`, behind the IP header; raises struct.error or IndexError for a body that is too short."""
    if protocol == "tcp":
        return _tcp(src, dst, body, deep)
    if protocol == "udp":
        sport, dport = struct.unpack_from("!HH", body)
        token = _marked(body[8:])
        return None if token is None else Caught(token, src, dst, protocol, sport, dport)
    if protocol in ("icmp", "icmpv6"):
        return _icmp(protocol, src, dst, body, deep)
    return None


def _tcp(src: Address, dst: Address, body: bytes, deep: bool) -> Caught | None:
    sport, dport, sequence, acknowledged = struct.unpack_from("!HHII", body)
    flags = body[13] if len(body) > 13 else SYN  # an ICMP error may quote no more than eight bytes
    if flags & (SYN | ACK | RST) == SYN:
        return Caught(sequence, src, dst, "tcp", sport, dport)
    if deep and flags & ACK and flags & (RST | SYN):
        return Caught(
            (acknowledged - 1) & 0xFFFFFFFF, src, dst, "tcp", sport, dport, "reset" if flags & RST else "answered"
        )
    return None


def _icmp(protocol: str, src: Address, dst: Address, body: bytes, deep: bool) -> Caught | None:
    kind = body[0]
    token = _marked(body[8:])
    if token is not None:
        identifier = struct.unpack_from("!H", body, 4)[0]
        reply = kind == (0 if protocol == "icmp" else 129)
        return Caught(token, src, dst, protocol, identifier, 0, "answered" if reply else "")
    unreachable = kind == (3 if protocol == "icmp" else 1)
    quoted = _packet(body[8:], deep=False) if deep and unreachable else None
    return (
        None
        if quoted is None
        else Caught(quoted.token, src, dst, quoted.protocol, quoted.sport, quoted.dport, "unreachable")
    )


def _marked(payload: bytes) -> int | None:
    if payload[: len(MARK)] != MARK or len(payload) < len(MARK) + 4:
        return None
    return int(struct.unpack_from("!I", payload, len(MARK))[0])
