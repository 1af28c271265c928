"""Which format a text is in, told by its content: names of files and addresses lie, lines do not.

Every line of a sample votes for the format its shape belongs to. Adblock lists may hold plain names and hosts lines
too, so a tenth of the votes is enough for that format; otherwise the majority decides.

May live here: shapes of lines. May not: what a line says (one module a format).
"""

import re
from collections import Counter
from collections.abc import Iterable

from filters.lists.hosts import is_address, parse_domains_line
from filters.lists.rules import Format

MAX_SHAPE = 4096  # octets of a line that are looked at
ADBLOCK_SHARE = 10  # one vote in so many
_PAGE = re.compile(rb"\s*<(!doctype|html|head|body|\?xml)", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\{\s*("|\}|$)|\[\s*[\[{"])')
_BINARY = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh", b"\xff\xfe", b"\xfe\xff")
_SHAPES: tuple[tuple[Format, re.Pattern[bytes]], ...] = (
    (Format.ADBLOCK, re.compile(rb"\|\||@@|\[Adblock|/.*/(\$|$)|\|[^|\s]+[\^|]|[^\s,]*\^(\$|$)|.*##", re.IGNORECASE)),
    (Format.DNSMASQ, re.compile(rb"(--)?(address|server|local)\s*=\s*/")),
    (Format.UNBOUND, re.compile(rb"(local-zone|local-data|server):")),
    (Format.RPZ, re.compile(rb"\$(TTL|ORIGIN)\b|(\S*\s+)(\d+\s+)?(IN\s+)?(CNAME|SOA)\s", re.IGNORECASE)),
)


def detect(sample: Iterable[bytes]) -> Format | None:
    """The format most of the `sample` lines are in; None when no line is in any."""
    votes: Counter[Format] = Counter()
    for line in sample:
        found = _foreign(line) if not votes else None
        if found is not None:
            return found
        voted = _format_of(line[:MAX_SHAPE])
        if voted is not None:
            votes[voted] += 1
    if not votes:
        return None
    if votes[Format.ADBLOCK] * ADBLOCK_SHARE >= votes.total():
        return Format.ADBLOCK
    return votes.most_common(1)[0][0]


def _foreign(line: bytes) -> Format | None:
    """What is no list at all shows before the first line that could be one's."""
    if line.startswith(_BINARY) or b"\0" in line[:MAX_SHAPE]:
        return Format.BINARY
    if _PAGE.match(line):
        return Format.HTML
    return Format.JSON if _JSON.match(line) else None


def _format_of(line: bytes) -> Format | None:
    """The format one line is in, by its shape alone; None for comments and what fits nothing."""
    line = line.strip().removeprefix(b"\xef\xbb\xbf")
    if not line or (line[:1] in b"#!;" and not line.startswith(b"##.")):
        return None
    for found, shape in _SHAPES:
        if shape.match(line):
            return found
    text = line.decode("utf-8", "replace")
    if line.startswith(b"*."):
        return Format.WILDCARD if isinstance(parse_domains_line(text), list) else None
    if isinstance(parse_domains_line(text), list):
        return Format.DOMAINS
    words = text.split(maxsplit=2)
    return Format.HOSTS if len(words) > 1 and is_address(words[0]) else None
