"""A door from this machine into the lab: connections to 127.0.0.1 go on from a host of the lab to an address there.

May live here: accepting, connecting inside a namespace, carrying bytes both ways. May not: looking at the bytes.

The second half starts on the administrator's PC, so what a browser sees has come through the firewall, as there.
"""

import asyncio
import contextlib
import socket
import time
from dataclasses import dataclass

from gateway.lab import netns
from gateway.lab.errors import LabError
from ruleset.resolved import Address

LOOPBACK = "127.0.0.1"
CONNECT_SECONDS = 5.0
CHUNK = 1 << 16
MAX_CONNECTIONS = 64


@dataclass(slots=True)
class Forwarder:
    """`namespace` is the descriptor of the host the second half starts on."""

    namespace: int
    address: Address
    port: int
    _open: int = 0

    async def start(self, port: int) -> tuple[asyncio.Server, int]:
        """Listens on 127.0.0.1:`port`, or on a free port when that is taken; answer: the server and its port."""
        for candidate in (port, 0):
            try:
                server = await asyncio.start_server(self._serve, LOOPBACK, candidate)
            except OSError:
                continue
            return server, int(server.sockets[0].getsockname()[1])
        raise LabError(f"no port on {LOOPBACK} can be opened for the page")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MAX_CONNECTIONS:
            writer.close()
            return
        self._open += 1
        try:
            inner_reader, inner_writer = await self._connect()
            try:
                await asyncio.gather(_carry(reader, inner_writer), _carry(inner_reader, writer))
            finally:
                inner_writer.close()
        except (OSError, TimeoutError):
            pass  # the browser sees a closed connection, which is what happened
        finally:
            self._open -= 1
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        family = socket.AF_INET if self.address.version == 4 else socket.AF_INET6
        sock = netns.open_socket(self.namespace, family, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.get_running_loop().sock_connect(sock, (str(self.address), self.port))
            return await asyncio.open_connection(sock=sock)
        except BaseException:
            sock.close()
            raise


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()  # the other direction may go on


async def fetch(port: int, seconds: float = 10.0) -> float | None:
    """Loads the page at 127.0.0.1:`port` once; answer: how long it took in milliseconds, None when it did not."""
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(f"GET / HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n".encode())
            status = await reader.readline()
            rest = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return None
    if not status.startswith(b"HTTP/1.1 200") or b"</html>" not in rest:
        return None
    return (time.perf_counter() - begun) * 1000
