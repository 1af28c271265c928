"""What the resolver reports on run/events.sock: one JSON object a datagram, checked field by field.

    {"kind": ..., "at": epoch seconds, "lost": questions left out, "entries": [[...], ...]}

The socket may be written to by the resolver only, but the names in it come from any device of the clinic: everything is
bounded and typed here, and a datagram that is wrong in any way is refused whole.

May live here: that check. May not: sockets, the clock (`now` is an argument), what may be kept (collect.py).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

MAX_DATAGRAM = 32_768
MAX_ROWS = 400
MAX_COUNT = 1_000_000_000
MAX_SKEW_SECONDS = 3600.0
MAX_TEXT = 1024  # a name in presentation form with every byte escaped

Address = IPv4Address | IPv6Address


class UnreadableError(ValueError):
    """A datagram that is not what the resolver sends; the text says which field."""


@dataclass(frozen=True, slots=True)
class Told:
    """`count` questions: what a row says, empty and None where its kind says nothing.

    `bucket`: the index of the time an answer took (filters.dns_accounts.BOUNDS). `address`: what was answered.
    """

    count: int
    zone: str = ""
    client: Address | None = None
    name: str = ""
    type: str = ""
    action: str = ""
    reason: str = ""
    list: str = ""
    rule: str = ""
    bucket: int = 0
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class DnsReport:
    """The rows of one datagram, and how many questions the resolver had to leave out since the one before."""

    kind: str
    at: float
    lost: int
    rows: tuple[Told, ...]


def read_report(data: bytes, now: float) -> DnsReport:
    """Raises UnreadableError, nothing else. A time more than an hour off `now` (epoch seconds) becomes `now`."""
    if len(data) > MAX_DATAGRAM:
        raise UnreadableError(f"longer than {MAX_DATAGRAM} bytes")
    try:
        message = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise UnreadableError("no JSON") from None
    kind = message.get("kind") if isinstance(message, dict) else None
    columns = COLUMNS.get(kind) if isinstance(kind, str) else None
    if columns is None:
        raise UnreadableError("kind")
    entries = message.get("entries")
    if not isinstance(entries, list) or len(entries) > MAX_ROWS:
        raise UnreadableError("entries")
    at = message.get("at")
    if isinstance(at, bool) or not isinstance(at, int | float) or not abs(at - now) <= MAX_SKEW_SECONDS:
        at = now
    rows = tuple(_row(columns, entry) for entry in entries)
    return DnsReport(str(kind), float(at), _number("lost", message.get("lost", 0)), rows)


def _row(columns: Mapping[str, Callable[[str, Any], Any]], entry: Any) -> Told:
    if not isinstance(entry, list) or len(entry) != len(columns):
        raise UnreadableError("an entry")
    return Told(**{name: read(name, value) for (name, read), value in zip(columns.items(), entry, strict=True)})


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise UnreadableError(field)
    return value.encode("utf-8", "replace").decode("utf-8")  # lone surrogates do not fit SQLite


def _name(field: str, value: Any) -> str:
    text = _text(field, value)
    if not text:
        raise UnreadableError(field)
    return text


def _number(field: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise UnreadableError(field)
    return value


def _address(field: str, value: Any) -> Address:
    try:
        return ip_address(_text(field, value))
    except ValueError:
        raise UnreadableError(field) from None


def _address_or_none(field: str, value: Any) -> Address | None:
    return None if value == "" else _address(field, value)


_VERDICT = {"action": _name, "reason": _name, "list": _text, "rule": _text, "count": _number}
COLUMNS: dict[str, Mapping[str, Callable[[str, Any], Any]]] = {
    "dns_blocked": {"client": _address, "name": _name, "type": _text, **_VERDICT},
    "dns_log": {"zone": _text, "client": _address_or_none, "name": _name, **_VERDICT},
    "dns_verdicts": {"zone": _text, "action": _name, "reason": _name, "count": _number},
    "dns_lists": {"zone": _text, "list": _name, "count": _number},
    "dns_clients": {"client": _address, "count": _number},
    "dns_resolved": {"zone": _text, "address": _address, "count": _number},
    "dns_stun": {"client": _address, "count": _number},
    "dns_latency": {"bucket": _number, "count": _number},
}
