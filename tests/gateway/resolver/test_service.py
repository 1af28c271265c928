"""The resolver on real sockets: both transports, both families, zones, reload, concurrency, silence."""

import asyncio
import socket
import threading
from dataclasses import replace
from ipaddress import ip_address, ip_network

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from filters.dns_exchange import Timing, Upstream
from filters.lists import compile_list
from gateway.resolver.config import ZoneConfig
from tests.gateway.resolver.world import (
    CLIENT,
    GATEWAY,
    GUEST,
    GUEST_GATEWAY,
    KEY,
    OTHER,
    PATIENCE,
    STRANGER,
    Authority,
    Running,
    answers,
    config,
)


@pytest.mark.parametrize("tcp", [False, True])
def test_forwards_over_udp_and_tcp_then_answers_from_the_cache(
    running: Running, authority: Authority, tcp: bool
) -> None:
    assert answers(running.ask("www.example", tcp=tcp)) == ["192.0.2.1"]
    assert answers(running.ask("WWW.Example", source=OTHER)) == ["192.0.2.1"]
    assert answers(running.ask("www.example", tcp=not tcp)) == ["192.0.2.1"]
    assert authority.asked == [("www.example", "udp")]


def test_the_second_question_of_a_zone_takes_the_fast_path(running: Running) -> None:
    running.ask("www.example")
    running.ask("www.example", use_edns=0)
    assert running.resolver.desk.fast == 1


def test_answers_over_ipv6_and_from_the_address_asked(running: Running) -> None:
    assert answers(running.ask("www.example", at="::1", source="::1")) == ["192.0.2.1"]
    assert answers(running.ask("www.example", at="::1", source="::1", tcp=True)) == ["192.0.2.1"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((GUEST, 0))
        client.settimeout(PATIENCE)
        client.sendto(dns.message.make_query("www.example", "A").to_wire(), (GUEST_GATEWAY, running.port))
        assert client.recvfrom(4096)[1] == (GUEST_GATEWAY, running.port)


def test_blocks_by_the_zone_of_the_client_whichever_address_it_asks(running: Running) -> None:
    for at in (GATEWAY, GUEST_GATEWAY):
        assert running.ask("bad.example", at=at).rcode() == dns.rcode.NXDOMAIN
        assert answers(running.ask("bad.example", at=at, source=GUEST)) == ["0.0.0.0"]
        assert running.ask("www.example", at=at, source=STRANGER).rcode() == dns.rcode.REFUSED


def test_local_names_and_canaries_stay_here(running: Running, authority: Authority) -> None:
    assert answers(running.ask("nas.clinic.home.arpa")) == ["127.20.20.40"]
    assert answers(running.ask("40.20.20.127.in-addr.arpa", "PTR")) == ["nas.clinic.home.arpa."]
    assert running.ask("nobody.clinic.home.arpa").rcode() == dns.rcode.NXDOMAIN
    assert running.ask("use-application-dns.net").rcode() == dns.rcode.NXDOMAIN
    resolver_arpa = running.ask("_dns.resolver.arpa", "SVCB")
    assert (resolver_arpa.rcode(), resolver_arpa.answer) == (dns.rcode.NOERROR, [])
    assert authority.asked == []


def test_a_truncated_upstream_answer_is_fetched_by_tcp_and_truncated_for_small_clients(
    running: Running, authority: Authority
) -> None:
    authority.truncate = True
    authority.records["many.example"] = [f"192.0.2.{last}" for last in range(1, 60)]
    small = running.ask("many.example")
    assert small.flags & dns.flags.TC
    assert authority.asked == [("many.example", "udp"), ("many.example", "tcp")]
    assert len(answers(running.ask("many.example", use_edns=0, payload=1232))) == 59
    assert len(answers(running.ask("many.example", tcp=True))) == 59


def test_a_forged_reply_on_the_right_socket_is_ignored(running: Running, authority: Authority) -> None:
    authority.forge = lambda reply: (
        bytes((reply[0] ^ 0xFF,)) + reply[1:].replace(b"\xc0\x00\x02\x01", b"\x06\x06\x06\x06")
    )
    assert answers(running.ask("www.example")) == ["192.0.2.1"]
    assert running.resolver.session.counters.strangers == 1


def test_ports_and_ids_are_new_for_every_question(running: Running, authority: Authority) -> None:
    names = [f"n{number}.example" for number in range(20)]
    for name in names:
        running.ask(name)
    assert len(set(authority.ports)) > 10
    assert len({question.id for question in authority.seen}) > 10
    assert {question.payload for question in authority.seen} == {1232}


def test_a_dead_upstream_is_left_for_the_next(tmp_path: object, idle: Running, authority: Authority) -> None:
    nobody = Upstream("127.99.0.54", authority.upstream.port)  # refuses at once, by ICMP
    assert idle.adopt(config(authority, upstreams=(nobody, authority.upstream)))
    assert answers(idle.ask("www.example")) == ["192.0.2.1"]


def test_silence_is_servfail_within_the_bound(tmp_path: object, authority: Authority) -> None:
    running = Running(tmp_path, Timing(attempt=0.05, whole=0.3, attempts=3))
    try:
        assert running.adopt(config(authority))
        authority.silent = True
        assert running.ask("www.example").rcode() == dns.rcode.SERVFAIL
        assert 2 <= len(authority.asked) <= 3
        assert not running.resolver.session.busy
    finally:
        running.close()


def test_without_upstreams_own_names_and_blocks_still_work(idle: Running, authority: Authority) -> None:
    assert idle.adopt(config(authority, upstreams=()))
    assert answers(idle.ask("nas.clinic.home.arpa")) == ["127.20.20.40"]
    assert idle.ask("bad.example").rcode() == dns.rcode.NXDOMAIN
    assert idle.ask("www.example").rcode() == dns.rcode.SERVFAIL


def test_many_clients_at_once_all_hear_their_own_answer(running: Running, authority: Authority) -> None:
    authority.records.update({f"n{number}.example": [f"192.0.2.{number}"] for number in range(1, 41)})
    wrong: list[str] = []

    def client(offset: int) -> None:
        for step in range(60):
            number = 1 + (step * 7 + offset) % 40
            found = answers(running.ask(f"n{number}.example", source=f"127.20.20.{20 + offset}", tcp=step % 10 == 9))
            if found != [f"192.0.2.{number}"]:
                wrong.append(f"n{number}: {found}")

    threads = [threading.Thread(target=client, args=(offset,)) for offset in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert len(authority.asked) == 40, "one upstream question a name"


def test_a_new_configuration_changes_verdicts_and_loses_no_question(running: Running, authority: Authority) -> None:
    other = {"malware": compile_list("malware", [b"0.0.0.0 www.example"], KEY)}
    authority.records["bad.example"] = ["192.0.2.66"]
    allowed = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
    seen: set[tuple[int, ...]] = set()
    for turn in range(20):
        assert running.adopt(config(authority), other if turn % 2 else None)
        seen.add((running.ask("www.example").rcode(), running.ask("bad.example").rcode()))
    assert seen == {(dns.rcode.NOERROR, dns.rcode.NXDOMAIN), (dns.rcode.NXDOMAIN, dns.rcode.NOERROR)}
    assert {code for pair in seen for code in pair} == allowed


def test_addresses_come_and_go_with_the_configuration(running: Running, authority: Authority) -> None:
    moved = ZoneConfig("pc", (ip_network("127.20.20.0/24"),), (ip_address("127.20.20.2"),))
    assert running.adopt(config(authority, zones=(moved,)))
    assert answers(running.ask("www.example", at="127.20.20.2")) == ["192.0.2.1"]
    with pytest.raises(OSError, match="refused"):
        dns.query.tcp(dns.message.make_query("www.example", "A"), GATEWAY, PATIENCE, running.port, source=CLIENT)


def test_an_address_in_use_is_told_and_the_others_are_served(
    idle: Running, authority: Authority, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((GATEWAY, idle.port))
        assert not idle.adopt(config(authority))
        assert answers(idle.ask("www.example", at=GUEST_GATEWAY)) == ["192.0.2.1"]
    assert "cannot be served" in capfd.readouterr().err
    assert idle.adopt(config(authority)), "and it is served as soon as it is free"


def test_an_address_that_is_not_there_yet_can_be_served(idle: Running, authority: Authority) -> None:
    base = config(authority)
    later = replace(base.zones[0], addresses=(ip_address("10.255.255.1"), ip_address("2001:db8::1")))
    assert idle.adopt(replace(base, zones=(later,)))


# --- rude clients


def ended(connection: socket.socket) -> bool:
    """Whether the other side closes the connection, in whichever way, without a word."""
    connection.settimeout(PATIENCE)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_garbage_is_answered_by_formerr_or_silence_and_serving_goes_on(running: Running) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((CLIENT, 0))
        client.settimeout(PATIENCE)
        for junk in (b"", b"x", bytes(11), b"\xff" * 4000):
            client.sendto(junk, (GATEWAY, running.port))
        client.sendto(b"\x12\x34\x01\x00" + bytes(8), (GATEWAY, running.port))
        assert client.recv(512)[:4] == b"\x12\x34\x81\x81", "the first answer is to the first datagram that gets one"
    assert answers(running.ask("www.example")) == ["192.0.2.1"]


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
        assert connection.recv(10) == b""


def test_closing_ends_everything_at_once(running: Running) -> None:
    connection = socket.create_connection((GATEWAY, running.port), PATIENCE, source_address=(CLIENT, 0))
    running.ask("www.example", tcp=True)

    async def close_twice() -> int:
        await running.resolver.close()
        return len(asyncio.all_tasks())

    assert running.do(close_twice()) <= 3
    connection.settimeout(PATIENCE)
    with connection:
        assert ended(connection)
