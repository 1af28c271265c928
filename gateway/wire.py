"""The words on the enforcer's socket: one JSON object a line, at most 4 MiB, in both directions.

A request is `{"command": str, "args": {...}}`; the trusted webui adds `actor` and `connection_opened`.
An answer is zero or more progress lines `{"progress": str, "step": i, "of": n}` and then one result,
`{"ok": true, ...}` or `{"ok": false, "code": str, "message": str, "hint": str, ...}`.

May live here: framing, decoding and the shape of messages (values in, values out), the names of the error codes.
May not: sockets, the clock, roles, or what a command does.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_FRAME = 4 << 20  # a site file of 1 MiB, every character escaped to ASCII
MAX_COMMAND = 64
MAX_ACTOR = 128

# Error codes a client may act on. A message is for people, a code is for programs.
BAD_REQUEST = "bad-request"
UNKNOWN_COMMAND = "unknown-command"
NOT_ALLOWED = "not-allowed"
BUSY = "busy"
PENDING = "pending"
NOT_PENDING = "not-pending"
CONFIRM_REFUSED = "confirm-refused"
SITE_REFUSED = "site-refused"
INVARIANT = "invariant-broken"
KERNEL_REFUSED = "kernel-refused"
NOT_FOUND = "not-found"
PROTECTED = "protected"
TOO_LARGE = "too-large"
INTERNAL = "internal"


class WireError(ValueError):
    """What the other side sent is not a message of this protocol; the connection is of no further use."""


class CommandRefused(Exception):
    """A command is refused: `code` for programs, `message` the cause, `hint` the way out, `details` plain JSON."""

    def __init__(self, code: str, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details


@dataclass(frozen=True, slots=True)
class Request:
    """One typed command. `connection_opened` is epoch seconds; it and `actor` count only from the webui's uid."""

    command: str
    args: Mapping[str, Any] = field(default_factory=dict)
    actor: str | None = None
    connection_opened: float | None = None


class FrameReader:
    """Bytes in, JSON objects out, without a socket: `feed` what arrived, then iterate over whole lines.

    Raises WireError for a line that is too long, not UTF-8 JSON, nested too deep, or not an object.
    """

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._limit = limit
        self._buffer = bytearray()

    @property
    def partial(self) -> bool:
        """True while a line has begun and not ended (the server bounds how long that may last)."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            yield decode(line, self._limit)
        if len(self._buffer) >= self._limit:
            raise WireError(f"a message is longer than {self._limit} bytes")


def encode(message: Mapping[str, Any]) -> bytes:
    """One line, ready to send. Raises WireError when it does not fit the limit."""
    line = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
    if len(line) > MAX_FRAME:
        raise WireError(f"the message has {len(line)} bytes, the limit is {MAX_FRAME}")
    return line


def decode(line: bytes, limit: int = MAX_FRAME) -> dict[str, Any]:
    """One line without its newline -> object. Raises WireError, nothing else, whatever the bytes are."""
    if len(line) >= limit:
        raise WireError(f"a message is longer than {limit} bytes")
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"a message is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise WireError("a message is not a JSON object")
    return value


def parse_request(message: Mapping[str, Any]) -> Request:
    """Check the envelope of a request; what `args` must hold is the command's own affair. Raises CommandRefused."""
    unknown = sorted(set(message) - {"command", "args", "actor", "connection_opened"})
    if unknown:
        raise CommandRefused(BAD_REQUEST, f"unknown key in the request: {unknown[0]!a}")
    command, args, actor = message.get("command"), message.get("args", {}), message.get("actor")
    opened = message.get("connection_opened")
    if not isinstance(command, str) or not 0 < len(command) <= MAX_COMMAND:
        raise CommandRefused(BAD_REQUEST, "`command` must be a short text", 'send {"command": "status"}')
    if not isinstance(args, dict):
        raise CommandRefused(BAD_REQUEST, "`args` must be an object")
    if actor is not None and (not isinstance(actor, str) or not 0 < len(actor) <= MAX_ACTOR):
        raise CommandRefused(BAD_REQUEST, f"`actor` must be a text of 1 to {MAX_ACTOR} characters")
    if opened is not None and (
        isinstance(opened, bool) or not isinstance(opened, int | float) or not math.isfinite(opened)
    ):
        raise CommandRefused(BAD_REQUEST, "`connection_opened` must be a number of seconds since 1970")
    return Request(command, args, actor, None if opened is None else float(opened))


def request_line(request: Request) -> bytes:
    message: dict[str, Any] = {"command": request.command, "args": dict(request.args)}
    if request.actor is not None:
        message["actor"] = request.actor
    if request.connection_opened is not None:
        message["connection_opened"] = request.connection_opened
    return encode(message)


def result(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "ok": True}


def refusal(error: CommandRefused) -> dict[str, Any]:
    return {**error.details, "ok": False, "code": error.code, "message": error.message, "hint": error.hint}


def progress(text: str, step: int, of: int) -> dict[str, Any]:
    return {"progress": text, "step": step, "of": of}


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
