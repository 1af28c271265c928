"""Questions over TCP: pieces, pipelines, and clients that hold on."""

import socket

import dns.flags
import dns.message
import dns.query
import dns.rcode

from tests.gateway.resolver.world import (
    CLIENT,
    GATEWAY,
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
    finally:
        for connection in held:
            connection.close()


def test_a_message_shorter_than_a_header_ends_the_connection(running: Running) -> None:
    with socket.create_connection((GATEWAY, running.port), PATIENCE, source_address=(CLIENT, 0)) as connection:
        connection.sendall(b"\x00\x03abc")
        assert ended(connection)
