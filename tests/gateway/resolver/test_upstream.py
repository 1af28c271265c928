"""The way upstream: fresh ports and ids, TCP, forgers, and the dead."""

import asyncio
import contextlib
import threading
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from filters.dns_exchange import Timing, Upstream
from tests.gateway.resolver.transports.servers import NAME, Answering, certificates, tls_server
from tests.gateway.resolver.world import (
    Authority,
    Running,
    answers,
    config,
)


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


def test_a_dead_upstream_is_left_for_the_next(idle: Running, authority: Authority) -> None:
    nobody = Upstream("127.99.0.54", authority.upstream.port)  # refuses at once, by ICMP
    assert idle.adopt(config(authority, upstreams=(nobody, authority.upstream)))
    assert answers(idle.ask("www.example")) == ["192.0.2.1"]


def test_an_upstream_that_cuts_the_tcp_answer_is_servfail(running: Running, authority: Authority) -> None:
    authority.truncate = authority.cut = True
    assert running.ask("www.example").rcode() == dns.rcode.SERVFAIL
    assert authority.asked == [("www.example", "udp"), ("www.example", "tcp")]


def test_what_is_settled_leaves_no_socket_behind(running: Running, authority: Authority) -> None:
    authority.truncate = True
    for number in range(10):
        running.ask(f"n{number}.example")
    upstreams = running.resolver._upstreams
    assert (upstreams._sockets, upstreams._streams) == ({}, {})


def test_giving_up_ends_a_tcp_attempt_that_still_waits(tmp_path: Path, authority: Authority) -> None:
    authority.truncate, authority.hold = True, threading.Event()
    running = Running(tmp_path, Timing(stream_attempt=0.1, whole=0.2, attempts=2))

    async def tasks() -> int:
        await asyncio.sleep(0)
        return len([task for task in asyncio.all_tasks() if "_ask_stream" in repr(task)])

    try:
        assert running.adopt(config(authority))
        assert running.ask("www.example").rcode() == dns.rcode.SERVFAIL
        assert running.do(tasks()) == 0
    finally:
        authority.hold.set()
        running.close()


def encrypted(running: Running, certificate: Path) -> tuple[contextlib.AsyncExitStack, Answering, Upstream]:
    """A DNS over TLS server in the resolver's own loop."""

    async def start() -> tuple[contextlib.AsyncExitStack, Answering, Upstream]:
        stack, answering = contextlib.AsyncExitStack(), Answering()
        port = await stack.enter_async_context(tls_server(answering, certificate))
        return stack, answering, Upstream("127.99.0.53", port, "tls", NAME)

    return running.do(start())


def test_an_encrypted_upstream_is_asked_on_one_connection(
    idle: Running, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, certificate = certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    stack, answering, upstream = encrypted(idle, certificate)
    try:
        assert idle.adopt(config(authority, upstreams=(upstream,)))
        assert [answers(idle.ask(f"n{number}.example")) for number in range(5)] == [["192.0.2.1"]] * 5
        assert (answering.connections, len(answering.asked), authority.asked) == (1, 5, [])
        assert idle.resolver._upstreams._streams == {}
    finally:
        idle.do(stack.aclose())


def test_a_wrong_certificate_is_never_asked_and_the_next_upstream_is(
    idle: Running, authority: Authority, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stack, answering, upstream = encrypted(idle, certificates(tmp_path)[1])
    try:
        assert idle.adopt(config(authority, upstreams=(upstream, authority.upstream)))
        assert answers(idle.ask("www.example")) == ["192.0.2.1"]
        assert (answering.asked, authority.asked) == ([], [("www.example", "udp")])
        assert "upstream 127.99.0.53 (tls): " in capfd.readouterr().err
    finally:
        idle.do(stack.aclose())


def test_an_encrypted_upstream_that_lies_is_left_for_the_next(
    idle: Running, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, certificate = certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    stack, answering, upstream = encrypted(idle, certificate)
    answering.garble = b"\xff" * 5
    try:
        assert idle.adopt(config(authority, upstreams=(upstream, authority.upstream)))
        assert answers(idle.ask("www.example")) == ["192.0.2.1"]
    finally:
        idle.do(stack.aclose())
