"""The modifiers behind the `$` of an Adblock-style rule, as AdGuard's DNS filtering syntax defines them.

`important`, `badfilter`, `dnstype`, `denyallow`, `client`, `ctag`, `dnsrewrite`. One that DNS cannot honour makes the
whole rule a reject, as that definition demands: half a browser rule would block what it never meant. `dnsrewrite` is
taken as far as it blocks (an error code, an empty answer, an address that leads nowhere): no list may redirect.

May live here: reading modifiers. May not: patterns (adblock.py), whether they hold (conditions.py).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TypeVar

import dns.exception
import dns.rdatatype

from filters import names
from filters.lists.conditions import ALWAYS, Client, Conditions
from filters.lists.hosts import is_null_address
from filters.lists.rules import Reject

T = TypeVar("T")
MAX_VALUES = 100  # of one modifier
MAX_CLIENT = 100  # characters of a client's name
_FLAGS = frozenset(("important", "badfilter", "all"))
_KNOWN = _FLAGS | {"dnstype", "denyallow", "client", "ctag", "dnsrewrite"}
_SILENT = frozenset(("badfilter", "all"))  # `all` says in a browser what a rule of DNS means anyway
_TAG = re.compile(r"[a-z0-9_]{1,40}")
_ERRORS = frozenset(("NXDOMAIN", "REFUSED", "SERVFAIL", "NOTIMP", "FORMERR"))
_REWRITE_PARTS = 3  # RCODE;RRTYPE;VALUE


@dataclass(frozen=True, slots=True)
class Modifiers:
    """`words`: the modifiers in canonical order, without `badfilter`."""

    important: bool = False
    badfilter: bool = False
    words: tuple[str, ...] = ()
    conditions: Conditions = ALWAYS


NONE = Modifiers()


class _BadValueError(ValueError):
    """A modifier's value; `reason` is the line's Reject."""

    def __init__(self, reason: Reject = Reject.MODIFIER_VALUE) -> None:
        super().__init__(str(reason))
        self.reason = reason


def read(text: str, *, allow: bool) -> Modifiers | Reject:
    """The modifiers of a rule; `allow`: it is an exception."""
    values: dict[str, str] = {}
    for word in split(text, ","):
        name, equals, value = word.strip().partition("=")
        if (name := name.lower()) not in _KNOWN:
            return Reject.MODIFIER
        if name in values or (name in _FLAGS and equals):
            return Reject.MODIFIER_VALUE
        values[name] = value
    try:
        conditions = _conditions(values, allow=allow)
    except _BadValueError as error:
        return error.reason
    words = sorted(f"{name}={value}" if value else name for name, value in values.items() if name not in _SILENT)
    return Modifiers("important" in values, "badfilter" in values, tuple(words), conditions)


def split(text: str, separator: str) -> list[str]:
    """Cut at the separators that stand neither behind a backslash nor inside quotes that open a value."""
    parts, quote, at, start = [], "", 0, 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and (at == start or text[at - 1] in "=|~"):
            quote = char
        elif char == separator:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def _conditions(values: dict[str, str], *, allow: bool) -> Conditions:
    types, not_types = _both(values, "dnstype", _type)
    clients, not_clients = _both(values, "client", _client)
    tags, not_tags = _both(values, "ctag", _tag)
    excepted = names.SuffixSet(map(_name, _items(values, "denyallow")))
    rewrite = _rewrite(values["dnsrewrite"], allow=allow) if "dnsrewrite" in values else None
    return Conditions(types, not_types, excepted, clients, not_clients, tags, not_tags, rewrite)


def _items(values: dict[str, str], modifier: str) -> list[str]:
    if modifier not in values:
        return []
    items = split(values[modifier], "|")
    if not all(items) or len(items) > MAX_VALUES:
        raise _BadValueError
    return items


def _both(values: dict[str, str], modifier: str, read_one: Callable[[str], T]) -> tuple[frozenset[T], frozenset[T]]:
    """What a modifier includes, and what it leaves out (`~`)."""
    items = _items(values, modifier)
    return (
        frozenset(read_one(item) for item in items if item[0] != "~"),
        frozenset(read_one(item[1:]) for item in items if item[0] == "~"),
    )


def _type(text: str) -> int:
    try:
        return int(dns.rdatatype.from_text(text))
    except (dns.exception.DNSException, ValueError):
        raise _BadValueError from None


def _client(text: str) -> Client:
    if text[:1] in ("'", '"'):
        if len(text) < len("''") or text[-1] != text[0]:
            raise _BadValueError
        text = text[1:-1]
    text = re.sub(r"\\(.)", r"\1", text)
    if not 0 < len(text) <= MAX_CLIENT:
        raise _BadValueError
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return text.lower()


def _tag(text: str) -> str:
    if _TAG.fullmatch(text) is None:
        raise _BadValueError
    return text


def _name(text: str) -> names.Name:
    try:
        return names.from_text(text)
    except names.BadNameError:
        raise _BadValueError from None


def _rewrite(value: str, *, allow: bool) -> str:
    """The value, if it blocks; an exception may name any value, or none for all of them."""
    if allow:
        return value
    if value in _ERRORS or value == "NOERROR" or is_null_address(value):
        return value
    parts = value.split(";", _REWRITE_PARTS - 1)
    if len(parts) == _REWRITE_PARTS:
        code, kind, data = parts
        if code in _ERRORS or (code == "NOERROR" and (not data or (kind in ("A", "AAAA") and is_null_address(data)))):
            return value
    raise _BadValueError(Reject.REDIRECT if value else Reject.MODIFIER_VALUE)
