"""Real DNS servers over TLS, HTTPS and QUIC on loopback, in the test's own loop, with the lab's certificates.

Each answers what `Answering.reply` says; a name that begins with `slow` waits for `release`, one with `never` for ever.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import h2.config
import h2.connection
import h2.events
from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import StreamDataReceived

from filters.dns_answer import question_for
from filters.names import from_text
from gateway.lab import authority

NAME = "dns.lab.test"
ADDRESS = "127.99.0.53"


def certificates(folder: Path, name: str = NAME) -> tuple[Path, Path]:
    """An authority of its own, and certificate with key for `name`."""
    root, server = folder / f"{name}-root.pem", folder / f"{name}.pem"
    authority.make(root, server, [name])
    return root, server


def question(name: str, number: int) -> bytes:
    """As the session asks: type A, class IN."""
    return question_for(from_text(name) + b"\x00\x01\x00\x01", number, dnssec=False, unchecked=False)


def answer_in(reply: bytes) -> tuple[int, list[str]]:
    message = dns.message.from_wire(reply)
    return message.id, [str(rdata) for rrset in message.answer for rdata in rrset]


class Answering:
    """What a server does with questions, and what it saw; `garble` replaces its replies."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.arrived: asyncio.Queue[str] = asyncio.Queue()
        self.sizes: list[int] = []
        self.ids: list[int] = []
        self.connections = 0
        self.release = asyncio.Event()
        self.garble: bytes | None = None
        self.status = "200"
        self.headers: list[tuple[str, str]] = []

    async def reply(self, data: bytes) -> bytes:
        message = dns.message.from_wire(data)
        name = message.question[0].name
        text = name.to_text(omit_final_dot=True)
        self.asked.append(text)
        self.arrived.put_nowait(text)
        self.sizes.append(len(data))
        self.ids.append(message.id)
        if text.startswith("never"):
            await asyncio.Event().wait()
        if text.startswith("slow"):
            await self.release.wait()
        response = dns.message.make_response(message, recursion_available=True)
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.1"))
        return response.to_wire() if self.garble is None else self.garble


def server_context(certificate: Path, protocol: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols([protocol])
    return context


@contextlib.asynccontextmanager
async def tls_server(answering: Answering, certificate: Path, port: int = 0) -> AsyncIterator[int]:
    """Its port."""
    writers: list[asyncio.StreamWriter] = []
    tasks: set[asyncio.Task[None]] = set()

    async def one(data: bytes, writer: asyncio.StreamWriter) -> None:
        reply = await answering.reply(data)
        writer.write(len(reply).to_bytes(2, "big") + reply)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.connections += 1
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                data = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                tasks.add(asyncio.create_task(one(data, writer)))
        writer.close()

    context = server_context(certificate, "dot")
    server = await asyncio.start_server(connected, ADDRESS, port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        for writer in writers:
            with contextlib.suppress(AttributeError):  # asyncio's way to say that it is closed already
                writer.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Http2(asyncio.Protocol):
    """One HTTP/2 connection."""

    def __init__(self, answering: Answering, seen: list["_Http2"]) -> None:
        self._answering, self._bodies, self._tasks = answering, {}, set()
        self.transport: Any = None  # until a handshake went well
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.requests: list[dict[str, str]] = []
        seen.append(self)

    def connection_made(self, transport: Any) -> None:
        self._answering.connections += 1
        self.transport = transport
        self._http.initiate_connection()
        transport.write(self._http.data_to_send())

    def connection_lost(self, exc: Exception | None) -> None:
        for task in self._tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        for event in self._http.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.requests.append({_text(key): _text(value) for key, value in event.headers})
            elif isinstance(event, h2.events.DataReceived):
                self._bodies[event.stream_id] = self._bodies.get(event.stream_id, b"") + event.data
            elif isinstance(event, h2.events.StreamEnded):
                self._tasks.add(asyncio.ensure_future(self._answer(event.stream_id)))
        self.transport.write(self._http.data_to_send())

    async def _answer(self, stream: int) -> None:
        reply = await self._answering.reply(self._bodies.pop(stream))
        headers = [(":status", self._answering.status), ("content-type", "application/dns-message")]
        self._http.send_headers(stream, headers + self._answering.headers)
        while reply:
            self._http.send_data(stream, reply[:16000], end_stream=len(reply) <= 16000)
            reply = reply[16000:]
        self.transport.write(self._http.data_to_send())


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value


@contextlib.asynccontextmanager
async def https_server(answering: Answering, certificate: Path) -> AsyncIterator[tuple[int, list[_Http2]]]:
    """Its port, and the connections it has seen."""
    seen: list[_Http2] = []
    loop = asyncio.get_running_loop()
    context = server_context(certificate, "h2")
    server = await loop.create_server(lambda: _Http2(answering, seen), ADDRESS, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()
        for one in seen:
            if one.transport is not None:
                one.transport.abort()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def quic_server(answering: Answering, certificate: Path) -> AsyncIterator[int]:
    """Its port."""
    tasks: set[asyncio.Task[None]] = set()

    class Protocol(QuicConnectionProtocol):
        def __init__(self, *arguments: Any, **words: Any) -> None:
            super().__init__(*arguments, **words)
            answering.connections += 1
            self._bodies: dict[int, bytes] = {}

        def quic_event_received(self, event: Any) -> None:
            if isinstance(event, StreamDataReceived):
                body = self._bodies[event.stream_id] = self._bodies.get(event.stream_id, b"") + event.data
                if event.end_stream:
                    tasks.add(asyncio.ensure_future(self._answer(event.stream_id, body[2:])))

        async def _answer(self, stream: int, data: bytes) -> None:
            reply = await answering.reply(data)
            self._quic.send_stream_data(stream, len(reply).to_bytes(2, "big") + reply, True)
            self.transmit()

    configuration = QuicConfiguration(is_client=False, alpn_protocols=["doq"])
    configuration.load_cert_chain(str(certificate), str(certificate))
    server = await serve(ADDRESS, 0, configuration=configuration, create_protocol=Protocol)
    try:
        yield server._transport.get_extra_info("sockname")[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
