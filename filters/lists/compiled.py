"""A block list compiled: a sorted array of 64-bit keyed hashes beside an array of line numbers.

12 octets a rule, nothing else: a million names take 12 MB where a Python set takes 147. The hash is keyed (BLAKE2b,
RFC 7693) with a key the publisher of a list cannot know, so nobody can craft a name that collides with another; by
chance one look-up in 10^13 hits a list of a million names wrongly. Immutable once built, so a swap is one assignment.

May live here: building and looking up. May not: line formats (formats.py), files, what a hit means (dns_policy.py).
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, islice

from filters import names
from filters.lists.formats import PARSERS, Format, Parsed, Reject, detect, parse_line

SAMPLE_LINES = 400  # lines read before the format is decided; headers of real lists have up to 60 comment lines
SAMPLES_A_REJECT = 5
SAMPLE_TEXT = 80  # characters of a rejected line that are kept
MAX_RULES = 4_000_000
_EXACT = 1 << 31  # in a line number: the rule means that very name only


class ListRefusedError(ValueError):
    """The whole list is refused: unknown or unread format, nothing in it, or too much. The message says which."""


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """`text` is ASCII, escaped and cut: safe to show."""

    line: int
    reason: Reject
    text: str


@dataclass(frozen=True, slots=True)
class CompiledList:
    """One list, ready to be asked. `rejects` counts lines by reason, `samples` shows the first few of each."""

    name: str
    format: Format
    rejects: Mapping[Reject, int]
    samples: tuple[RejectedLine, ...]
    _hashes: "array[int]"
    _lines: "array[int]"

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, keys: Sequence[int]) -> tuple[int, int] | None:
        """Look a name up by its `suffix_keys`: (which suffix is listed, counted from the name itself, its line)."""
        hashes, lines, size = self._hashes, self._lines, len(self._hashes)
        for depth, key in enumerate(keys):
            at = bisect_left(hashes, key)
            if at < size and hashes[at] == key:
                line = lines[at]
                if depth == 0 or not line & _EXACT:
                    return depth, line & ~_EXACT
        return None


def suffix_keys(name: names.Name, key: bytes) -> list[int]:
    """The hashes of the name and of each parent: made once, asked of every list that shares the key."""
    return [_hash(suffix, key) for suffix in names.suffixes(name)]


def compile_list(name: str, lines: Iterable[bytes], key: bytes) -> CompiledList:
    """Read a list whose format shows in its content. `key`: 1 to 64 octets, the same for all lists asked together.

    Raises ListRefusedError when no line is a rule, when the format is one we do not read, or beyond MAX_RULES.
    """
    rest = iter(lines)
    head = list(islice(rest, SAMPLE_LINES))
    found = detect(head)
    parser = PARSERS.get(found) if found else None
    if found is None or parser is None:
        raise ListRefusedError(_why_unread(found))
    builder = _Builder(key)
    for number, line in enumerate(chain(head, rest), 1):
        builder.take(number, line, parse_line(line, parser))
    return builder.finish(name, found)


class _Builder:
    """Collects rules as integers that sort by hash, then subtree before exact, then line."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._rules: list[int] = []
        self._rejects: Counter[Reject] = Counter()
        self._samples: list[RejectedLine] = []

    def take(self, number: int, line: bytes, parsed: Parsed) -> None:
        if isinstance(parsed, Reject):
            self._reject(number, parsed, _shown(line))
            return
        for rule in parsed:
            self._rules.append(_hash(rule.name, self._key) << 32 | (0 if rule.subtree else _EXACT) | number)
        if len(self._rules) > MAX_RULES or number >= _EXACT:
            raise ListRefusedError(f"more than {MAX_RULES} rules: split the list or choose a smaller one")

    def finish(self, name: str, found: Format) -> CompiledList:
        hashes, lines = array("Q"), array("I")
        self._rules.sort()
        for value, number in self._merged():
            hashes.append(value)
            lines.append(number)
        if not hashes:
            raise ListRefusedError(f"not one of its lines is a rule of the {found} format")
        return CompiledList(name, found, dict(self._rejects), tuple(self._samples), hashes, lines)

    def _merged(self) -> Iterator[tuple[int, int]]:
        last = -1
        for packed in self._rules:
            value, number = packed >> 32, packed & 0xFFFFFFFF
            if value == last:
                self._reject(number & ~_EXACT, Reject.DUPLICATE, "")
                continue
            last = value
            yield value, number

    def _reject(self, number: int, reason: Reject, text: str) -> None:
        self._rejects[reason] += 1
        if self._rejects[reason] <= SAMPLES_A_REJECT:
            self._samples.append(RejectedLine(number, reason, text))


def _hash(name: names.Name, key: bytes) -> int:
    return int.from_bytes(blake2b(name, digest_size=8, key=key).digest(), "little")


def _shown(line: bytes) -> str:
    text = line[: SAMPLE_TEXT * 4].decode("utf-8", "replace").strip()
    return ascii(text)[1:-1][:SAMPLE_TEXT]


def _why_unread(found: Format | None) -> str:
    if found is None:
        return "no line of its beginning is a rule of a known format (hosts, domains)"
    if found is Format.HTML:
        return "it is a web page, not a list: the address it came from shows an error or a login"
    return f"the {found} format is not read yet: take the publisher's hosts or domains variant"
