"""The lab's internet and devices, asked from inside."""

import os
import signal
import socket

import dns.message
import pytest

from gateway.lab import lifecycle, netns, processes
from gateway.lab.folder import read_processes
from gateway.lab.world import main
from tests.lab.conftest import lab_name

pytestmark = pytest.mark.netns


def asked(namespace, address, port, data, kind=socket.SOCK_DGRAM):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    descriptor = netns.open_named(namespace)
    try:
        with netns.open_socket(descriptor, family, kind) as sock:
            sock.settimeout(5)
            sock.connect((address, port))
            sock.sendall(data)
            return sock.recv(4096)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("address", ["2001:db8:fffe::99", "2607:f8b0::5"])
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_any_port_of_any_address_answers(bare, address, kind):
    assert asked(f"cg-{bare.lab}-reception-1", address, 4711, b"voice", kind) == b"voice"


@pytest.mark.parametrize("server", ["2001:db8:fffe::53", "2001:db8:fffe::ffff"])
def test_names_are_answered_from_the_address_asked(bare, server):
    query = dns.message.make_query("www.zoom.us", "AAAA")
    reply = dns.message.from_wire(asked(f"cg-{bare.lab}-reception-1", server, 53, query.to_wire()))
    assert reply.answer[0][0].address == "2407:30c0::a"


@pytest.mark.parametrize("address", ["10.20.30.11", "2001:db8:20:30::11"])
def test_a_device_answers_on_its_services(bare, address):
    assert asked(f"cg-{bare.lab}-reception-1", address, 8443, b"hello", socket.SOCK_STREAM) == b"hello"


def test_a_device_answers_on_nothing_else(bare):
    with pytest.raises(ConnectionRefusedError):
        asked(f"cg-{bare.lab}-reception-1", "10.20.30.11", 8444, b"hello", socket.SOCK_STREAM)


def test_it_ends_when_asked(bare):
    process = read_processes(bare)["world"]
    os.kill(process.pid, signal.SIGTERM)
    lifecycle.wait_for(lambda: "world: ended with status 0" in bare.log.read_text(), 10, "the end of the world")
    assert not processes.is_alive(process)


def test_without_a_plan_it_does_not_start(bare):
    with pytest.raises(FileNotFoundError):
        main([lab_name("w")])
