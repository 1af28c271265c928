"""The web servers of the lab's internet and the stand-ins for devices' services.

May live here: a very small HTTP/1.1 answer, an echo. May not: sockets (world.py opens them in their namespaces).
"""

import asyncio
import html
import re
from typing import cast

HEAD_LIMIT = 16384
IDLE_SECONDS = 30.0
MAX_BODY = 64 << 20
CHUNK = 1 << 16
BYTES = re.compile(rb"GET /bytes/([0-9]{1,9})[ ?]")


async def serve_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers every request with a page that says which name was asked; /bytes/N sends N bytes."""
    try:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            wanted = BYTES.match(head)
            if wanted:
                await _send_bytes(writer, min(int(wanted[1]), MAX_BODY))
            else:
                await _send(writer, _page(_host(head)))
            if b"connection: close" in head.lower():
                break
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        pass
    finally:
        writer.close()


async def serve_echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what comes, until the other side ends or is silent for long."""
    try:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                data = await reader.read(CHUNK)
            if not data:
                break
            writer.write(data)
            await writer.drain()
    except (OSError, TimeoutError):
        pass
    finally:
        writer.close()


class EchoDatagrams(asyncio.DatagramProtocol):
    """Sends every datagram back to where it came from."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own class does not derive from it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(data, addr)


def _host(head: bytes) -> str:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"host":
            return value.strip().decode("ascii", "replace")[:253]
    return ""


def _page(host: str) -> bytes:
    shown = html.escape(host) or "a server"
    return f"<!doctype html><title>{shown}</title><p>This is {shown} in the lab.</p>\n".encode()


async def _send(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(_head(len(body), b"text/html; charset=utf-8") + body)
    await writer.drain()


async def _send_bytes(writer: asyncio.StreamWriter, count: int) -> None:
    writer.write(_head(count, b"application/octet-stream"))
    for start in range(0, count, CHUNK):
        writer.write(bytes(min(CHUNK, count - start)))
        await writer.drain()


def _head(length: int, kind: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (kind, length)
