"""Ending flows: real connections over loopback, tracked because a rule asks for their state."""

import socket
from ipaddress import ip_address

import pytest

from gateway.enforcer.conntrack import Conntrack
from gateway.enforcer.kernel_nft import KernelNft

pytestmark = pytest.mark.netns
TRACK = """add table inet t
add chain inet t i { type filter hook input priority 0; }
add rule inet t i ct state new accept
"""
FOUR, SIX, OTHER = ip_address("127.0.0.1"), ip_address("::1"), ip_address("127.0.0.2")


@pytest.fixture
def connections(net):
    KernelNft().load(TRACK)
    opened = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")):
        listener = socket.create_server((address, 7000), family=family)
        client = socket.create_connection((address, 7000), source_address=(address, 0))
        opened += [listener, client, listener.accept()[0]]
    yield opened
    for one in opened:
        one.close()


def test_flows_of_an_address_end_in_both_families_and_others_stay(connections) -> None:
    conntrack = Conntrack()
    assert conntrack.kill([FOUR, SIX]) == 2
    assert conntrack.flows(frozenset({FOUR, SIX})) == []
    assert len(conntrack.flows(frozenset({OTHER}))) == 1


def test_an_address_without_flows_ends_none(connections) -> None:
    assert Conntrack().kill([ip_address("10.9.9.9"), ip_address("2001:db8::9")]) == 0


def test_an_address_whose_bytes_stand_in_another_place_is_not_mistaken(connections) -> None:
    """The quick look finds 0.0.0.1 within ::1; the second look does not."""
    assert Conntrack().flows(frozenset({ip_address("0.0.0.1")})) == []


def test_many_flows_end_in_one_go(net) -> None:
    KernelNft().load(TRACK)
    senders = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 7001))
        for _ in range(500):
            senders.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            senders[-1].sendto(b"x", ("127.0.0.1", 7001))
        assert Conntrack().kill([FOUR]) == 500
    for sender in senders:
        sender.close()
