"""The resolver's socket for people: `ask`, `explain`, `accounts`, as JSON lines (gateway/wire.py). It changes nothing.

Roles are those of the access file, by the peer's uid. Clients, their messages and their time are bounded, and one that
dawdles costs no DNS question anything.

May live here: the socket, who may ask what. May not: the answers (control_commands.py).
"""

import asyncio
import contextlib
import socket
from collections import Counter
from pathlib import Path
from typing import cast

from gateway.access import Access, AccessError, Peer, Role, pass_through, peer_of
from gateway.arguments import Arguments
from gateway.resolver.control_commands import COMMANDS, GATE
from gateway.resolver.journal import Journal
from gateway.resolver.service import Resolver
from gateway.wire import (
    BAD_REQUEST,
    BUSY,
    NOT_ALLOWED,
    CommandRefused,
    FrameReader,
    WireError,
    encode,
    parse_request,
    refusal,
    result,
)

MAX_CLIENTS = 16
MAX_OF_ONE_UID = 8
MAX_MESSAGE = 4096  # octets; a name, a type and a client need far fewer
IDLE_SECONDS = 30.0
SEND_SECONDS = 10.0
CHUNK = 4096


class Control:
    """`start` once inside a running loop, `close` at the end."""

    def __init__(self, resolver: Resolver, path: Path, access: Access, journal: Journal) -> None:
        self._resolver, self._path, self._access, self._journal = resolver, path, access, journal
        self._clients: Counter[int] = Counter()
        self._server: asyncio.Server | None = None
        self._tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._inode = 0

    async def start(self) -> None:
        """Listen. Without the right to do so the resolver goes on, and the journal says so."""
        try:
            self._path.parent.mkdir(exist_ok=True)
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._connected, self._path, limit=MAX_MESSAGE)
            self._inode = self._path.stat().st_ino
            self._path.chmod(0o666)  # anybody may knock; peer credentials decide who is answered
        except OSError as error:
            self._journal.say("control socket", f"{self._path}: {error.strerror or error}; people cannot ask")

    async def close(self) -> None:
        if self._server is None:
            return
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:  # else a successor listens there already
                self._path.unlink()
        self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            self._tasks[task].transport.abort()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio runs this as a task"
        self._tasks[task] = writer
        try:
            peer = peer_of(cast("socket.socket", writer.get_extra_info("socket")))
            if self._clients.total() >= MAX_CLIENTS or self._clients[peer.uid] >= MAX_OF_ONE_UID:
                await _send(writer, refusal(CommandRefused(BUSY, "too many clients", "try again in a moment")))
                return
            self._clients[peer.uid] += 1
            try:
                await self._serve(reader, writer, await self._role(peer))
            finally:
                self._clients[peer.uid] -= 1
        except (OSError, TimeoutError):
            pass  # gone, idle, or it does not listen
        finally:
            await _hang_up(writer)
            del self._tasks[task]

    async def _role(self, peer: Peer) -> Role | None:
        """In a thread: the access file and the user database are files, or worse."""
        try:
            return await asyncio.to_thread(self._access.role_of, peer)
        except AccessError as error:
            self._journal.say("access", str(error))
            return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, role: Role | None) -> None:
        frames = FrameReader(MAX_MESSAGE)
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                data = await reader.read(CHUNK)
            if not data:
                return
            try:
                for message in frames.feed(data):
                    await _send(writer, await self._answer(role, message))
            except WireError as error:
                await _send(writer, refusal(CommandRefused(BAD_REQUEST, str(error))))
                return

    async def _answer(self, role: Role | None, message: dict[str, object]) -> dict[str, object]:
        try:
            request = parse_request(message)
            pass_through(GATE, role, request.command)
            if role != "webui" and (request.actor is not None or request.connection_opened is not None):
                raise CommandRefused(NOT_ALLOWED, "only the page may speak for another person", "leave out `actor`")
            return result(await COMMANDS[request.command](self._resolver, Arguments(request.command, request.args)))
        except CommandRefused as error:
            return refusal(error)
        except TimeoutError:
            return refusal(CommandRefused(BUSY, "no answer came in time", "try again"))


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """What was said is still heard, by whoever listens soon."""
    writer.close()
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, message: dict[str, object]) -> None:
    writer.write(encode(message))
    async with asyncio.timeout(SEND_SECONDS):
        await writer.drain()
