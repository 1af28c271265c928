"""The lab's authoritative server, message by message and over real sockets."""

import asyncio
import socket
import struct
from ipaddress import ip_address

import dns.flags
import dns.message
import dns.rcode
import pytest

from gateway.lab.dns_server import NameServer, Udp, serve_tcp
from gateway.lab.names import LabNames

NAMES = LabNames(
    {"example.test": (ip_address("192.0.2.1"), ip_address("2001:db8::1")), "four.test": (ip_address("192.0.2.4"),)},
    {"first.example": "second.example", "second.example": "www.example.test", "round.example": "round.example"},
    closed={"127.0.0.99": {"inside.example": (ip_address("192.0.2.9"),)}},
)
SERVER = NameServer(NAMES)


def ask(name, kind="A", **more):
    limit, server = more.pop("limit", 65535), more.pop("server", "")
    return dns.message.from_wire(SERVER.answer(dns.message.make_query(name, kind, **more).to_wire(), limit, server))


@pytest.mark.parametrize(("kind", "address"), [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")])
def test_addresses_of_both_families(kind, address):
    reply = ask("WWW.example.test", kind)
    assert [item.address for item in reply.answer[0]] == [address]
    assert reply.flags & dns.flags.AA


def test_what_is_not_there_says_so_with_a_start_of_authority():
    missing, empty, parent = ask("nothing.example"), ask("four.test", "AAAA"), ask("test")
    assert missing.rcode() == dns.rcode.NXDOMAIN
    assert empty.rcode() == parent.rcode() == dns.rcode.NOERROR
    assert all(reply.authority and not reply.answer for reply in (missing, empty, parent))


def test_an_answer_that_does_not_fit_is_cut_and_whole_over_more():
    small, room = ask("long.example.test", "TXT", limit=512), ask("long.example.test", "TXT")
    assert small.flags & dns.flags.TC
    assert not small.answer
    assert len(room.answer[0]) == 20


def test_aliases_are_followed_but_not_for_ever():
    chain = ask("first.example")
    assert [rrset[0].to_text() for rrset in chain.answer] == ["second.example.", "www.example.test.", "192.0.2.1"]
    assert [rrset.name.to_text() for rrset in ask("round.example").answer] == ["round.example."]


def test_a_closed_networks_server_alone_knows_its_names():
    inside = ask("x.inside.example", server="127.0.0.99")
    assert [item.address for item in inside.answer[0]] == ["192.0.2.9"]
    assert ask("x.inside.example").rcode() == ask("four.test", server="127.0.0.99").rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize("noise", [b"", b"x" * 11, b"\xff" * 600, struct.pack("!HHHHHH", 1, 0x8000, 1, 0, 0, 0)])
def test_what_is_no_question_gets_no_answer(noise):
    assert SERVER.answer(noise) is None


def test_udp_and_tcp_answer_from_the_address_that_was_asked():
    async def both():
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind(("0.0.0.0", 0))
        Udp(SERVER, bound).start()
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asker.setblocking(False)
        asker.connect(("127.0.0.77", bound.getsockname()[1]))  # a connected socket hears only from there
        loop = asyncio.get_running_loop()
        query = dns.message.make_query("four.test", "A")
        await loop.sock_sendall(asker, query.to_wire())
        udp = dns.message.from_wire(await asyncio.wait_for(loop.sock_recv(asker, 512), 5))

        server = await asyncio.start_server(lambda r, w: serve_tcp(SERVER, r, w), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for _ in range(2):  # one connection, several questions
            writer.write(struct.pack("!H", len(query.to_wire())) + query.to_wire())
            length = struct.unpack("!H", await asyncio.wait_for(reader.readexactly(2), 5))[0]
            tcp = dns.message.from_wire(await reader.readexactly(length))
        writer.close()
        server.close()
        loop.remove_reader(bound)
        bound.close()
        asker.close()
        return udp, tcp

    udp, tcp = asyncio.run(both())
    assert udp.answer == tcp.answer != []
