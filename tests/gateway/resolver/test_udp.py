"""Questions over UDP: both families, the way back, and garbage."""

import socket

import dns.flags
import dns.message
import dns.query
import dns.rcode

from tests.gateway.resolver.world import (
    CLIENT,
    GATEWAY,
    GUEST,
    GUEST_GATEWAY,
    PATIENCE,
    Running,
    answers,
)


def test_answers_over_ipv6_and_from_the_address_asked(running: Running) -> None:
    assert answers(running.ask("www.example", at="::1", source="::1")) == ["192.0.2.1"]
    assert answers(running.ask("www.example", at="::1", source="::1", tcp=True)) == ["192.0.2.1"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((GUEST, 0))
        client.settimeout(PATIENCE)
        client.sendto(dns.message.make_query("www.example", "A").to_wire(), (GUEST_GATEWAY, running.port))
        assert client.recvfrom(4096)[1] == (GUEST_GATEWAY, running.port)


def test_garbage_is_answered_by_formerr_or_silence_and_serving_goes_on(running: Running) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((CLIENT, 0))
        client.settimeout(PATIENCE)
        for junk in (b"", b"x", bytes(11), b"\xff" * 4000):
            client.sendto(junk, (GATEWAY, running.port))
        client.sendto(b"\x12\x34\x01\x00" + bytes(8), (GATEWAY, running.port))
        assert client.recv(512)[:4] == b"\x12\x34\x81\x81", "the first answer is to the first datagram that gets one"
    assert answers(running.ask("www.example")) == ["192.0.2.1"]
