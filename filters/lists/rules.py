"""The words of block lists: formats, rules, and why a line is none.

May live here: these values and how a name in a list becomes a `Name`. May not: reading lines (one module a format).
"""

from collections.abc import Callable, Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import NamedTuple

from filters import names


class Format(StrEnum):
    HOSTS = "hosts"
    DOMAINS = "domains"
    WILDCARD = "wildcard"
    ADBLOCK = "adblock"
    DNSMASQ = "dnsmasq"
    UNBOUND = "unbound"
    RPZ = "rpz"
    HTML = "html"  # recognised in order to be refused by name, as the two below
    JSON = "json"
    BINARY = "binary"


class Extent(IntEnum):
    """What a rule for a name covers. PAIR is how two rules on adjacent lines are stored; no line says it."""

    EXACT = 0  # that very name
    SUBTREE = 1  # the name and everything below it
    BELOW = 2  # everything below the name, not the name
    PAIR = 3  # EXACT on the line that is told, BELOW on the next one


class Plain(NamedTuple):
    """A rule for one name without conditions: what nearly every line of every list is."""

    name: names.Name
    extent: Extent
    allow: bool = False
    important: bool = False


class Side(NamedTuple):
    """A rule that needs more than a look-up: a pattern, or a name with conditions.

    `text` is the rule in its canonical form (adblock.read gives the same rule for it again). It is found by `name`,
    or for a pattern (`name` None) by one of its `grams`, texts of three characters that every matching name contains.
    """

    text: str
    name: names.Name | None
    grams: tuple[str, ...] = ()


class Reject(StrEnum):
    """Why a line is no rule. REJECT_WORDS explains each."""

    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    NOT_THIS_FORMAT = "not_this_format"
    NOT_A_NAME = "not_a_name"
    TOO_WIDE = "too_wide"
    LOCAL_NAME = "local_name"
    REDIRECT = "redirect"
    DUPLICATE = "duplicate"
    SETTING = "setting"
    NOT_BY_NAME = "not_by_name"
    COSMETIC = "cosmetic"
    URL = "url"
    MODIFIER = "modifier"
    MODIFIER_VALUE = "modifier_value"
    REGEX = "regex"
    REGEX_SIZE = "regex_size"
    TOO_MANY = "too_many"
    NOT_PLAIN = "not_plain"


REJECT_WORDS: Mapping[Reject, str] = MappingProxyType(
    {
        Reject.NOT_TEXT: "not UTF-8 text",
        Reject.TOO_LONG: "longer than a line of a list can be",
        Reject.NOT_THIS_FORMAT: "not written in the format of the list's other lines",
        Reject.NOT_A_NAME: "what stands where the name should be is none (an address, a forbidden character, too long)",
        Reject.TOO_WIDE: "covers a whole top-level domain, or ordinary names at random",
        Reject.LOCAL_NAME: "localhost and kin, part of every hosts file",
        Reject.REDIRECT: "sends the name to another address or name: a list may block or allow, never redirect",
        Reject.DUPLICATE: "the same list says the same, or more, on another line",
        Reject.SETTING: "a setting of the program the list was written for, not a rule about a name",
        Reject.NOT_BY_NAME: "decides by the address in the answer, the client or the name server, not by the name",
        Reject.COSMETIC: "hides a part of a web page: a matter for browsers, invisible to DNS",
        Reject.URL: "is about a part of a web address (path, port, scheme), of which DNS sees only the name",
        Reject.MODIFIER: "has a modifier that DNS cannot honour; without it the rule would block more than it says",
        Reject.MODIFIER_VALUE: "a modifier's value cannot be read",
        Reject.REGEX: "a broken regular expression, or one that can take endless time (back-references, look-around)",
        Reject.REGEX_SIZE: "the pattern is larger than a pattern about names has to be",
        Reject.TOO_MANY: "beyond the number of rules of its kind that a list may have",
        Reject.NOT_PLAIN: "a pattern or a rule with conditions, which only the compiled file of several lists can hold",
    }
)

Parsed = list[Plain] | list[Side] | Reject
LineParser = Callable[[str], Parsed]
NOTHING: list[Plain] = []  # a comment, a header: neither a rule nor a reject


class ListRefusedError(ValueError):
    """The whole list is refused: unknown or unread format, nothing in it, or too much. The message says which."""


def plain(host: str, extent: Extent, *, allow: bool = False) -> Parsed:
    """The rule for a name as a list spells it: in any case, IDN or ASCII, with or without the final dot."""
    name = listed_name(host)
    return name if isinstance(name, Reject) else [Plain(name, extent, allow)]


def listed_name(host: str) -> names.Name | Reject:
    """The name, unless it is none or a whole top-level domain."""
    try:
        name = names.from_text(host)
    except names.BadNameError:
        return Reject.NOT_A_NAME
    return Reject.TOO_WIDE if name[name[0] + 1] == 0 else name
