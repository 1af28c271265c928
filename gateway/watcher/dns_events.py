"""What the resolver reports on run/events.sock: one JSON object a datagram, checked field by field.

The socket may be written to by the resolver only, but the names in it come from any device of the clinic: everything is
bounded and typed here, and a datagram that is wrong in any way is refused whole.

May live here: that check. May not: sockets, the clock (`now` is an argument).
"""

import json
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

MAX_DATAGRAM = 8192
MAX_COUNT = 10_000_000
MAX_SKEW_SECONDS = 3600.0
MAX_TEXT = 1024  # a name in presentation form with every byte escaped


class UnreadableError(ValueError):
    """A datagram that is not what the resolver sends; the text says which field."""


@dataclass(frozen=True, slots=True)
class DnsReport:
    """`count` names blocked, and `lost` reports that the resolver had to drop since the one before."""

    at: float
    client: IPv4Address | IPv6Address
    name: str
    query_type: str
    rule: str
    count: int
    lost: int


def read_report(data: bytes, now: float) -> DnsReport:
    """Raises UnreadableError, nothing else. A time more than an hour off `now` (epoch seconds) becomes `now`."""
    if len(data) > MAX_DATAGRAM:
        raise UnreadableError(f"longer than {MAX_DATAGRAM} bytes")
    try:
        message = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise UnreadableError("no JSON") from None
    if not isinstance(message, dict) or message.get("kind") != "dns_blocked":
        raise UnreadableError("kind")
    listed, reason = _text(message, "list", required=False), _text(message, "reason", required=False)
    at = message.get("at")
    if isinstance(at, bool) or not isinstance(at, int | float) or not abs(at - now) <= MAX_SKEW_SECONDS:
        at = now
    return DnsReport(
        at=float(at),
        client=_address(message),
        name=_text(message, "name"),
        query_type=_text(message, "qtype", required=False),
        rule=f"list:{listed}" if listed else f"dns:{reason}",
        count=_number(message, "count", default=1),
        lost=_number(message, "lost", default=0),
    )


def _text(message: dict[str, Any], key: str, *, required: bool = True) -> str:
    value = message.get(key)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > MAX_TEXT or (required and not value):
        raise UnreadableError(key)
    return value.encode("utf-8", "replace").decode("utf-8")  # lone surrogates do not fit SQLite


def _number(message: dict[str, Any], key: str, *, default: int) -> int:
    value = message.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise UnreadableError(key)
    return value


def _address(message: dict[str, Any]) -> IPv4Address | IPv6Address:
    try:
        return ip_address(_text(message, "client"))
    except ValueError:
        raise UnreadableError("client") from None
