"""The way to the upstreams: a socket of its own for every attempt, so that port and id are both new (RFC 5452).

The kernel picks the source port at random when a UDP socket is connected, and drops datagrams from any other sender.
Encrypted upstreams are asked over connections that stay (transports/).

May live here: sending one attempt, listening for its reply. May not: which upstream, how often, what a reply means.
"""

import asyncio
import socket
from collections.abc import Callable

from filters.dns_exchange import AskUpstream, Event, Upstream, UpstreamDatagram, UpstreamLost
from gateway.resolver.journal import Journal
from gateway.resolver.transports.carrier import Carrier
from gateway.resolver.transports.octets import TransportFailedError

MAX_REPLY = 65535
BURST = 16
STREAM_SECONDS = 4.0
SAY_SECONDS = 10.0  # an upstream that comes and goes fills no journal
MAX_SAID = 64
MAX_STREAM_MESSAGES = 4  # messages read from one TCP attempt before it is given up


class Upstreams:
    """`ask` starts an attempt, `forget` ends it; what comes back goes to `take` as an event."""

    def __init__(self, take: Callable[[Event], None], journal: Journal) -> None:
        self._take, self._journal = take, journal
        self._carrier = Carrier()
        self._said: dict[Upstream, float] = {}
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[int, socket.socket] = {}
        self._streams: dict[int, asyncio.Task[None]] = {}

    def ask(self, command: AskUpstream) -> None:
        if command.upstream.transport != "plain":
            self._streams[command.token] = self._loop.create_task(self._ask_encrypted(command))
            return
        if command.stream:
            self._streams[command.token] = self._loop.create_task(self._ask_stream(command))
            return
        try:
            self._sockets[command.token] = made = _connected(command.upstream)
            made.send(command.data)
        except OSError:
            # Told later: the session is still busy with the event that led here.
            self._loop.call_soon(self._lost, command.token)
            return
        # By its number: asyncio would else put the socket into words, twice, and ask the kernel for both addresses.
        self._loop.add_reader(made.fileno(), self._readable, command.token, command.upstream, made)

    def forget(self, token: int) -> None:
        made = self._sockets.pop(token, None)
        if made is not None:
            self._loop.remove_reader(made.fileno())
            made.close()
        task = self._streams.pop(token, None)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        for token in (*self._sockets, *self._streams):
            self.forget(token)
        await self._carrier.close()

    def _lost(self, token: int) -> None:
        self._take(UpstreamLost(token))

    def _readable(self, token: int, upstream: Upstream, made: socket.socket) -> None:
        for _ in range(BURST):
            if self._sockets.get(token) is not made:
                return  # settled by the datagram before
            try:
                data = made.recv(MAX_REPLY)
            except BlockingIOError:
                return
            except OSError:  # ICMP: nobody listens there
                self._lost(token)
                return
            self._take(UpstreamDatagram(token, upstream, data))

    async def _ask_stream(self, command: AskUpstream) -> None:
        upstream, writer = command.upstream, None
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                reader, writer = await asyncio.open_connection(upstream.address, upstream.port)
                writer.write(len(command.data).to_bytes(2, "big") + command.data)
                for _ in range(MAX_STREAM_MESSAGES):
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    data = await reader.readexactly(length)
                    self._take(UpstreamDatagram(command.token, upstream, data))
                    if command.token not in self._streams:
                        return
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            if writer is not None:
                writer.transport.abort()
        self._lost(command.token)

    async def _ask_encrypted(self, command: AskUpstream) -> None:
        upstream = command.upstream
        try:
            reply = await self._carrier.ask(upstream, command.data)
        except TransportFailedError as error:
            self._say(upstream, str(error))
        else:
            self._say(upstream, "answers")
            self._take(UpstreamDatagram(command.token, upstream, reply))
        if command.token in self._streams:  # not settled, and there will be no other reply
            self._lost(command.token)

    def _say(self, upstream: Upstream, text: str) -> None:
        now = self._loop.time()
        if now >= self._said.get(upstream, now):
            if upstream not in self._said and len(self._said) >= MAX_SAID:
                self._said.clear()
            self._said[upstream] = now + SAY_SECONDS
            self._journal.say(f"upstream {upstream.address} ({upstream.transport})", text)


def _connected(upstream: Upstream) -> socket.socket:
    family = socket.AF_INET6 if ":" in upstream.address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.connect((upstream.address, upstream.port))
    except BaseException:
        made.close()
        raise
    return made
