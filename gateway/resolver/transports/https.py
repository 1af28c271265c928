"""DNS over HTTPS (RFC 8484): POST over HTTP/2, many questions on one connection; HTTP/1.1 where a server has no more.

The transport below the HTTP client is asked directly: no cookies, no redirects, no proxies from the environment, and
nothing in the headers that tells one gateway from another.

May live here: one upstream's requests. May not: other transports, which upstream is asked.
"""

import asyncio
from collections.abc import AsyncIterable
from typing import Any, cast

import dns.asyncbackend
import httpx2

from filters.dns_exchange import Upstream
from gateway.resolver.transports.octets import (
    HANDSHAKE_SECONDS,
    IDLE_SECONDS,
    MAX_MESSAGE,
    MAX_PENDING,
    REPLY_SECONDS,
    TransportFailedError,
    number_of,
    padded,
    with_number,
)
from gateway.resolver.transports.trust import context

MEDIA_TYPE = "application/dns-message"
CONNECTIONS = 4  # one is enough for HTTP/2
TIMES = {"connect": HANDSHAKE_SECONDS, "read": REPLY_SECONDS, "write": REPLY_SECONDS, "pool": REPLY_SECONDS}
OK = 200


class HttpsTransport:
    """`ask` as often as wanted, then `close`. Reads files when it is made."""

    def __init__(self, upstream: Upstream) -> None:
        host = upstream.name or (f"[{upstream.address}]" if ":" in upstream.address else upstream.address)
        self._url = f"https://{host}:{upstream.port}{upstream.path}"
        self._free = asyncio.Semaphore(MAX_PENDING)
        limits = httpx2.Limits(
            max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=IDLE_SECONDS
        )
        backend: Any = dns.asyncbackend.get_backend("asyncio")
        self._transport: httpx2.AsyncBaseTransport = backend.get_transport_class()(
            verify=context(),
            http1=True,
            http2=True,
            limits=limits,
            trust_env=False,
            bootstrap_address=upstream.address,
        )

    async def ask(self, question: bytes) -> bytes:
        """The reply, under the question's id. Raises TransportFailedError."""
        if self._free.locked():
            raise TransportFailedError("too many questions under way")
        try:
            async with self._free, asyncio.timeout(REPLY_SECONDS):
                reply = await self._post(with_number(padded(question), 0))  # RFC 8484 section 4.1: id 0
        except TimeoutError:
            raise TransportFailedError("no reply in time") from None
        except (httpx2.HTTPError, OSError) as error:
            raise TransportFailedError(_cause(error)) from None
        return with_number(reply, number_of(question)) if number_of(reply) == 0 else reply

    async def close(self) -> None:
        await self._transport.aclose()

    async def _post(self, question: bytes) -> bytes:
        headers = {"accept": MEDIA_TYPE, "accept-encoding": "identity", "content-type": MEDIA_TYPE}
        request = httpx2.Request("POST", self._url, headers=headers, content=question, extensions={"timeout": TIMES})
        response = await self._transport.handle_async_request(request)
        try:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != OK or kind != MEDIA_TYPE or "content-encoding" in response.headers:
                raise TransportFailedError(f"HTTP status {response.status_code}, type {kind or 'unknown'}")
            return await _bounded(cast("AsyncIterable[bytes]", response.stream))
        finally:
            await response.aclose()


async def _bounded(stream: AsyncIterable[bytes]) -> bytes:
    """A body no longer than a message can be, however long the server goes on."""
    found = b""
    async for chunk in stream:
        found += chunk
        if len(found) > MAX_MESSAGE:
            raise TransportFailedError("the reply is longer than a message can be")
    return found


def _cause(error: BaseException) -> str:
    """What lies behind the HTTP client's error; a refused certificate says so there."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return getattr(error, "verify_message", "") or str(error) or type(error).__name__
