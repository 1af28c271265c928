"""Hosts files, plain domains and wildcard names: one line's rules.

What a line covers follows AdGuard Home and Pi-hole, which the publishers write for:
- hosts (`0.0.0.0 name`) and plain domains (`name`) mean that very name. Such lists write subdomains out one by one,
  and blocking more than they say would block what nobody reviewed.
- a wildcard line (`*.name`) means the name and everything below it, as in dnscrypt-proxy.

May live here: these formats. May not: telling formats apart (detect.py).
"""

from functools import lru_cache
from ipaddress import ip_address

from filters.lists.rules import NOTHING, Extent, Parsed, Plain, Reject, listed_name, plain

MAX_NAMES_A_LINE = 64
_LOCAL_NAMES = frozenset((
    "localhost", "localhost.localdomain", "local", "localdomain", "broadcasthost", "ip6-localhost", "ip6-loopback",
    "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts",
))  # fmt: skip


def parse_hosts_line(line: str) -> Parsed:
    """`address name [name...]`; a line that gives a real address would redirect, which no list may do."""
    text = uncommented(line)
    if not text:
        return NOTHING
    address, *hosts = text.split(maxsplit=MAX_NAMES_A_LINE)
    if not hosts or not is_address(address):
        return Reject.NOT_THIS_FORMAT
    if not _LOCAL_NAMES.isdisjoint(map(str.lower, hosts)):
        return Reject.LOCAL_NAME
    if not is_null_address(address):
        return Reject.REDIRECT
    rules: list[Plain] = []
    for host in hosts:
        name = listed_name(host)
        if isinstance(name, Reject):
            return name
        rules.append(Plain(name, Extent.EXACT))
    return rules


def parse_domains_line(line: str) -> Parsed:
    """`name`, or `*.name` for the name and all below it."""
    text = uncommented(line)
    if not text:
        return NOTHING
    if len(text.split(maxsplit=1)) != 1:
        return Reject.NOT_THIS_FORMAT
    if text.startswith("*."):
        return plain(text[2:], Extent.SUBTREE)
    return plain(text, Extent.EXACT)


def uncommented(line: str) -> str:
    """The line without its comment: `#` at the start or after white space, `!` and `;` at the start."""
    text = line.strip()
    if not text or text[0] in "#!;":
        return ""
    if "#" in text:
        for mark in (" #", "\t#"):
            text = text.partition(mark)[0]
        text = text.rstrip()
    return text


@lru_cache(maxsize=64)
def is_null_address(text: str) -> bool:
    """Unspecified or loopback: what a list names to lead nowhere. False for what is no address."""
    if not is_address(text):
        return False
    address = ip_address(text)
    return address.is_unspecified or address.is_loopback


@lru_cache(maxsize=64)
def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
