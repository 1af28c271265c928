"""The door into the lab: bytes both ways from a host's own namespace, closed when there is nobody behind it."""

import asyncio
import os
import socket
from ipaddress import ip_address

import pytest

from gateway.lab import netns
from gateway.lab.forwarder import Forwarder, fetch

pytestmark = pytest.mark.netns


@pytest.fixture
def reception(bare):
    descriptor = netns.open_named(f"cg-{bare.lab}-reception-1")
    yield descriptor
    os.close(descriptor)


async def through(door, data, port=0):
    server, port = await door.start(port)
    async with server:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        writer.write_eof()
        got = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    return got


def test_bytes_go_both_ways_from_inside_the_lab(reception):
    door = Forwarder(reception, ip_address("10.20.30.11"), 8443)
    assert asyncio.run(through(door, b"x" * 200_000)) == b"x" * 200_000


def test_ipv6_works_too(reception):
    assert asyncio.run(through(Forwarder(reception, ip_address("2001:db8:20:30::11"), 8443), b"abc")) == b"abc"


def test_a_closed_door_is_a_closed_connection(reception):
    assert asyncio.run(through(Forwarder(reception, ip_address("10.20.30.11"), 1), b"abc")) == b""


def test_a_taken_port_makes_it_choose_another(reception):
    async def two():
        door = Forwarder(reception, ip_address("10.20.30.11"), 8443)
        first, port = await door.start(0)
        second, other = await door.start(port)
        first.close()
        second.close()
        return port, other

    port, other = asyncio.run(two())
    assert port != other


def test_only_this_machine_can_knock(reception):
    async def where():
        server, _ = await Forwarder(reception, ip_address("10.20.30.11"), 8443).start(0)
        names = [sock.getsockname()[0] for sock in server.sockets]
        server.close()
        return names

    assert asyncio.run(where()) == ["127.0.0.1"]


def test_the_page_is_measured_and_only_a_whole_one_counts(clinic, reception):
    async def tries():
        admin = netns.open_named(clinic.namespace("admin"))
        page, port = await Forwarder(admin, ip_address("10.20.10.1"), 8080).start(0)
        echo, no_page = await Forwarder(reception, ip_address("10.20.30.11"), 8443).start(0)
        with socket.create_server(("127.0.0.1", 0)) as free:
            nobody = free.getsockname()[1]
        found = await fetch(port), await fetch(no_page, 1.0), await fetch(nobody)
        page.close()
        echo.close()
        os.close(admin)
        return found

    page, echo, nobody = asyncio.run(tries())
    assert 0 < page < 10_000
    assert (echo, nobody) == (None, None)
