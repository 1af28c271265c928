"""Headers become facts; whatever the bytes are, there is an answer and no exception."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.packets import MAX_EXTENSIONS, PacketFacts, Unreadable, parse_packet

SYN = bytes.fromhex("9c4001bb 00000001 00000000 5002ffff 00000000")
ACK = bytes.fromhex("9c4001bb 00000001 00000000 5012ffff 00000000")
DNS = bytes.fromhex("9c400035 00080000")
PING = bytes.fromhex("08000000 00010001")


def ipv4(protocol: int, upper: bytes, *, options: bytes = b"", fragment: int = 0) -> bytes:
    header = bytes([0x45 + len(options) // 4, 0]) + (20 + len(options) + len(upper)).to_bytes(2, "big") + b"\0\1"
    header += fragment.to_bytes(2, "big") + bytes([64, protocol]) + b"\0\0"
    return header + ip_address("10.20.60.11").packed + ip_address("198.51.100.7").packed + options + upper


def ipv6(next_header: int, rest: bytes) -> bytes:
    addresses = ip_address("2001:db8:20:60::11").packed + ip_address("2001:db8:ffff::7").packed
    return b"\x60\0\0\0" + len(rest).to_bytes(2, "big") + bytes([next_header, 64]) + addresses + rest


def extension(next_header: int, eights: int = 0) -> bytes:
    return bytes([next_header, eights]) + bytes(6 + 8 * eights)


@pytest.mark.parametrize(
    ("packet", "service", "syn"),
    [
        (ipv4(6, SYN), "tcp/443", True),
        (ipv4(6, ACK), "tcp/443", False),
        (ipv4(6, SYN, options=bytes(8)), "tcp/443", True),
        (ipv4(17, DNS), "udp/53", False),
        (ipv4(1, PING), "icmp/8", False),
        (ipv4(50, bytes(20)), "esp", False),
        (ipv4(200, bytes(20)), "ip/200", False),
        (ipv6(6, SYN), "tcp/443", True),
        (ipv6(58, bytes([135, 0, 0, 0])), "icmpv6/135", False),
        (ipv6(0, extension(60) + extension(17, 2) + DNS), "udp/53", False),
        (ipv6(44, bytes([17, 0, 0, 1, 0, 0, 0, 1]) + DNS), "udp/53", False),  # the first fragment holds the ports
        (ipv6(51, bytes([17, 4]) + bytes(22) + DNS), "udp/53", False),  # RFC 4302: length in 4-byte units
    ],
)
def test_the_service_is_read(packet: bytes, service: str, syn: bool):
    facts = parse_packet(packet)
    assert isinstance(facts, PacketFacts)
    assert (facts.service, facts.syn) == (service, syn)
    assert str(facts.source) in {"10.20.60.11", "2001:db8:20:60::11"}
    assert str(facts.destination) in {"198.51.100.7", "2001:db8:ffff::7"}


@pytest.mark.parametrize("packet", [ipv4(6, SYN, fragment=1), ipv6(44, bytes([6, 0, 0, 8, 0, 0, 0, 1]) + SYN)])
def test_a_later_fragment_has_no_ports(packet: bytes):
    facts = parse_packet(packet)
    assert isinstance(facts, PacketFacts)
    assert (facts.service, facts.destination_port, facts.fragment) == ("tcp", None, True)


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "empty"),
        (b"GET / HTTP/1.1", "ipv4-header"),  # "G" is 0x47
        (b"\x16\x03\x01", "not-ip"),
        (ipv4(6, SYN)[:19], "ipv4-header"),
        (b"\x41" + bytes(40), "ipv4-header"),
        (ipv6(6, SYN)[:39], "ipv6-header"),
        (ipv6(0, b"\x3c"), "ipv6-extension"),
        (ipv6(0, extension(0) * (MAX_EXTENSIONS + 4)), "ipv6-extensions"),
    ],
)
def test_what_is_no_packet_says_why(packet: bytes, why: str):
    assert parse_packet(packet) == Unreadable(why)


@pytest.mark.parametrize("packet", [ipv4(6, SYN), ipv4(17, DNS), ipv6(0, extension(60) + extension(17, 2) + DNS)])
def test_every_cut_has_an_answer(packet: bytes):
    answers = [parse_packet(packet[:length]) for length in range(len(packet) + 1)]
    assert isinstance(answers[0], Unreadable)
    assert isinstance(answers[-1], PacketFacts)


@given(st.sampled_from([0x45, 0x4F, 0x60, 0x00]), st.binary(max_size=200))
def test_garbage_never_raises(first: int, rest: bytes):
    facts = parse_packet(bytes([first]) + rest)
    if isinstance(facts, PacketFacts):
        assert len(facts.service) <= 12
        assert facts.destination_port is None or 0 <= facts.destination_port <= 0xFFFF
    else:
        assert facts.why
