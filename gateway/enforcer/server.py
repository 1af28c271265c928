"""The Unix socket: accepts, frames, bounds, hands over descriptors. One thread a client.

Bounds: clients in all and per uid, the time a message may take to arrive, the time an idle client may stay. Strangers,
who have no role, get few places and little time, and never the ones that root and technicians need: somebody must be
able to isolate, confirm and go back at any time.

May live here: sockets and threads. May not: roles, commands, the kernel.
"""

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gateway.access import Peer, Role, peer_of
from gateway.enforcer.dispatch import Answer, Caller, Dispatcher
from gateway.wire import (
    BAD_REQUEST,
    BUSY,
    INTERNAL,
    CommandRefused,
    FrameReader,
    WireError,
    encode,
    parse_request,
    progress,
    refusal,
    result,
)

MAX_CLIENTS = 48
MAX_OF_ONE_UID = 12
BACKLOG = 512  # knocks that wait to be let in or sent away; with few, a crowd of strangers would be a closed door
MAX_STRANGERS, MAX_OF_ONE_STRANGER = 12, 3
MESSAGE_SECONDS = 10.0
IDLE_SECONDS = 600.0
STRANGER_SECONDS = 5.0  # for a stranger: to be told that it may do nothing
ALWAYS_IN = "technician"  # root is one
BREATH_SECONDS = 0.1  # before accepting again after a failure
CHUNK = 65536


class AlreadyRunning(Exception):
    """Another enforcer answers on this socket."""


class Server:
    """`start` returns once the socket is there; `stop` ends it and removes it."""

    def __init__(self, path: Path, dispatcher: Dispatcher) -> None:
        self._path, self._dispatcher = path, dispatcher
        self._lock = threading.Lock()
        self._clients: dict[socket.socket, tuple[int, bool]] = {}  # uid, stranger
        self._listener: socket.socket | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Raises AlreadyRunning, OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if _answers(self._path):
            raise AlreadyRunning(f"an enforcer answers on {self._path} already")
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._path))
        self._path.chmod(0o666)  # anybody may knock; peer credentials decide who is answered
        self._listener.listen(BACKLOG)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Close everything; a command under way runs to its end, its client does not hear of it."""
        self._stopping.set()
        self._path.unlink(missing_ok=True)
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        with self._lock:
            for client in self._clients:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                if self._stopping.wait(BREATH_SECONDS):
                    return
                continue  # out of descriptors, or a client that left before it was let in
            try:
                peer = peer_of(connection)
            except OSError:
                connection.close()
                continue
            role = self._dispatcher.role_of(peer)
            if self._admit(connection, peer, role):
                idle = STRANGER_SECONDS if role is None else IDLE_SECONDS
                threading.Thread(target=self._serve, args=(connection, peer, idle), daemon=True).start()

    def _admit(self, connection: socket.socket, peer: Peer, role: Role | None) -> bool:
        with self._lock:
            if self._has_room(peer, role):
                self._clients[connection] = (peer.uid, role is None)
                return True
        _send(connection, refusal(CommandRefused(BUSY, "too many clients", "try again in a moment")))
        connection.close()
        return False

    def _has_room(self, peer: Peer, role: Role | None) -> bool:
        of_uid = Counter(uid for uid, _ in self._clients.values())[peer.uid]
        if role is None:
            strangers = sum(stranger for _, stranger in self._clients.values())
            return strangers < MAX_STRANGERS and of_uid < MAX_OF_ONE_STRANGER
        return of_uid < MAX_OF_ONE_UID and (role == ALWAYS_IN or len(self._clients) < MAX_CLIENTS)

    def _serve(self, connection: socket.socket, peer: Peer, idle: float) -> None:
        try:
            caller = self._dispatcher.identify(peer)
            for message in _incoming(connection, idle):
                self._one(connection, caller, message)
        except WireError as error:
            _send(connection, refusal(CommandRefused(BAD_REQUEST, str(error))))
        except OSError:
            pass  # the client went away
        finally:
            with self._lock:
                self._clients.pop(connection, None)
            connection.close()

    def _one(self, connection: socket.socket, caller: Caller, message: dict[str, object]) -> None:
        def tell(text: str, step: int, of: int) -> None:
            _send(connection, progress(text, step, of))

        try:
            answer = self._dispatcher.answer(caller, parse_request(message), tell)
        except CommandRefused as error:
            _send(connection, refusal(error))
            return
        except Exception as error:
            _send(connection, refusal(CommandRefused(INTERNAL, f"{type(error).__name__}: {error}"[:500])))
            raise
        _hand_over(connection, answer)


def _incoming(connection: socket.socket, idle: float) -> Iterator[dict[str, object]]:
    """Messages as they come; ends when the client leaves, idles too long, or dawdles over a message."""
    reader = FrameReader()
    deadline = time.monotonic() + idle
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        data = connection.recv(CHUNK)
        if not data:
            return
        begun = reader.partial
        yield from reader.feed(data)
        if not reader.partial:
            deadline = time.monotonic() + idle
        elif not begun:
            deadline = time.monotonic() + min(idle, MESSAGE_SECONDS)


def _hand_over(connection: socket.socket, answer: Answer) -> None:
    try:
        line = encode(result(answer.values))
        connection.settimeout(MESSAGE_SECONDS)
        if answer.descriptors:
            socket.send_fds(connection, [line], list(answer.descriptors))
        else:
            connection.sendall(line)
    finally:
        for descriptor in answer.descriptors:
            socket.close(descriptor)


def _send(connection: socket.socket, message: dict[str, object]) -> None:
    """A client that does not listen any more does not stop a command."""
    with contextlib.suppress(OSError, WireError):
        connection.settimeout(MESSAGE_SECONDS)
        connection.sendall(encode(message))


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
