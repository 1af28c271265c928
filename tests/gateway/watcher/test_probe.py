"""An answer with our id counts, nothing else does, and nothing waits."""

import socket
from collections.abc import Iterator

import pytest

from gateway.watcher.probe import ResolverProbe


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(10)
        yield bound


@pytest.fixture
def probe(server: socket.socket) -> Iterator[ResolverProbe]:
    made = ResolverProbe(server.getsockname()[1])
    yield made
    made.close()


def refused(question: bytes) -> bytes:
    return question[:2] + b"\x81\x05" + question[4:]


def test_any_answer_counts_once(server: socket.socket, probe: ResolverProbe):
    probe.ask("127.0.0.1")
    question, client = server.recvfrom(512)
    assert not probe.answered()
    assert b"\x07invalid\x00\x00\x01\x00\x01" in question
    server.sendto(refused(question), client)
    assert probe.answered()
    assert not probe.answered()


@pytest.mark.parametrize(
    "change", [lambda q: q, lambda q: b"??" + refused(q)[2:], lambda q: refused(q)[:4], lambda q: b""]
)
def test_what_is_no_answer_to_us_does_not_count(server: socket.socket, probe: ResolverProbe, change):
    probe.ask("127.0.0.1")
    question, client = server.recvfrom(512)
    server.sendto(change(question), client)
    assert not probe.answered()


def test_nobody_there_is_no_error(server: socket.socket, probe: ResolverProbe):
    assert not probe.answered()
    server.close()
    for address in ("127.0.0.1", "::1", "192.0.2.1", "no address"):
        probe.ask(address)
        assert not probe.answered()
