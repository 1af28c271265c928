"""A list as a stream: octets -> lines of bounded length -> each line's rules or its reject, numbered from 1.

Nothing is kept but the sample the format is told from, so a list may be as large as its source.

May live here: cutting lines, decoding, choosing the format's parser. May not: formats, keeping rules.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from types import MappingProxyType

from filters.lists import adblock, dnsmasq
from filters.lists.detect import detect
from filters.lists.hosts import parse_domains_line, parse_hosts_line
from filters.lists.rpz import RpzParser
from filters.lists.rules import NOTHING, Format, LineParser, ListRefusedError, Parsed, Reject
from filters.lists.unbound import UnboundParser

SAMPLE_LINES = 1000  # read before the format is decided; headers of real lists have up to 60 comment lines
MAX_LINE = 4096  # octets; a longer line is rejected unread
_BOM = b"\xef\xbb\xbf"

# A fresh parser for each list: two of the formats remember what stood before.
PARSERS: MappingProxyType[Format, Callable[[], LineParser]] = MappingProxyType(
    {
        Format.HOSTS: lambda: parse_hosts_line,
        Format.DOMAINS: lambda: parse_domains_line,
        Format.WILDCARD: lambda: parse_domains_line,
        Format.ADBLOCK: lambda: adblock.parse_line,
        Format.DNSMASQ: lambda: dnsmasq.parse_line,
        Format.UNBOUND: lambda: UnboundParser().parse_line,
        Format.RPZ: lambda: RpzParser().parse_line,
    }
)
_NO_LIST = MappingProxyType(
    {
        Format.HTML: "it is a web page, not a list: the address it came from shows an error or a login",
        Format.JSON: "it is JSON, not a list of names: take the publisher's text variant",
        Format.BINARY: "it is not UTF-8 text: unpack it, or save it as UTF-8",
        None: "no line of its beginning is a rule of a known format (hosts, domains, wildcard, Adblock, dnsmasq,"
        " Unbound, RPZ)",
    }
)


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut chunks of any size into lines, without the end mark; what a line holds beyond MAX_LINE + 1 octets is dropped.

    For a source whose own lines may be endless: its memory is one chunk and one line.
    """
    rest = b""
    for chunk in chunks:
        *whole, tail = chunk.split(b"\n")
        for line in whole:
            yield rest + line[: MAX_LINE + 1 - len(rest)]
            rest = b""
        rest += tail[: MAX_LINE + 1 - len(rest)]
    if rest:
        yield rest


def read_list(lines: Iterable[bytes]) -> tuple[Format, Iterator[tuple[int, bytes, Parsed]]]:
    """The format, and every line as (number, octets, what it says). Raises ListRefusedError for what is no list."""
    rest = iter(lines)
    head = list(islice(rest, SAMPLE_LINES))
    found = detect(head)
    make_parser = PARSERS.get(found) if found is not None else None
    if found is None or make_parser is None:
        raise ListRefusedError(_NO_LIST[found])
    return found, _parsed(chain(head, rest), make_parser())


def parse_line(line: bytes, parser: LineParser) -> Parsed:
    """One line in a format; an empty list: a comment, nothing to read."""
    if len(line) > MAX_LINE:
        return NOTHING if line[:1] in b"#!;" else Reject.TOO_LONG
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return NOTHING if line[:1] in b"#!;" else Reject.NOT_TEXT
    return parser(text.rstrip("\r\n"))


def _parsed(lines: Iterable[bytes], parser: LineParser) -> Iterator[tuple[int, bytes, Parsed]]:
    for number, line in enumerate(lines, 1):
        line = line.removeprefix(_BOM) if number == 1 else line  # noqa: PLW2901 - the mark is no part of the line
        yield number, line, parse_line(line, parser)
