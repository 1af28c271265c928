"""Many datagrams with one system call (recvmmsg(2), sendmmsg(2)): Python's socket module has them one by one only.

The memory that the kernel reads and writes is made once, fixed in size, and described to it once; afterwards only
lengths and peers change. A peer is the kernel's own `struct sockaddr`, handed back as it came: turning each into text
and back would cost as much as the answer.

May live here: this memory, the two calls, reading a peer. May not: what a datagram says.
"""

import ctypes
import socket
import sys
import threading
from collections.abc import Sequence
from typing import Any

from filters.dns_answer import OUR_SIZE

BURST = 64  # datagrams read or sent at once
# Octets. We promise to take as many (RFC 6891 section 6.2.3) and send no more. What is longer is cut, and so malformed.
MAX_SIZE = OUR_SIZE
# struct sockaddr_in: family, port, address; struct sockaddr_in6: family, port, flow, address, scope
IPV4_PEER, IPV6_PEER = 16, 28

Message = tuple[bytes, bytes]  # the octets, and the peer


class _Piece(ctypes.Structure):
    """struct iovec"""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """struct msghdr"""

    _fields_ = (
        ("peer", ctypes.c_void_p),
        ("peer_size", ctypes.c_uint32),
        ("pieces", ctypes.c_void_p),
        ("piece_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Entry(ctypes.Structure):
    """struct mmsghdr"""

    _fields_ = (("header", _Header), ("size", ctypes.c_uint32))


# PyDLL: the calls never wait, so letting other threads in meanwhile would only cost time.
_libc = ctypes.PyDLL(None)


def _column(table: "ctypes.Array[Any]", field: Any) -> "memoryview[int]":
    """One field of all rows, as numbers that can be read and written in place."""
    offset: int = field.offset
    width: int = field.size
    octets = memoryview(table).cast("B")
    numbers = octets.cast("I") if width == ctypes.sizeof(ctypes.c_uint) else octets.cast("L")
    return numbers[offset // width :: len(octets) // BURST // width]


class Slots:
    """Room for `BURST` messages, each with a peer of `peer_size` octets; one message takes one slot."""

    def __init__(self, peer_size: int) -> None:
        self.octets, self.peers = bytearray(BURST * MAX_SIZE), bytearray(BURST * peer_size)
        self._pieces, self._entries = (_Piece * BURST)(), (_Entry * BURST)()
        # While somebody holds these, Python refuses to move or resize what the kernel was told of.
        self._held = [ctypes.c_char.from_buffer(room) for room in (self.octets, self.peers)]
        octets_at, peers_at = map(ctypes.addressof, self._held)
        for number, (piece, entry) in enumerate(zip(self._pieces, self._entries, strict=True)):
            piece.base, piece.size = octets_at + number * MAX_SIZE, MAX_SIZE
            entry.header.peer, entry.header.peer_size = peers_at + number * peer_size, peer_size
            entry.header.pieces, entry.header.piece_count = ctypes.addressof(piece), 1
        # Writing through a view costs a tenth of writing through the structures.
        self.received = _column(self._entries, _Entry.size)
        self.sizes = _column(self._pieces, _Piece.size)

    def at(self, number: int) -> ctypes.c_void_p:
        """Where the kernel finds the entries from that slot on."""
        return ctypes.c_void_p(ctypes.addressof(self._entries) + number * ctypes.sizeof(_Entry))


class _Rooms(threading.local):
    """All sockets of a thread share the room, because nothing in here waits: to read into, and to send from."""

    def __init__(self) -> None:
        self.of = {size: (Slots(size), Slots(size)) for size in (IPV4_PEER, IPV6_PEER)}


_rooms = _Rooms()


class Datagrams:
    """Reads from and writes to one UDP socket, which stays its owner's; in the thread that made this."""

    def __init__(self, made: socket.socket) -> None:
        self._made = made
        self._size = IPV4_PEER if made.family == socket.AF_INET else IPV6_PEER
        self.source = slice(4, 8) if made.family == socket.AF_INET else slice(8, 28)
        self._in, self._out = _rooms.of[self._size]
        self._first_in, self._first_out = self._in.at(0), self._out.at(0)

    def receive(self) -> list[Message]:
        """What is there, at most BURST; `peer[self.source]` tells hosts apart."""
        slots, size = self._in, self._size
        count = _libc.recvmmsg(self._made.fileno(), self._first_in, BURST, socket.MSG_DONTWAIT, None)
        octets, peers = slots.octets, bytes(slots.peers)
        return [
            (bytes(octets[at : at + length]), peers[peer : peer + size])
            for at, length, peer in zip(
                range(0, count * MAX_SIZE, MAX_SIZE), slots.received, range(0, count * size, size), strict=False
            )
        ]  # count is -1 when nothing is there after all: the list is empty

    def send(self, messages: Sequence[Message]) -> int:
        """Send at most BURST messages of up to MAX_SIZE; how many of them found the way full, or none at all."""
        slots, sizes = self._out, self._out.sizes
        octets, at, number = slots.octets, 0, 0
        for data, _ in messages:
            size = len(data)
            if size > MAX_SIZE:
                raise ValueError(f"a datagram of {size} octets does not fit into {MAX_SIZE}")
            octets[at : at + size] = data
            sizes[number] = size
            at += MAX_SIZE
            number += 1
        peers = b"".join([peer for _, peer in messages])
        slots.peers[: len(peers)] = peers
        sent = _libc.sendmmsg(self._made.fileno(), self._first_out, number, socket.MSG_DONTWAIT)
        return 0 if sent == number else self._send_others(max(0, sent), number)

    def _send_others(self, done: int, number: int) -> int:
        """The kernel stops at the first message it cannot send; the others get their chance."""
        lost = 0
        while done < number:
            sent = _libc.sendmmsg(self._made.fileno(), self._out.at(done), number - done, socket.MSG_DONTWAIT)
            lost += sent < 1
            done += max(1, sent)
        return lost


def text_of(peer: bytes) -> str:
    """The address of a peer as `socket.recvfrom` gives it, with the interface of a link-local one."""
    if len(peer) == IPV4_PEER:
        return socket.inet_ntop(socket.AF_INET, peer[4:8])
    text, scope = socket.inet_ntop(socket.AF_INET6, peer[8:24]), int.from_bytes(peer[24:28], sys.byteorder)
    return f"{text}%{scope}" if scope else text
