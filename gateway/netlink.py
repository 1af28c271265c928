"""Netlink messages as bytes, and a socket that sends them: the least that sets, conntrack, neighbours and logs need.

Layout: linux/netlink.h and netlink(7); netfilter's own header is linux/netfilter/nfnetlink.h. Header fields are in host
byte order, the payload of netfilter attributes in network byte order.

May live here: packing, unpacking, acknowledgements, dumps. May not: what any message means.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

NETLINK_ROUTE = 0
NETLINK_NETFILTER = 12
SOL_NETLINK = 270
NETLINK_EXT_ACK = 11
SO_SNDBUFFORCE = 32
SO_RCVBUFFORCE = 33

F_REQUEST, F_ACK, F_DUMP = 0x1, 0x4, 0x300
F_DUMP_INTERRUPTED = 0x10
F_EXCL, F_CREATE = 0x200, 0x400
ERROR, DONE = 0x2, 0x3
NESTED = 0x8000
TYPE_MASK = 0x3FFF

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
RECEIVE = 1 << 18
MAX_DUMP = 1 << 20


class NetlinkError(OSError):
    """The kernel refused a message: `errno` says why, `strerror` names the request."""


def attribute(kind: int, payload: bytes) -> bytes:
    """One attribute with its padding; the payload is at most 65,531 bytes (16 bits of length)."""
    return _ATTRIBUTE.pack(4 + len(payload), kind) + payload + b"\0" * (-len(payload) % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    return attribute(kind | NESTED, b"".join(attributes))


def message(kind: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """One message; netlink attributes already end on 4 bytes, so no padding follows."""
    return _HEADER.pack(16 + len(payload), kind, flags | F_REQUEST, sequence, 0) + payload


def netfilter_header(family: int, resource: int = 0) -> bytes:
    """struct nfgenmsg: address family, version 0, resource id in network order."""
    return struct.pack(">BBH", family, 0, resource)


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, payload) of each attribute; stops at the first malformed one."""
    at = 0
    while at + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < 4 or at + length > len(data):
            return
        yield kind & TYPE_MASK, data[at + 4 : at + length]
        at += length + (-length % 4)


def messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """(type, flags, sequence, payload) of each message in a datagram."""
    at = 0
    while at + 16 <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, at)
        if length < 16 or at + length > len(data):
            return
        yield kind, flags, sequence, data[at + 16 : at + length]
        at += length + (-length % 4)


class Netlink:
    """A netlink socket in the network namespace of the thread that made it. Not thread-safe."""

    def __init__(self, protocol: int, timeout: float = 5.0, groups: int = 0) -> None:
        """`groups`: a bit for each of the first 32 multicast groups to hear of."""
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        try:
            self.socket.bind((0, groups))
        except BaseException:
            self.socket.close()
            raise
        self.socket.settimeout(timeout)
        self._sequence = 0
        self._room = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2

    def next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) & 0x7FFFFFFF
        return self._sequence

    def make_room(self, size: int) -> None:
        """Let one send carry `size` bytes; more than the usual needs CAP_NET_ADMIN."""
        if size > self._room:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, size * 2)
            self._room = size

    def send(self, data: bytes) -> None:
        self.make_room(len(data))
        self.socket.send(data)

    def acknowledged(self, sequences: Sequence[int], batch: int | None = None) -> dict[int, int]:
        """Wait for one acknowledgement a sequence number; answer: number -> errno (0 is success).

        A batch that is refused as a whole is answered under the number of its first message, `batch`.
        """
        waiting, outcome = set(sequences), dict[int, int]()
        while waiting:
            for kind, _, sequence, payload in messages(self.socket.recv(RECEIVE)):
                if kind != ERROR:
                    continue
                code = -int(struct.unpack_from("=i", payload)[0])
                if sequence == batch and code:
                    return dict.fromkeys(sequences, code)
                if sequence in waiting:
                    outcome[sequence] = code
                    waiting.discard(sequence)
        return outcome

    def request(self, kind: int, flags: int, payload: bytes, what: str) -> None:
        """Send one message and wait for its acknowledgement. Raises NetlinkError naming `what`."""
        sequence = self.next_sequence()
        self.send(message(kind, flags | F_ACK, sequence, payload))
        code = self.acknowledged([sequence])[sequence]
        if code:
            raise NetlinkError(code, f"{what}: {os.strerror(code)}")

    def dump(self, kind: int, payload: bytes, what: str) -> Iterator[bytes]:
        """Payloads of every message of a dump, at most MAX_DUMP of them. Raises NetlinkError."""
        sequence = self.next_sequence()
        self.send(message(kind, F_DUMP, sequence, payload))
        seen = 0
        while seen < MAX_DUMP:
            for answer, flags, number, body in messages(self.socket.recv(RECEIVE)):
                if number != sequence:
                    continue
                if flags & F_DUMP_INTERRUPTED:
                    raise NetlinkError(errno.EINTR, f"{what}: changed while being read")
                if answer in {DONE, ERROR}:
                    code = -int(struct.unpack_from("=i", body)[0]) if len(body) >= 4 else 0
                    if code:
                        raise NetlinkError(code, f"{what}: {os.strerror(code)}")
                    return
                seen += 1
                yield body
        raise NetlinkError(errno.E2BIG, f"{what}: more than {MAX_DUMP} entries")

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
