"""Messages of the kernel about new connections (conntrack events), as the enforcer's socket delivers them.

Layout: struct nlmsghdr, struct nfgenmsg, then attributes CTA_* (linux/netfilter/nfnetlink_conntrack.h); the original
direction says who began it and where he wanted to go, before any address was translated.

May live here: that layout, and which of these concern a detector. May not: sockets, judging (filters.detect).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from filters.detect.unresolved import Flow, Scope
from gateway.netlink import attributes, messages
from gateway.watcher.sources import ZONE_ONLY_ROLES, Directory
from ruleset.resolved import INTERNET, ResolvedSite

Address = IPv4Address | IPv6Address
NEW = 1 << 8  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW
NFGENMSG_LENGTH = 4
TUPLE_ORIGINAL, TUPLE_IP, TUPLE_PROTOCOL = 1, 1, 2
SOURCES, DESTINATIONS = frozenset({1, 3}), frozenset({2, 4})  # CTA_IP_V4_SRC, _V6_SRC; _DST
PROTOCOL_NUMBER, DESTINATION_PORT = 1, 3
PROTOCOLS = {6: "tcp", 17: "udp"}


@dataclass(frozen=True, slots=True)
class Connection:
    """A new connection: who, where to, by what (`tcp/443`)."""

    source: Address
    destination: Address
    service: str


def read_connections(data: bytes) -> tuple[list[Connection], int]:
    """The connections of one datagram, and how many of its messages could not be read. Never raises."""
    found: list[Connection] = []
    unreadable = 0
    for kind, _, _, body in messages(data):
        if kind == NEW:
            connection = _connection(body)
            if connection is None:
                unreadable += 1
            else:
                found.append(connection)
    return found, unreadable


def flow_of(connection: Connection, directory: Directory) -> Flow | None:
    """What a detector needs of it; None when no device of ours began it, or it stays inside."""
    source = directory.client(connection.source)
    if not source.zone or not source.name or directory.target(0, connection.destination)[0] != INTERNET:
        return None
    return Flow(source.zone, source.name, connection.destination, connection.service)


def scope_of(site: ResolvedSite) -> Scope:
    """Zones whose devices are the clinic's own, and what the site lets anybody reach by address."""
    zones = frozenset(segment.name for segment in site.segments if segment.role not in ZONE_ONLY_ROLES)
    sides = (grant.target for grant in site.grants if grant.target.zone == INTERNET)
    return Scope(zones, tuple(dict.fromkeys(network for side in sides for network in side.networks)))


def _connection(body: bytes) -> Connection | None:
    source = destination = b""
    protocol, port = 0, b""
    for kind, content in _original(body):
        if kind == TUPLE_IP:
            for number, octets in attributes(content):
                if number in SOURCES:
                    source = octets
                elif number in DESTINATIONS:
                    destination = octets
        elif kind == TUPLE_PROTOCOL:
            for number, octets in attributes(content):
                if number == PROTOCOL_NUMBER and len(octets) == 1:
                    protocol = octets[0]
                elif number == DESTINATION_PORT:
                    port = octets
    if protocol not in PROTOCOLS or len(port) != 2 or len(source) not in (4, 16) or len(destination) != len(source):
        return None
    service = f"{PROTOCOLS[protocol]}/{int.from_bytes(port, 'big')}"
    return Connection(ip_address(source), ip_address(destination), service)


def _original(body: bytes) -> Iterator[tuple[int, bytes]]:
    for kind, content in attributes(body[NFGENMSG_LENGTH:]):
        if kind == TUPLE_ORIGINAL:
            yield from attributes(content)
            return
