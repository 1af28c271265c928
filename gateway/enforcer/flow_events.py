"""The socket on which the kernel tells of new connections (conntrack events), made here and handed to the watcher.

Messages: linux/netfilter/nfnetlink_conntrack.h. Only a process with CAP_NET_ADMIN may join that group. A filter runs in
the kernel (classic BPF, Documentation/networking/filter.rst, with the extensions that walk netlink attributes): each
question to the gateway's own resolver is a connection too, and thousands a second of them must cost the watcher
nothing, and neither must what stays inside.

May live here: opening that socket with its filter. May not: reading an event.
"""

import ctypes
import socket
import struct
from collections.abc import Iterator

from gateway.netlink import NETLINK_NETFILTER, SO_RCVBUFFORCE, Netlink

GROUP_NEW = 1  # NFNLGRP_CONNTRACK_NEW
RECEIVE_BUFFER = 1 << 20
SO_ATTACH_FILTER = 26
DNS = 53
ATTRIBUTES_AT = 20  # behind struct nlmsghdr and struct nfgenmsg
ORIGINAL, IP, PROTOCOL, DESTINATION_PORT, DESTINATION4, DESTINATION6 = 1, 1, 2, 3, 2, 4
# Private, shared, loopback, link-local, multicast and reserved: (mask, value) of what is not the internet.
NOT_OUTSIDE = (
    (0xFF000000, 0x0A000000), (0xFFF00000, 0xAC100000), (0xFFFF0000, 0xC0A80000), (0xFFC00000, 0x64400000),
    (0xFF000000, 0x7F000000), (0xFFFF0000, 0xA9FE0000), (0xE0000000, 0xE0000000),
)  # fmt: skip
NOT_OUTSIDE6 = ((0xFF000000, 0), (0xFE000000, 0xFC000000), (0xFFC00000, 0xFE800000), (0xFF000000, 0xFF000000))

# linux/filter.h and linux/bpf_common.h
LOAD, LOAD_X, LOAD_HALF, LOAD_WORD, LOAD_MEMORY = 0x00, 0x01, 0x48, 0x40, 0x60
LOAD_ABSOLUTE, STORE, TO_X, AND, RETURN, JUMP_EQUAL = 0x20, 0x02, 0x07, 0x54, 0x06, 0x15
FIND, FIND_WITHIN = 0xFFFFF000 + 12, 0xFFFFF000 + 16  # SKF_AD_OFF + SKF_AD_NLATTR(_NEST)
NEXT, DROP, KEEP = 0, -1, -2
Line = tuple[int, int, int, int]  # code, where to when true and when false (lines ahead, DROP, KEEP), constant


def open_flows() -> socket.socket:
    """A socket that hears of every new connection to the internet but those to port 53. Raises OSError."""
    netlink = Netlink(NETLINK_NETFILTER)
    try:
        netlink.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        _attach(netlink.socket, program())
        netlink.socket.setsockopt(270, 1, GROUP_NEW)  # SOL_NETLINK, NETLINK_ADD_MEMBERSHIP: after the filter
    except BaseException:
        netlink.close()
        raise
    return netlink.socket


def program() -> list[Line]:
    """The filter, jumps resolved."""
    lines = [*_lines()]
    end = len(lines)  # the last two lines: drop, keep
    where = {DROP: end, KEEP: end + 1}
    resolved = [
        (code, where.get(yes, at + 1 + yes) - at - 1, where.get(no, at + 1 + no) - at - 1, constant)
        for at, (code, yes, no, constant) in enumerate(lines)
    ]
    return [*resolved, (RETURN, 0, 0, 0), (RETURN, 0, 0, 0xFFFFFFFF)]


def _lines() -> Iterator[Line]:
    yield LOAD, NEXT, NEXT, ATTRIBUTES_AT
    yield from _find(FIND, ORIGINAL, KEEP)
    yield STORE, NEXT, NEXT, 0
    yield from _find(FIND_WITHIN, PROTOCOL, KEEP)
    yield from _find(FIND_WITHIN, DESTINATION_PORT, DROP)
    yield TO_X, NEXT, NEXT, 0
    yield LOAD_HALF, NEXT, NEXT, 4
    yield JUMP_EQUAL, DROP, NEXT, DNS
    yield LOAD_MEMORY, NEXT, NEXT, 0
    yield from _find(FIND_WITHIN, IP, KEEP)
    yield STORE, NEXT, NEXT, 0
    inside4 = [*_inside(NOT_OUTSIDE)]
    yield LOAD_X, NEXT, NEXT, DESTINATION4
    yield LOAD_ABSOLUTE, NEXT, NEXT, FIND_WITHIN
    yield JUMP_EQUAL, len(inside4), NEXT, 0
    yield from inside4
    yield LOAD_MEMORY, NEXT, NEXT, 0
    yield from _find(FIND_WITHIN, DESTINATION6, KEEP)
    yield from _inside(NOT_OUTSIDE6)


def _find(how: int, kind: int, without: int) -> Iterator[Line]:
    """Behind A (or within the attribute at A) find an attribute; A becomes its offset."""
    yield LOAD_X, NEXT, NEXT, kind
    yield LOAD_ABSOLUTE, NEXT, NEXT, how
    yield JUMP_EQUAL, without, NEXT, 0


def _inside(networks: tuple[tuple[int, int], ...]) -> Iterator[Line]:
    """The address of the attribute at A: kept unless it lies in one of these."""
    yield TO_X, NEXT, NEXT, 0
    for mask, value in networks:
        yield LOAD_WORD, NEXT, NEXT, 4
        yield AND, NEXT, NEXT, mask
        yield JUMP_EQUAL, DROP, NEXT, value
    yield RETURN, NEXT, NEXT, 0xFFFFFFFF


def _attach(made: socket.socket, lines: list[Line]) -> None:
    """struct sock_fprog: how many, and where they lie."""
    code = b"".join(struct.pack("=HBBI", *line) for line in lines)
    held = ctypes.create_string_buffer(code)
    made.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(lines), ctypes.addressof(held)))
