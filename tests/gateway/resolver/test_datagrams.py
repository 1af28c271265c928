"""Many datagrams at once: each arrives whole, with its peer, over both families, and the lost ones are counted."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from gateway.resolver.datagrams import BURST, IPV6_PEER, MAX_SIZE, Datagrams, text_of
from tests.gateway.resolver.world import PATIENCE

FAMILIES = [(socket.AF_INET, "127.20.20.1"), (socket.AF_INET6, "::1")]


@contextmanager
def pair(family: socket.AddressFamily, address: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A server's socket and a client's that is connected to it."""
    with socket.socket(family, socket.SOCK_DGRAM) as server, socket.socket(family, socket.SOCK_DGRAM) as client:
        server.bind((address, 0))
        client.connect((address, server.getsockname()[1]))
        client.settimeout(PATIENCE)
        yield server, client


@pytest.mark.parametrize(("family", "address"), FAMILIES)
def test_messages_and_peers_go_to_and_fro(family: socket.AddressFamily, address: str) -> None:
    with pair(family, address) as (server, client):
        datagrams = Datagrams(server)
        assert datagrams.receive() == []
        sent = [bytes([number]) * (1 + number * 19) for number in range(BURST)]
        for data in sent:
            client.send(data)
        arrived = datagrams.receive()
        assert [data for data, _ in arrived] == sent
        assert {text_of(peer) for _, peer in arrived} == {address if family == socket.AF_INET6 else "127.0.0.1"}
        assert len({peer[datagrams.source] for _, peer in arrived}) == 1
        assert datagrams.send([(data + b"!", peer) for data, peer in arrived]) == 0
        assert [client.recv(4096) for _ in sent] == [data + b"!" for data in sent]


@pytest.mark.parametrize(("family", "address"), FAMILIES)
def test_each_client_hears_its_own_answer(family: socket.AddressFamily, address: str) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        server.bind((address, 0))
        clients = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(20)]
        for number, client in enumerate(clients):
            client.settimeout(PATIENCE)
            client.sendto(b"%d" % number, server.getsockname())
        datagrams = Datagrams(server)
        assert datagrams.send(datagrams.receive()) == 0
        assert [client.recv(100) for client in clients] == [b"%d" % number for number in range(20)]


def test_more_than_a_burst_waits_for_the_next_look() -> None:
    with pair(*FAMILIES[0]) as (server, client):
        datagrams = Datagrams(server)
        for number in range(BURST + 1):
            client.send(b"%d" % number)
        assert len(datagrams.receive()) == BURST
        assert [data for data, _ in datagrams.receive()] == [b"%d" % BURST]


def test_what_is_too_long_is_cut_on_the_way_in_and_refused_on_the_way_out() -> None:
    with pair(*FAMILIES[0]) as (server, client):
        datagrams = Datagrams(server)
        client.send(b"x" * (MAX_SIZE + 1))
        client.send(b"y" * MAX_SIZE)
        client.send(b"")
        (long, peer), (fits, _), (empty, _) = datagrams.receive()
        assert (long, fits, empty) == (b"x" * MAX_SIZE, b"y" * MAX_SIZE, b"")
        with pytest.raises(ValueError, match="does not fit"):
            datagrams.send([(b"x" * (MAX_SIZE + 1), peer)])
        assert datagrams.send([(fits, peer)]) == 0
        assert client.recv(4096) == fits


def test_one_that_cannot_be_sent_stops_no_other() -> None:
    with pair(*FAMILIES[0]) as (server, client):
        datagrams = Datagrams(server)
        client.send(b"question")
        [(_, peer)] = datagrams.receive()
        nowhere = peer[:2] + bytes(2) + peer[4:]  # port 0
        assert datagrams.send([(b"a", peer), (b"b", nowhere), (b"c", peer), (b"d", nowhere)]) == 2
        assert [client.recv(100), client.recv(100)] == [b"a", b"c"]


def test_a_closed_socket_gives_nothing_and_takes_nothing() -> None:
    with pair(*FAMILIES[0]) as (server, client):
        datagrams = Datagrams(server)
        client.send(b"question")
        [(_, peer)] = datagrams.receive()
        server.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM):  # takes the number that the closed one had
            assert datagrams.send([(b"answer", peer)]) == 1
            assert datagrams.receive() == []


def test_threads_do_not_share_their_rooms() -> None:
    with pair(*FAMILIES[0]) as (server, _):
        mine, theirs = Datagrams(server), []
        thread = threading.Thread(target=lambda: theirs.append(Datagrams(server)))
        thread.start()
        thread.join(PATIENCE)
        assert mine._in is Datagrams(server)._in
        assert mine._in is not theirs[0]._in


def test_a_link_local_peer_is_told_with_its_interface() -> None:
    address = socket.inet_pton(socket.AF_INET6, "fe80::1")
    peer = bytes(8) + address + (7).to_bytes(4, sys.byteorder)
    assert len(peer) == IPV6_PEER
    assert text_of(peer) == "fe80::1%7"
