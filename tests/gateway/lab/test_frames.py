"""Frames of probes: built right, recognised in every shape they come back in."""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lab.frames import Segment, checksum, frame, packet, recognise, recognise_packet

SRC4, DST4 = ip_address("10.20.20.11"), ip_address("198.51.100.7")
SRC6, DST6 = ip_address("2001:db8:20:20::11"), ip_address("2001:db8:fffe::7")
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")
KINDS = [
    Segment(SRC4, DST4, "tcp", 40000, 443), Segment(SRC6, DST6, "tcp", 40000, 443),
    Segment(SRC4, DST4, "udp", 40000, 53), Segment(SRC6, DST6, "udp", 40000, 53),
    Segment(SRC4, DST4, "icmp", 7), Segment(SRC6, DST6, "icmpv6", 7),
]  # fmt: skip


@pytest.mark.parametrize("segment", KINDS, ids=lambda s: f"{s.protocol}{s.dst.version}")
@given(token=st.integers(0, 2**32 - 1))
def test_a_probe_is_recognised_by_its_token(segment, token):
    caught = recognise(frame(segment, token, *MACS))
    assert (caught.token, caught.src, caught.dst, caught.told) == (token, segment.src, segment.dst, "")
    assert (caught.sport, caught.dport) == (segment.sport, segment.dport)


def _verified(segment):
    """The transport checksum as a receiver computes it; zero when it is right (RFC 1071)."""
    raw = packet(segment, 0x12345678)
    body = raw[20:] if segment.dst.version == 4 else raw[40:]
    number = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}[segment.protocol]
    if segment.protocol == "icmp":
        return checksum(body)
    return checksum(segment.src.packed + segment.dst.packed + struct.pack("!II", len(body), number) + body)


@pytest.mark.parametrize("segment", KINDS, ids=lambda s: f"{s.protocol}{s.dst.version}")
def test_checksums_are_right(segment):
    assert _verified(segment) == 0
    if segment.dst.version == 4:
        assert checksum(packet(segment, 1)[:20]) == 0


def test_a_udp_checksum_of_zero_is_sent_as_its_other_form():
    """Zero means none (RFC 768); in IPv6 it is not allowed (RFC 8200, 8.1)."""
    token = struct.unpack_from("!H", packet(KINDS[2], 0), 26)[0]  # adding this makes the sum come out as zero
    assert struct.unpack_from("!H", packet(KINDS[2], token), 26)[0] == 0xFFFF


def _reply(segment, flags, acknowledged):
    body = struct.pack("!HHIIBBHHH", segment.dport, segment.sport, 99, acknowledged, 5 << 4, flags, 0, 0, 0)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, segment.dst.packed, segment.src.packed)
    return recognise_packet(head + body)


def test_a_reset_and_an_answer_tell_of_the_probe_they_answer():
    assert (_reply(KINDS[0], 0x14, 1001).token, _reply(KINDS[0], 0x14, 1001).told) == (1000, "reset")
    assert (_reply(KINDS[0], 0x12, 0).token, _reply(KINDS[0], 0x12, 0).told) == (0xFFFFFFFF, "answered")


@pytest.mark.parametrize("segment", KINDS[:5], ids=lambda s: f"{s.protocol}{s.dst.version}")
def test_an_error_message_tells_of_the_probe_it_quotes(segment):
    if segment.dst.version == 4:
        body = struct.pack("!BBHI", 3, 13, 0, 0) + packet(segment, 77)
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0, DST4.packed, SRC4.packed)
    else:
        body = struct.pack("!BBHI", 1, 1, 0, 0) + packet(segment, 77)
        head = struct.pack("!IHBB16s16s", 6 << 28, len(body), 58, 64, DST6.packed, SRC6.packed)
    caught = recognise_packet(head + body)
    assert (caught.token, caught.told, caught.protocol) == (77, "unreachable", segment.protocol)


@given(st.binary(max_size=200))
def test_foreign_and_broken_frames_are_nobodys(data):
    assert recognise(data) is None
    assert recognise(b"\x00" * 12 + b"\x08\x00" + data) is None or data[:1] == b"\x45"


def test_a_cut_probe_makes_no_error():
    whole = frame(KINDS[2], 5, *MACS)
    assert all(recognise(whole[:length]) is None for length in range(len(whole)))
