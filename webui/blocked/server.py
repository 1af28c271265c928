"""The block page's server: one short answer a connection, whatever comes, within bounds of octets, time and number.

May live here: sockets and those bounds. May not: what a message means (message.py), what the page says (page.py).
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable

from webui.blocked import message
from webui.blocked.message import BAD_REQUEST, FORBIDDEN, MAX_HEAD, TOO_LARGE, Request
from webui.blocked.page import POLICY, UNKNOWN, Clinic, Why, locale_for, page

MAX_CONNECTIONS, MAX_OF_ONE_CLIENT = 64, 8
MAX_ASKING = 4  # threads that wait for the resolver; who comes then is told less, and at once
HEAD_SECONDS = 5.0  # until the head of a request is there
LIFE_SECONDS = 15.0
MAX_REST = 65536  # octets of a body that are read and thrown away, so that the answer arrives before a reset does
REST_SECONDS = 1.0
CHUNK = 4096

Ask = Callable[[str, str], Why]


class Server:
    """`open` and `close` listening sockets; `clinic` may be replaced at any time. `ask(name, client)` may block."""

    def __init__(self, ask: Ask) -> None:
        self.clinic = Clinic()
        self._ask = ask
        self._asking = 0
        self._clients: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, listener: socket.socket) -> asyncio.Server:
        """Serve there until the answer is closed."""
        return await asyncio.start_server(self._connected, sock=listener, limit=MAX_HEAD)

    async def close(self) -> None:
        """End what is being answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio runs this as a task"
        client = _plain(writer.get_extra_info("peername"))
        if self._clients.total() >= MAX_CONNECTIONS or self._clients[client] >= MAX_OF_ONE_CLIENT:
            writer.transport.abort()
            return
        self._tasks.add(task)
        self._clients[client] += 1
        try:
            async with asyncio.timeout(LIFE_SECONDS):
                await self._serve(reader, writer, client)
        except (OSError, TimeoutError, EOFError):
            pass  # gone, or too slow: there is nobody to tell
        finally:
            self._tasks.discard(task)
            self._clients[client] -= 1
            self._clients += Counter()  # forget those at zero
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: str) -> None:
        async with asyncio.timeout(HEAD_SECONDS):
            head, whole = await _head(reader)
        request = message.read_head(head) if whole else None
        if request is None:
            writer.write(_refusal(BAD_REQUEST if whole else TOO_LARGE))
        else:
            why = await self._why(request.name, client)
            writer.write(self._answer(request, why, _plain(writer.get_extra_info("sockname"))))
        await writer.drain()
        writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REST_SECONDS):
                await _rest(reader)

    async def _why(self, name: str, client: str) -> Why:
        if not name or self._asking >= MAX_ASKING:
            return UNKNOWN
        self._asking += 1
        try:
            return await asyncio.to_thread(self._ask, name, client)
        finally:
            self._asking -= 1

    def _answer(self, request: Request, why: Why, here: str) -> bytes:
        locale = locale_for(request.languages, self.clinic)
        text = page(request.name, why, self.clinic, locale, visitor=here in self.clinic.visitors)
        return message.answer(FORBIDDEN, text, locale.language, POLICY, body=request.wants_body)


async def _head(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """The head of a request and True, or False when it does not end in time. EOFError when the client leaves."""
    data = b""
    while len(data) <= MAX_HEAD:
        for end in (b"\r\n\r\n", b"\n\n"):
            before, found, _ = data.partition(end)
            if found:
                return before, True
        received = await reader.read(CHUNK)
        if not received:
            raise EOFError
        data += received
    return b"", False


async def _rest(reader: asyncio.StreamReader) -> None:
    left = MAX_REST
    while left > 0 and (data := await reader.read(CHUNK)):
        left -= len(data)


def _refusal(status: int) -> bytes:
    return message.answer(status, message.REASONS[status].encode(), "en", POLICY)


def _plain(end: tuple[object, ...] | None) -> str:
    """The address of one end, without the interface of a link-local one."""
    return str(end[0]).partition("%")[0] if end else ""
