"""Who is on the wire: the kernel's neighbour table (ARP, neighbour discovery), read over rtnetlink.

Messages: linux/neighbour.h, rtnetlink(7). Reading needs no right. What an entry is worth says attribution.py.

May live here: reading. May not: changing an entry, judging one.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from gateway.netlink import NETLINK_ROUTE, RECEIVE, Netlink, attribute, attributes, message, messages

NEW_NEIGHBOUR, GET_NEIGHBOUR = 28, 30
DESTINATION, LINK_ADDRESS = 1, 2
UNUSABLE = 0x20 | 0x01  # NUD_FAILED, NUD_INCOMPLETE
_HEADER = struct.Struct("=BxxxiHBB")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One address seen at one MAC (lower case) on the interface of that index."""

    address: IPv4Address | IPv6Address
    mac: str
    interface: int


def neighbours() -> list[Neighbour]:
    """Every entry of the thread's network namespace that has a MAC. Raises NetlinkError."""
    with Netlink(NETLINK_ROUTE) as netlink:
        return list(dumped(netlink))


def dumped(netlink: Netlink) -> Iterator[Neighbour]:
    """As `neighbours`, over a socket that is there. Raises NetlinkError."""
    for body in netlink.dump(GET_NEIGHBOUR, _HEADER.pack(0, 0, 0, 0, 0), "neighbours"):
        yield from neighbour(body)


def looked_up(netlink: Netlink, address: IPv4Address | IPv6Address, interface: int) -> Neighbour | None:
    """The entry for one address on the interface of that index; None when it is not known. Raises OSError."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sequence = netlink.next_sequence()
    wanted = _HEADER.pack(family, interface, 0, 0, 0) + attribute(DESTINATION, address.packed)
    netlink.send(message(GET_NEIGHBOUR, 0, sequence, wanted))
    for kind, _, number, body in messages(netlink.socket.recv(RECEIVE)):
        if kind == NEW_NEIGHBOUR and number == sequence:
            return next(neighbour(body), None)
    return None


def neighbour(body: bytes) -> Iterator[Neighbour]:
    """The entry that a message is about; none when it has no MAC, or the address is not there (any more)."""
    if len(body) < _HEADER.size:
        return
    _, interface, state, _, _ = _HEADER.unpack_from(body)
    found = dict(attributes(body[_HEADER.size :]))
    address, link = found.get(DESTINATION, b""), found.get(LINK_ADDRESS, b"")
    if len(address) in {4, 16} and len(link) == 6 and not state & UNUSABLE:
        yield Neighbour(ip_address(address), link.hex(":"), interface)
