"""DNS over QUIC (RFC 9250): one connection to an upstream, a stream for each question, no early data.

May live here: that connection. May not: other transports, which upstream is asked.
"""

import asyncio
import time
from typing import Any

import dns.asyncbackend
import dns.exception
import dns.quic
from dns.quic._common import UnexpectedEOF  # no other way to tell it from any other error

from filters.dns_exchange import Upstream
from gateway.resolver.transports.octets import (
    HANDSHAKE_SECONDS,
    MAX_PENDING,
    REPLY_SECONDS,
    SILENT_SECONDS,
    TransportFailedError,
    number_of,
    padded,
    with_number,
)
from gateway.resolver.transports.trust import authorities

# dnspython's streams look at what came, then begin to wait: what comes between the two wakes nobody. So look again.
LOOK_SECONDS = 0.02


class QuicTransport:
    """`ask` as often as wanted, then `close`; a connection that ended is made again. Reads files when it is made."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        factories: Any = dns.quic.factories_for_backend
        _, manager = factories(dns.asyncbackend.get_backend("asyncio"))
        self._manager = manager(None, verify_mode=authorities(), server_name=upstream.name or upstream.address)
        self._free = asyncio.Semaphore(MAX_PENDING)
        self._heard = 0.0

    async def ask(self, question: bytes) -> bytes:
        """The reply, under the question's id. Raises TransportFailedError."""
        if self._free.locked():
            raise TransportFailedError("too many questions under way")
        asked = asyncio.get_running_loop().time()
        connection: Any = self._manager.connect(self._upstream.address, self._upstream.port)
        try:
            async with self._free:
                try:
                    stream = await connection.make_stream(HANDSHAKE_SECONDS)
                except UnexpectedEOF:
                    if not self._heard:
                        raise
                    await connection.close()  # it was good once: the server ended it while it was idle
                    connection = self._manager.connect(self._upstream.address, self._upstream.port)
                    stream = await connection.make_stream(HANDSHAKE_SECONDS)
                reply = await self._exchange(stream, with_number(padded(question), 0))  # RFC 9250 section 4.2.1: id 0
        except UnexpectedEOF:
            await connection.close()
            raise TransportFailedError("connection refused, or its certificate is not good for the name") from None
        except dns.exception.Timeout:
            await self._doubt(connection, asked)
            raise TransportFailedError("no reply in time") from None
        except asyncio.CancelledError:
            await self._doubt(connection, asked)
            raise
        self._heard = asyncio.get_running_loop().time()
        return with_number(reply, number_of(question)) if number_of(reply) == 0 else reply

    async def close(self) -> None:
        await self._manager.__aexit__(None, None, None)

    async def _exchange(self, stream: Any, data: bytes) -> bytes:
        async with stream:
            await stream.send(data, True)
            end = time.time() + REPLY_SECONDS
            while not await self._complete(stream, min(end, time.time() + LOOK_SECONDS)):
                if time.time() >= end:
                    raise dns.exception.Timeout
            reply: bytes = await stream.receive(LOOK_SECONDS)
            return reply

    async def _complete(self, stream: Any, until: float) -> bool:
        """Whether the server ended its reply, as it must (RFC 9250 section 4.2)."""
        try:
            await stream.wait_for_end(until)
        except dns.exception.Timeout:
            return False
        return True

    async def _doubt(self, connection: Any, asked: float) -> None:
        """A connection on which nothing came back since is not used again."""
        if self._heard < asked < asyncio.get_running_loop().time() - SILENT_SECONDS:
            await connection.close()
