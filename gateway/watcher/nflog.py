"""Messages of the kernel's packet log, as the enforcer's NFLOG socket delivers them: bytes in, records out.

Layout: struct nlmsghdr (linux/netlink.h), struct nfgenmsg (linux/netfilter/nfnetlink.h), then attributes NFULA_*
(linux/netfilter/nfnetlink_log.h). Headers are in host order, what nfnetlink itself puts inside is big-endian.

May live here: that layout and the sequence check. May not: sockets, what a packet means (filters.packets).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

NLMSG_HEADER = struct.Struct("=IHHII")
NFGENMSG_LENGTH = 4
ATTRIBUTE = struct.Struct("=HH")
ATTRIBUTE_TYPE = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER

PACKET = 4 << 8  # NFNL_SUBSYS_ULOG, NFULNL_MSG_PACKET
NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE, NLMSG_OVERRUN = 1, 2, 3, 4

NFULA_INDEV, NFULA_OUTDEV, NFULA_HWADDR, NFULA_PAYLOAD, NFULA_PREFIX, NFULA_SEQ = 4, 5, 8, 9, 10, 12
MAX_PREFIX = 128  # NF_LOG_PREFIXLEN


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One logged packet. Interface indexes are 0 and `mac` is empty where the kernel named none.

    `sequence` counts the group's records modulo 2^32; None when the group was not asked for it.
    """

    prefix: str
    payload: bytes
    indev: int = 0
    outdev: int = 0
    mac: str = ""
    sequence: int | None = None


def read_datagram(data: bytes) -> tuple[list[LogRecord], int]:
    """The packets of one datagram, and how many of its messages could not be read. Never raises."""
    records: list[LogRecord] = []
    at = unreadable = 0
    while at + NLMSG_HEADER.size <= len(data):
        length, kind, *_ = NLMSG_HEADER.unpack_from(data, at)
        if length < NLMSG_HEADER.size or at + length > len(data):
            return records, unreadable + 1
        body = data[at + NLMSG_HEADER.size : at + length]
        if kind == PACKET:
            record = _record(body)
            if record is None:
                unreadable += 1
            else:
                records.append(record)
        elif kind not in (NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE):
            unreadable += 1
        at += (length + 3) & ~3
    return records, unreadable + (at < len(data))


def _record(body: bytes) -> LogRecord | None:
    found = dict(_attributes(body[NFGENMSG_LENGTH:]))
    if NFULA_PAYLOAD not in found and NFULA_PREFIX not in found:
        return None
    sequence = found.get(NFULA_SEQ)
    return LogRecord(
        prefix=found.get(NFULA_PREFIX, b"")[:MAX_PREFIX].rstrip(b"\0").decode("ascii", "replace").strip(),
        payload=found.get(NFULA_PAYLOAD, b""),
        indev=int.from_bytes(found.get(NFULA_INDEV, b"")[:4], "big"),
        outdev=int.from_bytes(found.get(NFULA_OUTDEV, b"")[:4], "big"),
        mac=_mac(found.get(NFULA_HWADDR, b"")),
        sequence=None if sequence is None else int.from_bytes(sequence[:4], "big"),
    )


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and value of each attribute; what follows a broken one is left out."""
    at = 0
    while at + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, at)
        if length < ATTRIBUTE.size or at + length > len(data):
            return
        yield kind & ATTRIBUTE_TYPE, data[at + ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3


def _mac(value: bytes) -> str:
    """struct nfulnl_msg_packet_hw: length, padding, 8 bytes of which an Ethernet address takes 6."""
    if len(value) < 10 or int.from_bytes(value[:2], "big") != 6:
        return ""
    return value[4:10].hex(":")


class Sequence:
    """Finds gaps in the records' numbers: the only way to know how many the socket's full buffer swallowed."""

    def __init__(self) -> None:
        self._expected: int | None = None

    def missing_before(self, number: int | None) -> int:
        """How many records are missing between the one before and this. A step backwards is a new start, not a loss."""
        if number is None:
            return 0
        gap = 0 if self._expected is None else (number - self._expected) % (1 << 32)
        self._expected = (number + 1) % (1 << 32)
        return gap if gap < 1 << 31 else 0
