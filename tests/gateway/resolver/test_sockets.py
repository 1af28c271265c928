"""Listening sockets: families apart, addresses before they exist, and errors without leftovers."""

import socket
from ipaddress import ip_address

import pytest

from gateway.resolver.sockets import listen


def test_ipv6_does_not_take_ipv4s_port() -> None:
    with listen(ip_address("::1"), 0, socket.SOCK_DGRAM) as six:
        assert six.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
        with listen(ip_address("127.0.0.1"), six.getsockname()[1], socket.SOCK_DGRAM) as four:
            assert four.getsockname()[1] == six.getsockname()[1]


@pytest.mark.parametrize("address", ["10.255.255.1", "2001:db8:ffff::1"])
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_an_address_can_be_bound_before_it_is_there(address: str, kind: socket.SocketKind) -> None:
    with listen(ip_address(address), 0, kind) as made:
        assert made.getsockname()[0] == address
        assert made.getblocking() is False


def test_a_port_in_use_is_an_error() -> None:
    with listen(ip_address("127.0.0.1"), 0, socket.SOCK_DGRAM) as first, pytest.raises(OSError, match="in use"):
        listen(ip_address("127.0.0.1"), first.getsockname()[1], socket.SOCK_DGRAM)
