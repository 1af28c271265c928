"""The world around a resolver under test, real and on loopback: an upstream, an enforcer's socket, a watcher's.

`Authority` is a small authoritative server made of dnspython; `FakeEnforcer` speaks the wire protocol and answers what
a test tells it; `Running` is the resolver itself in a loop of its own thread.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rrset

from filters.dns_exchange import PinGrant, Timing, Upstream
from filters.dns_local import LocalHost
from filters.lists import CompiledList, compile_list
from gateway import wire
from gateway.resolver.config import ResolverConfig, ZoneConfig, suffix_names
from gateway.resolver.journal import Journal
from gateway.resolver.policy import session_config
from gateway.resolver.service import Resolver
from gateway.resolver.tcp import IDLE_SECONDS
from ruleset.model_dns import DnsZone

GATEWAY, CLIENT, OTHER = "127.20.20.1", "127.20.20.11", "127.20.20.12"
GUEST_GATEWAY, GUEST, STRANGER = "127.20.80.1", "127.20.80.5", "127.99.9.9"
UPSTREAM = "127.99.0.53"
KEY = b"tests"
PATIENCE = 10.0


class Authority:
    """Answers A questions from `records` (name -> addresses); knobs: `silent`, `truncate`, `cut`, `hold`, `forge`."""

    def __init__(self, address: str = UPSTREAM) -> None:
        self.records: dict[str, list[str]] = {}
        self.ttl = 60
        self.silent = False
        self.truncate = False
        self.cut = False  # end a TCP answer half-way
        self.hold: threading.Event | None = None  # answer TCP when it is set
        self.forge: Callable[[bytes], bytes] | None = None
        self.asked: list[tuple[str, str]] = []
        self.seen: list[dns.message.Message] = []
        self.ports: list[int] = []
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((address, 0))
        self.upstream = Upstream(address, self._udp.getsockname()[1])
        self._tcp = socket.create_server((address, self.upstream.port))
        self._threads = [threading.Thread(target=self._serve_udp), threading.Thread(target=self._serve_tcp)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (self.upstream.address, self.upstream.port))
        self._tcp.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._udp.close()
        self._tcp.close()

    def reply(self, data: bytes, transport: str) -> bytes:
        question = dns.message.from_wire(data)
        asked = question.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        self.asked.append((name, transport))
        self.seen.append(question)
        response = dns.message.make_response(question, recursion_available=True)
        if name in self.records:
            if asked.rdtype == 1:
                response.answer.append(dns.rrset.from_text(asked.name, self.ttl, "IN", "A", *self.records[name]))
        else:
            response.set_rcode(dns.rcode.NXDOMAIN)
            soa = "ns.example. root.example. 1 7200 900 1209600 300"
            response.authority.append(dns.rrset.from_text("example.", 300, "IN", "SOA", soa))
        if self.truncate and transport == "udp":
            response.answer.clear()
            response.flags |= dns.flags.TC
        return response.to_wire(want_shuffle=False)

    def _serve_udp(self) -> None:
        while True:
            data, peer = self._udp.recvfrom(4096)
            if not data:
                return
            self.ports.append(peer[1])
            if self.silent:
                self.asked.append(("", "unanswered"))
                continue
            reply = self.reply(data, "udp")
            if self.forge is not None:
                self._udp.sendto(self.forge(reply), peer)
            self._udp.sendto(reply, peer)

    def _serve_tcp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._tcp.accept()
                with connection, connection.makefile("rb") as stream:
                    length = int.from_bytes(stream.read(2), "big")
                    reply = self.reply(stream.read(length), "tcp")
                    if self.hold is not None:
                        self.hold.wait(PATIENCE)
                    framed = len(reply).to_bytes(2, "big") + reply
                    connection.sendall(framed[: len(framed) // 2] if self.cut else framed)


class FakeEnforcer:
    """A Unix socket that speaks the enforcer's protocol; `answers` maps a command to a function of its args."""

    def __init__(self, path: Path) -> None:
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._stopping = False
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._stopping = True
        for made in (self._listener, *self._connections):
            with contextlib.suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        for made in (self._listener, *self._connections):
            made.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        reader = wire.FrameReader()
        with contextlib.suppress(OSError), connection:
            while data := connection.recv(65536):
                for message in reader.feed(data):
                    request = wire.parse_request(message)
                    self.calls.append((request.command, dict(request.args)))
                    try:
                        result = wire.result(self.answers[request.command](dict(request.args)))
                    except wire.CommandRefused as error:
                        result = wire.refusal(error)
                    connection.sendall(wire.encode(result))


@dataclass
class Running:
    """A resolver in a thread; `do` runs a coroutine function of its loop and waits for the result."""

    run_folder: Path
    timing: Timing | None = None
    leases: Path | None = None
    resolver: Resolver = field(init=False)
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.port = free_port()
        self.do(self._start())

    async def _start(self) -> None:
        self.resolver = Resolver(
            self.run_folder / "enforcer.sock",
            self.run_folder / "events.sock",
            Journal(),
            port=self.port,
            timing=self.timing,
            leases=self.leases,
        )

    def do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(PATIENCE)

    def adopt(self, config: ResolverConfig, lists: dict[str, CompiledList] | None = None) -> bool:
        async def take_over() -> bool:
            self.resolver.adopt(config, session_config(config, lists or LISTS, KEY))
            return await self.resolver.serve(config)

        return bool(self.do(take_over()))

    def close(self) -> None:
        self.do(self.resolver.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def ask(
        self, name: str, qtype: str = "A", *, at: str = GATEWAY, source: str = CLIENT, tcp: bool = False, **more: Any
    ) -> dns.message.Message:
        query = dns.message.make_query(name, qtype, **more)
        how = dns.query.tcp if tcp else dns.query.udp
        return how(query, at, PATIENCE, self.port, source=source)


LISTS = {"malware": compile_list("malware", [b"# title", b"0.0.0.0 bad.example"], KEY)}


def zone_policy(**words: Any) -> DnsZone:
    """The words of `dns.zones`, over a zone that blocks malware."""
    return DnsZone.model_validate({"lists": ["malware"], **words})


def config(authority: Authority, **changes: Any) -> ResolverConfig:
    """Two zones on loopback; zone pc blocks a list and may use zoom.example."""
    values: dict[str, Any] = {
        "domain": "clinic.home.arpa",
        "zones": (
            ZoneConfig("pc", (ip_network("127.20.20.0/24"),), (ip_address(GATEWAY),), zone_policy()),
            ZoneConfig("guest", (ip_network("127.20.80.0/24"), ip_network("::1/128")),
                       (ip_address(GUEST_GATEWAY), ip_address("::1")), zone_policy(block="null")),
        ),
        "upstreams": (authority.upstream,),
        "lists": {"malware": "malware.hosts"},
        "hosts": (LocalHost("nas", (ip_address("127.20.20.40"),)),),
        "pins": (PinGrant("pc", suffix_names(["zoom.example"])),),
    }  # fmt: skip
    return ResolverConfig(**{**values, **changes})


def free_port() -> int:
    """A port free for UDP and TCP on this machine's loopback addresses."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def answers(message: dns.message.Message) -> list[str]:
    return sorted(str(rdata) for rrset in message.answer for rdata in rrset)


def ended(connection: socket.socket) -> bool:
    """Whether the other side closes the connection without a word, well before an idle one would be closed."""
    connection.settimeout(IDLE_SECONDS / 3)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


@contextlib.contextmanager
def datagram_listener(path: Path) -> Iterator[socket.socket]:
    """The watcher's end of the events socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(PATIENCE)
        yield listener
