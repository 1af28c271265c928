"""Talking to the enforcer: a synchronous client of its Unix socket, for the command line and the other processes.

The resolver's socket for people speaks the same words, so it has the same client, with its name in the errors.

One client holds one connection, opened at the first call and kept; it is not thread-safe, give each thread its own.
A command is never sent twice: when the connection breaks after the request went out, the caller is told so.

May live here: the client's socket, receiving descriptors. May not: what a command means, retries of a policy change.
"""

import contextlib
import select
import socket
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.wire import TOO_LARGE, FrameReader, Request, WireError, request_line

MAX_DESCRIPTORS = 4
CHUNK = 65536

Progress = Callable[[str, int, int], None]


class EnforcerUnavailable(Exception):
    """The enforcer (or who else is meant, in `who`) does not answer: not running, no right to the socket, or it went
    away in the middle."""

    def __init__(self, what: str, who: str = "enforcer") -> None:
        super().__init__(what)
        self.who = who


class Refused(Exception):
    """The enforcer answered no. `code` is for programs, `message` the cause, `hint` the way out, `details` the rest."""

    def __init__(self, code: str, message: str, hint: str = "", details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details or {}


class EnforcerClient:
    """`EnforcerClient(paths.enforcer_socket).call("status")`; `timeout` in seconds bounds each wait for a line."""

    def __init__(
        self,
        path: Path,
        timeout: float = 60.0,
        *,
        actor: str | None = None,
        connection_opened: float | None = None,
        on_progress: Progress | None = None,
        who: str = "enforcer",
    ) -> None:
        self._who = who
        self._path = path
        self._timeout = timeout
        self._actor = actor
        self._opened = connection_opened
        self._on_progress = on_progress
        self._socket: socket.socket | None = None
        self._reader = FrameReader()

    def call(self, command: str, /, **args: Any) -> dict[str, Any]:
        """Send one command, return its result. Raises EnforcerUnavailable or Refused."""
        answer, descriptors = self.call_with_descriptors(command, **args)
        for descriptor in descriptors:
            socket.close(descriptor)
        return answer

    def call_with_descriptors(self, command: str, /, **args: Any) -> tuple[dict[str, Any], list[int]]:
        """As `call`, and hands over the file descriptors that came with the answer; the caller closes them."""
        try:
            line = request_line(Request(command, args, self._actor, self._opened))
        except WireError as error:
            raise Refused(TOO_LARGE, str(error), "shorten what you send") from None
        connection = self._connection()
        try:
            connection.sendall(line)
            return self._answer(connection)
        except (OSError, WireError) as error:
            self.close()
            what = f"the {self._who} at {self._path} broke off during `{command}`: {error}"
            raise EnforcerUnavailable(what, self._who) from error

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._reader = None, FrameReader()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _connection(self) -> socket.socket:
        if self._socket is not None and _readable(self._socket):  # nothing was asked: it can only be an end
            self.close()
        if self._socket is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(self._timeout)
            try:
                connection.connect(str(self._path))
            except OSError as error:
                connection.close()
                what = f"no {self._who} at {self._path}: {error.strerror or error}"
                raise EnforcerUnavailable(what, self._who) from error
            self._socket = connection
        return self._socket

    def _answer(self, connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
        descriptors: list[int] = []
        try:
            while True:
                data, received, _, _ = socket.recv_fds(connection, CHUNK, MAX_DESCRIPTORS)
                descriptors += received
                if not data:
                    raise ConnectionResetError("connection closed before the answer")
                for message in self._reader.feed(data):
                    if "ok" in message:
                        return _outcome(message), descriptors
                    self._report(message)
        except BaseException:
            for descriptor in descriptors:
                with contextlib.suppress(OSError):
                    socket.close(descriptor)
            raise

    def _report(self, message: dict[str, Any]) -> None:
        if self._on_progress is not None and "progress" in message:
            self._on_progress(str(message["progress"]), int(message.get("step", 0)), int(message.get("of", 0)))


def _outcome(message: dict[str, Any]) -> dict[str, Any]:
    if message.pop("ok") is True:
        return message
    code, text, hint = (str(message.pop(key, "")) for key in ("code", "message", "hint"))
    raise Refused(code, text, hint, message)


def _readable(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
