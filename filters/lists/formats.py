"""The line formats of block lists: which one a text is in, and what one line of it says.

May live here: pure functions from a line to rules or a reject. May not: the compiled structure, files.

What a rule covers follows AdGuard Home and Pi-hole, which the publishers write for:
- hosts (`0.0.0.0 name`) and plain domains (`name`) mean that very name. Such lists write subdomains out one by one,
  and blocking more than they say would block what nobody reviewed.
- a wildcard line among domains (`*.name`) means the name and everything below it.
Formats that are recognised but not read yet are refused by name, never half understood.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address

from filters import names

MAX_LINE = 4096  # octets; a longer line is rejected unread
MAX_NAMES_A_LINE = 64


class Format(StrEnum):
    HOSTS = "hosts"
    DOMAINS = "domains"
    ADBLOCK = "adblock"
    DNSMASQ = "dnsmasq"
    UNBOUND = "unbound"
    RPZ = "rpz"
    HTML = "html"


class Reject(StrEnum):
    """Why a line is no rule."""

    NOT_TEXT = "not_text"  # not UTF-8
    TOO_LONG = "too_long"
    NOT_THIS_FORMAT = "not_this_format"
    NOT_A_NAME = "not_a_name"
    TOO_WIDE = "too_wide"  # a whole top-level domain
    LOCAL_NAME = "local_name"  # localhost and kin, part of every hosts file
    REDIRECT = "redirect"  # a hosts line that sends the name to a real address
    DUPLICATE = "duplicate"  # the same name stands on an earlier line


@dataclass(frozen=True, slots=True)
class Rule:
    """`name`, and everything below it when `subtree`."""

    name: names.Name
    subtree: bool


Parsed = list[Rule] | Reject
_LOCAL_NAMES = frozenset((
    "localhost", "localhost.localdomain", "local", "localdomain", "broadcasthost", "ip6-localhost", "ip6-loopback",
    "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts",
))  # fmt: skip


def detect(sample: Iterable[bytes]) -> Format | None:
    """The format most of the `sample` lines are in; None when no line is in any."""
    votes: dict[Format, int] = {}
    for line in sample:
        found = _format_of(line.strip())
        if found is not None:
            votes[found] = votes.get(found, 0) + 1
    return max(votes, key=lambda f: votes[f]) if votes else None


def parse_hosts_line(text: str) -> Parsed:
    """`address name [name...]`; a line that gives a real address would redirect, which no block list may do."""
    address, *hosts = text.split(maxsplit=MAX_NAMES_A_LINE)
    if not hosts or not _is_address(address):
        return Reject.NOT_THIS_FORMAT
    if any(host.lower() in _LOCAL_NAMES for host in hosts):
        return Reject.LOCAL_NAME
    if not _is_null_address(address):
        return Reject.REDIRECT
    rules: list[Rule] = []
    for host in hosts:
        rule = _rule(host, subtree=False)
        if isinstance(rule, Reject):
            return rule
        rules.append(rule)
    return rules


def parse_domains_line(text: str) -> Parsed:
    """`name`, or `*.name` for the name and all below it."""
    if len(text.split(maxsplit=1)) != 1:
        return Reject.NOT_THIS_FORMAT
    bare = text.removeprefix("*.")
    rule = _rule(bare, subtree=bare != text)
    return rule if isinstance(rule, Reject) else [rule]


PARSERS: dict[Format, Callable[[str], Parsed]] = {
    Format.HOSTS: parse_hosts_line,
    Format.DOMAINS: parse_domains_line,
}


def parse_line(line: bytes, parser: Callable[[str], Parsed]) -> Parsed:
    """One line with its comment (`#`, at the start or after a space) cut off. An empty list: nothing to read."""
    if len(line) > MAX_LINE:
        return Reject.TOO_LONG
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return Reject.NOT_TEXT
    text = text.lstrip("\ufeff").strip()
    if not text or text[0] in "#!":
        return []
    for mark in (" #", "\t#"):
        text = text.partition(mark)[0]
    return parser(text.rstrip())


def _rule(host: str, *, subtree: bool) -> Rule | Reject:
    try:
        name = names.from_text(host)
    except names.BadNameError:
        return Reject.NOT_A_NAME
    if name[name[0] + 1] == 0:
        return Reject.TOO_WIDE
    return Rule(name, subtree)


def _format_of(line: bytes) -> Format | None:
    """The format one line is in, by its shape alone; None for comments and what fits nothing."""
    if line[:1] == b"<":
        return Format.HTML
    if line[:1] in b"#!;" or len(line) > MAX_LINE:
        return None
    if line[:2] in (b"||", b"@@", b"[A") or line[-1:] == b"^":
        return Format.ADBLOCK
    if line.startswith((b"address=/", b"server=/", b"local=/")):
        return Format.DNSMASQ
    if line.startswith((b"local-zone:", b"local-data:", b"server:")):
        return Format.UNBOUND
    words = line.split()
    if b"CNAME" in words or line.startswith((b"$TTL", b"$ORIGIN")):
        return Format.RPZ
    text = line.decode("utf-8", "replace")
    if isinstance(parse_line(line, parse_domains_line), list):
        return Format.DOMAINS
    return Format.HOSTS if len(words) > 1 and _is_address(text.split()[0]) else None


@lru_cache(maxsize=64)
def _is_null_address(text: str) -> bool:
    """Unspecified or loopback: what a hosts file names to lead nowhere."""
    address = ip_address(text)
    return address.is_unspecified or address.is_loopback


@lru_cache(maxsize=64)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
