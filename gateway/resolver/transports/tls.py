"""DNS over TLS (RFC 7858): one connection to an upstream, many questions on it at once, answered in any order.

Questions carry ids of the connection's own, so that equal ids of two questions cannot meet.

May live here: that connection. May not: other transports, which upstream is asked.
"""

import asyncio
import secrets
import socket
from ipaddress import ip_address
from typing import Any

import dns.asyncbackend
import dns.exception

from filters.dns_exchange import Upstream
from gateway.resolver.transports.octets import (
    HANDSHAKE_SECONDS,
    IDLE_SECONDS,
    MAX_PENDING,
    REPLY_SECONDS,
    SILENT_SECONDS,
    TransportFailedError,
    number_of,
    padded,
    with_number,
)
from gateway.resolver.transports.trust import context

MAX_STRANGE = 256  # replies without a question on one connection: late ones are honest, that many are not
MIN_REPLY = 12


class TlsTransport:
    """`ask` as often as wanted, then `close`; a connection that ended is made again. Reads files when it is made."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream, self._context = upstream, context("dot")
        self._opening: asyncio.Task[_Connection] | None = None

    async def ask(self, question: bytes) -> bytes:
        """The reply, under the question's id. Raises TransportFailedError."""
        reused = self._usable()
        connection = await self._connection()
        try:
            return await connection.ask(question)
        except TransportFailedError:
            if not reused or self._usable():
                raise  # only a connection that ended meanwhile is a reason to try once more
        return await (await self._connection()).ask(question)

    async def close(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
            if not opening.cancelled() and opening.exception() is None:
                await opening.result().close()

    def _usable(self) -> bool:
        made = self._opening
        return (
            made is not None
            and made.done()
            and not made.cancelled()
            and made.exception() is None
            and made.result().open
        )

    async def _connection(self) -> "_Connection":
        """The open connection, or a new one; several questions wait for the same handshake, and none can end it."""
        if self._opening is None or (self._opening.done() and not self._usable()):
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> "_Connection":
        where = self._upstream
        family = socket.AF_INET if ip_address(where.address).version == 4 else socket.AF_INET6
        try:
            backend: Any = dns.asyncbackend.get_backend("asyncio")
            made = await backend.make_socket(
                family,
                socket.SOCK_STREAM,
                destination=(where.address, where.port),
                timeout=HANDSHAKE_SECONDS,
                ssl_context=self._context,
                server_hostname=where.name or where.address,
            )
        except dns.exception.Timeout:
            raise TransportFailedError("no TLS handshake in time") from None
        except OSError as error:  # certificates too: ssl.SSLError is one
            raise TransportFailedError(getattr(error, "verify_message", "") or str(error)) from None
        return _Connection(made)


class _Connection:
    """An open connection and the task that reads from it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._pending: dict[int, asyncio.Future[bytes]] = {}
        self._strange = 0
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self.open = True
        self._reading = asyncio.create_task(self._read())

    async def ask(self, question: bytes) -> bytes:
        if len(self._pending) >= MAX_PENDING:
            raise TransportFailedError("too many questions under way")
        number = secrets.randbelow(1 << 16)
        while number in self._pending:
            number = (number + 1) & 0xFFFF
        reply = self._pending[number] = self._loop.create_future()
        asked, data = self._loop.time(), with_number(padded(question), number)
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                await self._stream.sendall(len(data).to_bytes(2, "big") + data, None)
                return with_number(await reply, number_of(question))
        except TimeoutError:
            raise TransportFailedError("no reply in time") from None
        except OSError as error:
            raise TransportFailedError(f"connection lost: {error}") from None
        finally:
            del self._pending[number]
            if self._heard < asked < self._loop.time() - SILENT_SECONDS:
                self._end("silent")

    async def close(self) -> None:
        self._end("closed")
        await asyncio.gather(self._reading, return_exceptions=True)

    def _end(self, why: str) -> None:
        self.open = False
        self._reading.cancel()
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_exception(TransportFailedError(f"connection ended: {why}"))

    async def _read(self) -> None:
        why = "by the server"
        try:
            while self._strange < MAX_STRANGE:
                reply = await self._exactly(int.from_bytes(await self._exactly(2), "big"))
                if len(reply) < MIN_REPLY:
                    break
                self._heard = self._loop.time()
                waiting = self._pending.get(number_of(reply))
                if waiting is None or waiting.done():
                    self._strange += 1
                else:
                    waiting.set_result(reply)
        except dns.exception.Timeout:
            why = "idle"
        except (OSError, EOFError) as error:
            why = str(error) or why
        finally:
            self._end(why)
            await self._stream.close()

    async def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = await self._stream.recv(size - len(found), IDLE_SECONDS)
            if not more:
                raise EOFError
            found += more
        return found
