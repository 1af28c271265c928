"""Questions over TCP: pieces, pipelines, and clients that hold on."""

import socket
from contextlib import ExitStack
from functools import partial

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from gateway.resolver import tcp
from tests.gateway.resolver.world import (
    CLIENT,
    GATEWAY,
    GUEST_GATEWAY,
    OTHER,
    PATIENCE,
    Running,
    answers,
    ended,
)


def test_tcp_takes_several_questions_on_one_connection_in_pieces(running: Running) -> None:
    queries = [dns.message.make_query("www.example", "A"), dns.message.make_query("bad.example", "A")]
    stream = b"".join(len(q.to_wire()).to_bytes(2, "big") + q.to_wire() for q in queries)
    with socket.create_connection((GATEWAY, running.port), PATIENCE, source_address=(CLIENT, 0)) as connection:
        connection.sendall(stream[:3])
        connection.sendall(stream[3:])
        replies = {}
        with connection.makefile("rb") as reader:
            for _ in queries:
                message = dns.message.from_wire(reader.read(int.from_bytes(reader.read(2), "big")))
                replies[message.id] = message.rcode()
    assert replies == {queries[0].id: dns.rcode.NOERROR, queries[1].id: dns.rcode.NXDOMAIN}


def test_one_client_cannot_hold_all_tcp_connections(running: Running) -> None:
    held = [socket.create_connection((GATEWAY, running.port), PATIENCE, source_address=(CLIENT, 0)) for _ in range(20)]
    try:
        assert all(ended(connection) for connection in held[16:])
        assert answers(running.ask("www.example", source=OTHER, tcp=True)) == ["192.0.2.1"]
        assert running.resolver.session.counters.overload == 4
    finally:
        for connection in held:
            connection.close()


def test_one_zone_cannot_hold_all_tcp_connections(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MAX_CONNECTIONS", 8), ("MAX_OF_CLIENT", 4), ("IDLE_SECONDS", 120.0)):
        monkeypatch.setattr(tcp, name, value)
    with ExitStack() as open_until_the_end:
        connect = partial(_connected, open_until_the_end, running.port)
        guests = [connect(GUEST_GATEWAY, f"127.20.80.{20 + number // 4}") for number in range(8)]
        assert all(_served(one) for one in (*guests[1:], guests[0]))
        assert _served(connect(GATEWAY, CLIENT)), "a client of the other zone has room"
        assert ended(guests[1]), "of the fullest zone, the one unused longest gave way"
        assert running.resolver.session.counters.overload == 1
        assert _served(connect(GUEST_GATEWAY, "127.20.80.30"))
        assert ended(guests[2])
        assert all(_served(one) for one in (guests[0], *guests[3:]))


def _connected(until: ExitStack, port: int, at: str, source: str) -> socket.socket:
    return until.enter_context(socket.create_connection((at, port), PATIENCE, source_address=(source, 0)))


def _served(connection: socket.socket) -> bool:
    """Whether a question on it is answered."""
    query = dns.message.make_query("bad.example", "A").to_wire()
    connection.sendall(len(query).to_bytes(2, "big") + query)
    length = int.from_bytes(connection.recv(2, socket.MSG_WAITALL), "big")
    return length > 0 and len(connection.recv(length, socket.MSG_WAITALL)) == length


def test_a_message_shorter_than_a_header_ends_the_connection(running: Running) -> None:
    with socket.create_connection((GATEWAY, running.port), PATIENCE, source_address=(CLIENT, 0)) as connection:
        connection.sendall(b"\x00\x03abc")
        assert ended(connection)
