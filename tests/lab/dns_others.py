"""Somebody else's resolvers in the lab's internet, by TLS, HTTPS and QUIC, and an eye on all questions that get there.

May live here: these servers and that eye. May not: what is tested.
"""

import asyncio
import contextlib
import os
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dns.exception
import dns.message
import pytest

from gateway.lab import netns
from gateway.lab.kernel import load_ruleset
from tests.gateway.resolver.transports import servers
from tests.lab.dns_clinic import LISTED, PC_GATEWAY, STRANGERS, NamesClinic

PATIENCE = 20.0
RULES = """table inet others {{
	chain lead {{
		type nat hook prerouting priority -110; policy accept;
		{rules}
	}}
}}
"""


@dataclass
class Others:
    """What each of the servers was asked, and how often somebody came: `dot`, `doh`, `doq`."""

    dot: servers.Answering = field(default_factory=servers.Answering)
    doh: servers.Answering = field(default_factory=servers.Answering)
    doq: servers.Answering = field(default_factory=servers.Answering)

    def visits(self) -> int:
        return sum(one.connections for one in (self.dot, self.doh, self.doq))


@contextlib.contextmanager
def others(internet: str, certificate: Path) -> Iterator[Others]:
    """Servers at STRANGERS and LISTED, ports 443 and 853, until the block ends; `internet` is a namespace's name."""
    made, loop, stop, started = Others(), asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            rules = [await _family(stack, made, certificate, number) for number in (0, 1)]
            descriptor = netns.open_named(internet)
            try:
                load_ruleset(descriptor, RULES.format(rules="\n\t\t".join(rules)))
            finally:
                os.close(descriptor)
            started.set()
            await stop.wait()

    def serve() -> None:
        with netns.inside_named(internet):
            loop.run_until_complete(run())

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert started.wait(PATIENCE), "the others' servers did not start"
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        loop.close()


async def _family(stack: contextlib.AsyncExitStack, made: Others, certificate: Path, number: int) -> str:
    """Opens the servers of IPv4 (0) or IPv6 (1); answer: the rules that lead to them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers, "ADDRESS", ("0.0.0.0", "::")[number])
        dot = await stack.enter_async_context(servers.tls_server(made.dot, certificate))
        doh, _ = await stack.enter_async_context(servers.https_server(made.doh, certificate))
        doq = await stack.enter_async_context(servers.quic_server(made.doq, certificate))
    at = f"{('ip', 'ip6')[number]} daddr {{ {STRANGERS[number]}, {LISTED[number]} }}"
    led = {"tcp dport 853": dot, "tcp dport 443": doh, "udp dport 853": doq}
    return "\n\t\t".join(f"{at} {asked} redirect to :{port}" for asked, port in led.items())


class Seen:
    """Every question that reaches port 53 of an address in the lab's internet by UDP: (server, name).

    Raw sockets get a copy of each datagram (raw(7)); IPv6's without their header, so the server comes as packet
    information."""

    def __init__(self, internet: str) -> None:
        self._questions: list[tuple[str, str]] = []
        descriptor = netns.open_named(internet)
        try:
            self._four = netns.open_socket(descriptor, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
            self._six = netns.open_socket(descriptor, socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_UDP)
        finally:
            os.close(descriptor)
        self._six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        for one in (self._four, self._six):
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)

    def close(self) -> None:
        self._four.close()
        self._six.close()

    def questions(self) -> list[tuple[str, str]]:
        """All of them until now."""
        while ready := select.select([self._four, self._six], [], [], 0)[0]:
            for one in ready:
                data, ancillary, _, _ = one.recvmsg(4096, 256)
                if one is self._four:
                    self._note(socket.inet_ntoa(data[16:20]), data[(data[0] & 15) * 4 :])
                else:
                    self._note(socket.inet_ntop(socket.AF_INET6, ancillary[0][2][:16]), data)
        return self._questions

    def servers(self, suffix: str) -> set[str]:
        """Who was asked for that name or one below it."""
        return {server for server, name in self.questions() if f".{name}".endswith(f".{suffix}")}

    def _note(self, server: str, datagram: bytes) -> None:
        if int.from_bytes(datagram[2:4], "big") == 53:
            with contextlib.suppress(dns.exception.DNSException):
                question = dns.message.from_wire(datagram[8:]).question[0]
                self._questions.append((server, question.name.to_text(omit_final_dot=True).lower()))


def asked_outside(clinic: NamesClinic, seen: Seen, name: str) -> set[str]:
    """Who in the internet was asked for `name` or below, once a question sent now is known to have got there."""
    last = f"after-{len(seen.questions())}.example.net"
    assert clinic.dig("reception-1", f"@{PC_GATEWAY}", last).status == "NOERROR"
    assert seen.servers(last), "the eye on the internet is shut"
    return seen.servers(name)
