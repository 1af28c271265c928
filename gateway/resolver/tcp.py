"""Questions over TCP (RFC 7766): length-prefixed, pipelined, answered in any order, bounded in number and time.

May live here: one TCP socket and its connections. May not: decisions, UDP.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from ipaddress import IPv4Address, IPv6Address

from gateway.resolver.desk import Client, Desk, Stranger
from gateway.resolver.sockets import listen

Address = IPv4Address | IPv6Address
IDLE_SECONDS = 10.0  # RFC 7766 section 6.2.3 leaves it to us; between two questions, and for an unfinished one
MAX_CONNECTIONS = 128
MAX_OF_CLIENT = 16
MAX_QUESTIONS = 1000  # on one connection
MAX_UNSENT = 1 << 18  # octets that may wait for a client that does not read
MIN_MESSAGE = 12
INTRODUCTION_SECONDS = 1.2


class Connections:
    """All that are open, of all addresses, the one unused longest first.

    When there is no room, one of the zone that has most gives way: however many addresses a guest has, and however
    slowly he asks, he takes no connection from another zone.
    """

    def __init__(self) -> None:
        self._open: dict[asyncio.StreamWriter, tuple[str, str]] = {}  # zone, client

    def enter(self, writer: asyncio.StreamWriter, zone: str, client: str) -> bool:
        """False: this client has enough of them."""
        if sum(one == (zone, client) for one in self._open.values()) >= MAX_OF_CLIENT:
            return False
        self._open[writer] = zone, client
        return True

    def make_room(self) -> bool:
        """Whether one had to give way; to be called after each `enter`."""
        if len(self._open) <= MAX_CONNECTIONS:
            return False
        zones = Counter(zone for zone, _ in self._open.values())
        fullest = max(zones, key=lambda zone: zones[zone])
        idlest = next(writer for writer, (zone, _) in self._open.items() if zone == fullest)
        self.leave(idlest)
        idlest.transport.abort()
        return True

    def used(self, writer: asyncio.StreamWriter) -> None:
        """A question came on it."""
        if writer in self._open:
            self._open[writer] = self._open.pop(writer)

    def leave(self, writer: asyncio.StreamWriter) -> None:
        self._open.pop(writer, None)


class TcpChannel:
    """The way back to one connection; answers after its end vanish."""

    __slots__ = ("_writer",)

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, data: bytes) -> None:
        transport = self._writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > MAX_UNSENT:
            transport.abort()
            return
        self._writer.write(len(data).to_bytes(2, "big") + data)


class TcpServer:
    """Serves one address of `zone`; `await start()`, later `close()`."""

    def __init__(self, address: Address, port: int, zone: str, desk: Desk, connections: Connections) -> None:
        self._socket = listen(address, port, socket.SOCK_STREAM)
        self._zone, self._desk, self._connections = zone, desk, connections
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, sock=self._socket)

    def close(self) -> None:
        if self._server is None:
            self._socket.close()
        else:
            self._server.close()
        for writer in self._serving:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        client = self._desk.client(peer[0], self._zone) if peer else None
        if client is None or not self._connections.enter(writer, client.zone, client.text):
            writer.transport.abort()
            self._desk.turn_away()
            return
        if self._connections.make_room():
            self._desk.turn_away()
        self._serving.add(writer)
        try:
            if isinstance(client, Stranger):  # what is known is told to the session once a second
                await asyncio.sleep(INTRODUCTION_SECONDS)
                client = self._desk.client(client.text, self._zone)
            await self._serve(reader, writer, client)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # gone, idle or cut off: in each case the connection is over
        finally:
            self._serving.discard(writer)
            self._connections.leave(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: Client) -> None:
        channel = TcpChannel(writer)
        for _ in range(MAX_QUESTIONS):
            async with asyncio.timeout(IDLE_SECONDS):
                length = int.from_bytes(await reader.readexactly(2), "big")
                data = await reader.readexactly(length)
            if length < MIN_MESSAGE:
                return
            self._connections.used(writer)
            self._desk.question(data, client, channel, stream=True)
