"""The encrypted upstreams in use: one transport each, made when the first question goes there.

May live here: making, keeping and ending transports. May not: their insides, plain DNS (upstream.py).
"""

import asyncio
from typing import Protocol

from filters.dns_exchange import Upstream
from gateway.resolver.transports.octets import TransportFailedError

MAX_TRANSPORTS = 16  # a site names fewer; after a change the oldest ones go


class Transport(Protocol):
    """What tls.py, https.py and quic.py offer."""

    async def ask(self, question: bytes) -> bytes: ...

    async def close(self) -> None: ...


class Carrier:
    """`ask(upstream, question)` by that upstream's transport; `close` at the end."""

    def __init__(self) -> None:
        self._making: dict[Upstream, asyncio.Task[Transport]] = {}

    async def ask(self, upstream: Upstream, question: bytes) -> bytes:
        """The reply. Raises TransportFailedError."""
        making = self._making.get(upstream)
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            if len(self._making) >= MAX_TRANSPORTS:
                await self._end(self._making.pop(next(iter(self._making))))
            making = self._making[upstream] = asyncio.create_task(asyncio.to_thread(make, upstream))
        transport = await asyncio.shield(making)
        try:
            return await transport.ask(question)
        except TransportFailedError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a library makes of a server's nonsense, the server failed
            raise TransportFailedError(f"{type(error).__name__}: {error}") from None

    async def close(self) -> None:
        making, self._making = self._making, {}
        for one in making.values():
            await self._end(one)

    async def _end(self, making: asyncio.Task[Transport]) -> None:
        await asyncio.gather(making, return_exceptions=True)
        if not making.cancelled() and making.exception() is None:
            await making.result().close()


def make(upstream: Upstream) -> Transport:
    """In a thread: it imports much, and reads the certificate authorities. Raises TransportFailedError."""
    try:
        match upstream.transport:
            case "tls":
                from gateway.resolver.transports.tls import TlsTransport

                return TlsTransport(upstream)
            case "https":
                from gateway.resolver.transports.https import HttpsTransport

                return HttpsTransport(upstream)
            case "quic":
                from gateway.resolver.transports.quic import QuicTransport

                return QuicTransport(upstream)
            case "plain":
                raise TransportFailedError("plain DNS needs no transport of its own")
    except OSError as error:
        raise TransportFailedError(f"the certificate authorities cannot be read: {error}") from None
