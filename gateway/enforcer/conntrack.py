"""Ending the tracked flows of an address: `ct state established accept` must not carry an isolated device on.

Messages: linux/netfilter/nfnetlink_conntrack.h. One listing of everything, sifted here: when the kernel filters
(CTA_FILTER), it walks its whole hash table for each end and direction, 13 ms a time with 262,144 buckets.

May live here: listing and deleting conntrack entries. May not: deciding whose.
"""

import errno
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from gateway.netlink import (
    F_ACK,
    NETLINK_NETFILTER,
    Netlink,
    NetlinkError,
    attribute,
    attributes,
    message,
    nested,
    netfilter_header,
)

Address = IPv4Address | IPv6Address
BOTH_FAMILIES = 0
GET, DELETE = 0x101, 0x102
TUPLE_ORIG, TUPLE_REPLY, ID, TUPLE_IP = 1, 2, 12, 1
DELETES_AT_ONCE = 200
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Flow:
    """One entry: its four addresses, and the raw attributes that name it to the kernel."""

    addresses: frozenset[Address]
    family: int
    original: bytes
    identity: bytes


class Conntrack:
    """A socket for ctnetlink in the network namespace of the thread that made it. Not thread-safe."""

    def __init__(self) -> None:
        self._netlink = Netlink(NETLINK_NETFILTER)

    def kill(self, addresses: Iterable[Address]) -> int:
        """End every flow that has one of `addresses` at either end, in either direction; answer: how many.

        Listed again afterwards (at most ROUNDS listings): a packet on its way may have added an entry meanwhile.
        """
        wanted = frozenset(addresses)
        killed = 0
        for _ in range(ROUNDS):
            flows = self.flows(wanted)
            if not flows:
                break
            killed += self._delete(flows)
        return killed

    def flows(self, addresses: frozenset[Address]) -> list[Flow]:
        """The entries that have one of `addresses` at either end, in either direction."""
        packed = [address.packed for address in addresses]
        found: list[Flow] = []
        for body in self._netlink.dump(GET, netfilter_header(BOTH_FAMILIES), "listing flows"):
            if any(one in body for one in packed):  # a quick look first: most entries are somebody else's
                flow = _flow(body)
                found += [flow] if flow.addresses & addresses else []
        return found

    def close(self) -> None:
        self._netlink.close()

    def _delete(self, flows: list[Flow]) -> int:
        """An entry that ended by itself meanwhile (ENOENT) is no error."""
        killed = 0
        for at in range(0, len(flows), DELETES_AT_ONCE):
            numbers, parts = [], []
            for flow in flows[at : at + DELETES_AT_ONCE]:
                numbers.append(self._netlink.next_sequence())
                payload = netfilter_header(flow.family) + nested(TUPLE_ORIG, flow.original) + flow.identity
                parts.append(message(DELETE, F_ACK, numbers[-1], payload))
            self._netlink.send(b"".join(parts))
            outcome = self._netlink.acknowledged(numbers)
            bad = [code for code in outcome.values() if code not in {0, errno.ENOENT}]
            if bad:
                raise NetlinkError(bad[0], "ending flows")
            killed += sum(code == 0 for code in outcome.values())
        return killed


def _flow(body: bytes) -> Flow:
    family, original, identity = body[0], b"", b""
    found: set[Address] = set()
    for kind, content in attributes(body[4:]):
        if kind in {TUPLE_ORIG, TUPLE_REPLY}:
            found.update(_addresses(content))
        if kind == TUPLE_ORIG:
            original = content
        elif kind == ID:
            identity = attribute(ID, content)
    return Flow(frozenset(found), family, original, identity)


def _addresses(tuple_content: bytes) -> Iterator[Address]:
    for kind, content in attributes(tuple_content):
        if kind == TUPLE_IP:
            yield from (ip_address(packed) for _, packed in attributes(content) if len(packed) in {4, 16})
