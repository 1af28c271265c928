"""The socket for new connections: what the kernel tells on it, and what its filter keeps back."""

import errno
import select
import socket
from collections.abc import Iterator

import pytest

from gateway.enforcer.flow_events import DROP, KEEP, open_flows, program
from gateway.enforcer.kernel_nft import KernelNft
from gateway.watcher.flows import read_connections
from tests.gateway.enforcer.nets import Net, address
from tests.gateway.enforcer.running import as_uid

pytestmark = pytest.mark.netns
TRACKING = """add table inet t
add chain inet t o { type filter hook output priority 0; }
add rule inet t o ct state new accept
"""
OUTSIDE, OUTSIDE6 = "203.0.113.9", "2001:db8:ffff::9"


@pytest.fixture
def tracked(net: Net) -> Iterator[socket.socket]:
    net.run("ip", "link", "add", "wan", "type", "veth", "peer", "name", "far")
    for name in ("wan", "far"):
        net.run("ip", "link", "set", name, "up")
    address(net, "wan", "203.0.113.2/24", "2001:db8:ffff::2/64", "10.20.20.1/24", "fd00::1/64")
    net.run("ip", "route", "add", "default", "via", "203.0.113.1")
    KernelNft().load(TRACKING)
    made = open_flows()
    made.settimeout(10)
    yield made
    made.close()


def send(to: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (to, port))


def told(tracked: socket.socket) -> set[str]:
    """Everything up to the last connection, which is to the discard port."""
    found: set[str] = set()
    for _ in range(100):
        connections, unreadable = read_connections(tracked.recv(65536))
        assert unreadable == 0
        found |= {f"{one.destination} {one.service}" for one in connections}
        if f"{OUTSIDE} udp/9" in found:
            return found - {f"{OUTSIDE} udp/9"}
    raise AssertionError(found)


def test_connections_to_the_internet_are_told_and_questions_and_inner_ones_are_not(tracked: socket.socket) -> None:
    wanted = {(OUTSIDE, 443), (OUTSIDE6, 443), ("198.51.100.1", 123)}
    kept_back = {
        *((OUTSIDE, 53), (OUTSIDE6, 53), ("10.20.20.7", 443), ("172.31.255.7", 443), ("192.168.1.7", 443)),
        *(("127.0.0.1", 443), ("100.64.0.7", 443), ("fd00::7", 443), ("::1", 443)),
    }
    for to, port in (*kept_back, *wanted, (OUTSIDE, 9)):
        send(to, port)
    assert told(tracked) == {f"{to} udp/{port}" for to, port in wanted}


def test_a_connection_is_told_once(tracked: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(5):
            sender.sendto(b"x", (OUTSIDE, 443))
    send(OUTSIDE, 9)
    assert told(tracked) == {f"{OUTSIDE} udp/443"}
    assert not select.select([tracked], [], [], 0)[0]


def test_without_the_right_nobody_listens(net: Net) -> None:
    with as_uid(64503), pytest.raises(OSError, match=r".") as refused:
        open_flows()
    assert refused.value.errno in {errno.EPERM, errno.EACCES}


def test_every_jump_of_the_filter_leads_to_a_line_of_it() -> None:
    lines = program()
    for at, (code, yes, no, _) in enumerate(lines):
        assert min(yes, no) >= 0 and DROP < 0 and KEEP < 0
        assert code & 7 != 5 or at + 1 + max(yes, no) < len(lines)
        assert max(yes, no) <= 255
