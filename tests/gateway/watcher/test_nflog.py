"""Netlink bytes become records, whole or counted as unreadable; gaps in the numbers become losses."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from gateway.watcher.nflog import PACKET, LogRecord, Sequence, read_datagram


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(body: bytes, kind: int = PACKET) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body + bytes(-len(body) % 4)


def packet(number: int = 7) -> bytes:
    hardware = b"\0\6\0\0" + bytes.fromhex("02000a0a3c0b") + b"\0\0"
    return message(
        b"\2\0\0\5"
        + attribute(10, b"core:refused:cam \0")
        + attribute(4, (3).to_bytes(4, "big"))
        + attribute(5, (2).to_bytes(4, "big"))
        + attribute(8, hardware)
        + attribute(9 | 0x4000, b"\x45payload")
        + attribute(12, number.to_bytes(4, "big"))
    )


RECORD = LogRecord("core:refused:cam", b"\x45payload", 3, 2, "02:00:0a:0a:3c:0b", 7)
DONE = message(b"\0\0\0\0", 3)


def test_all_fields_are_read():
    assert read_datagram(packet()) == ([RECORD], 0)


def test_several_messages_and_the_end_mark():
    records, unreadable = read_datagram(packet(7) + packet(8) + DONE)
    assert ([record.sequence for record in records], unreadable) == ([7, 8], 0)


def test_missing_attributes_have_defaults():
    assert read_datagram(message(b"\2\0\0\5" + attribute(9, b"x"))) == ([LogRecord("", b"x")], 0)


def test_what_is_no_record_is_counted():
    assert read_datagram(packet()[:-8]) == ([], 1)
    assert read_datagram(packet() + b"\1\2\3") == ([RECORD], 1)
    assert read_datagram(message(b"\2\0\0\5")) == ([], 1)
    assert read_datagram(message(b"", 0x501)) == ([], 1)
    assert read_datagram(struct.pack("=IHHII", 4, PACKET, 0, 0, 0)) == ([], 1)


def test_a_prefix_from_outside_the_alphabet_stays_text():
    records, _ = read_datagram(message(b"\2\0\0\5" + attribute(10, b"\xff\xfe\x1b[31m" + b"a" * 300)))
    assert len(records[0].prefix) <= 128


@given(st.binary(max_size=300))
def test_garbage_never_raises(data: bytes):
    for sent in (data, packet() + data, packet()[:16] + data):
        records, unreadable = read_datagram(sent)
        assert len(records) + unreadable <= 1 + len(sent) // 16 + 1


def test_gaps_are_counted_across_the_wrap_and_a_restart_is_no_gap():
    sequence = Sequence()
    numbers = [5, 6, 9, (1 << 32) - 1, 0, 1, 0, 3, None, 4]
    missing = [sequence.missing_before(number) for number in numbers]
    assert missing == [0, 0, 2, 0, 0, 0, 0, 2, 0, 0]
