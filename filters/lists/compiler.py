"""Several lists -> one immutable file: `add` each, then `finish`.

A rule for a name is 12 octets from the moment it is read: its hash and its place, in one of 256 shares by the hash's
first octet. Shares are sorted and freed of duplicates one after the other, so a list of 100 MB (five million names)
takes some 65 MB beside its source, which is a stream.

May live here: collecting. May not: lines (reading.py), duplicates (merge.py), the file's form (layout.py).
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from filters.lists import layout
from filters.lists.grams import GramChoice
from filters.lists.keys import hasher
from filters.lists.layout import FILTER_BITS, LINE_BITS, MAX_LISTS, SIDE, packed
from filters.lists.merge import merged
from filters.lists.reading import read_list
from filters.lists.report import MAX_ID, ListReport, Rejects
from filters.lists.rules import Format, ListRefusedError, Parsed, Plain, Reject, Side

MAX_RULES = 8_000_000  # in one file
MAX_SIDE = 100_000  # patterns and rules with conditions, in one file
MAX_SIDE_TEXT = 8 << 20  # octets of theirs
MAX_PATTERNS = 10_000  # in one file
MAX_UNINDEXED = 64  # patterns of a list that must be tried for every name
MAX_SAME = 32  # rules with conditions that a list may have for one name
SHARES = 256
SAMPLE_STEP = 32  # of so many names one teaches which grams are common


@dataclass(slots=True)
class _Taken:
    """A list while it is read; `base`: its line n is the file's line base + n."""

    name: str
    format: Format
    base: int
    lines: int = 0
    rules: int = 0
    unindexed: int = 0
    rejects: Rejects = field(default_factory=Rejects)
    texts: set[str] = field(default_factory=set)
    same: Counter[bytes] = field(default_factory=Counter)

    def report(self) -> ListReport:
        return ListReport(
            self.name, self.format, self.lines, self.rules, dict(self.rejects.counts), self.rejects.samples()
        )


@dataclass(frozen=True, slots=True)
class Compiled:
    """The file: its `pieces`, to be written one after the other into a new file that then takes the old one's name."""

    reports: tuple[ListReport, ...]
    pieces: Sequence[memoryview]

    @property
    def size(self) -> int:
        return sum(piece.nbytes for piece in self.pieces)


class ListCompiler:
    """`key`: 1 to 64 octets nobody outside knows. `plain_only`: patterns and rules with conditions are rejects."""

    def __init__(self, key: bytes, *, plain_only: bool = False) -> None:
        self._key, self._hasher, self._plain_only = key, hasher(key), plain_only
        self._lists: list[_Taken] = []
        self._hashes = [array("Q") for _ in range(SHARES)]
        self._places = [array("I") for _ in range(SHARES)]
        self._side, self._patterns, self._text = array("I"), array("I"), bytearray()
        self._pattern_grams: list[tuple[str, ...]] = []
        self._grams = GramChoice()
        self._lines = self._rules = 0

    def add(self, name: str, lines: Iterable[bytes]) -> None:
        """Read a list. Raises ListRefusedError, after which the compiler is as if it had not been asked.

        Refused: what is no list, a list without one rule, and what makes the file larger than its bounds.
        """
        if len(self._lists) >= MAX_LISTS or len(name) > MAX_ID or any(one.name == name for one in self._lists):
            raise ListRefusedError(f"a file holds at most {MAX_LISTS} lists of different names")
        sizes = [len(share) for share in self._hashes], len(self._side), len(self._patterns), len(self._text)
        try:
            taken = self._read(name, lines)
        except ListRefusedError:
            self._undo(*sizes)
            raise
        self._lists.append(taken)
        self._lines += taken.lines
        self._rules += taken.rules

    def finish(self) -> Compiled:
        """The file of all lists added; the compiler is used up."""
        bits = layout.index_bits(self._rules)
        bloom, index = self._sort(bits)
        self._choose_grams()
        reports = tuple(one.report() for one in self._lists)
        names = [[memoryview(share) for share in shares] for shares in (self._hashes, self._places)]
        rest = [[memoryview(part)] for part in (self._side, self._patterns, self._text)]
        parts = [[memoryview(bloom)], [memoryview(index)], *names, *rest]
        return Compiled(reports, layout.write(reports, parts, self._key))

    def _sort(self, bits: int) -> tuple[bytearray, "array[int]"]:
        """Sort every share, without duplicates; the filter and the index over all of them."""
        bloom, bloom_shift = bytearray(1 << bits + FILTER_BITS), 64 - bits - FILTER_BITS
        index, kept, each = array("I"), 0, 1 << bits - 8
        for share in range(SHARES):
            hashes, places = merged(self._hashes[share], self._places[share], self._list_of, self._drop)
            self._hashes[share], self._places[share] = hashes, places
            first = share * each
            index.extend(kept + bisect_left(hashes, bucket << 64 - bits) for bucket in range(first, first + each))
            kept += len(hashes)
            for value in hashes:
                bloom[value >> bloom_shift] |= 1 << (value & 7)
        index.append(kept)
        return bloom, index

    def _choose_grams(self) -> None:
        """Of each pattern, now that all names were seen; one that finds none free is a reject."""
        kept = array("I")
        for at in range(0, len(self._patterns), 2):
            number = self._patterns[at]
            gram = self._grams.choose(self._pattern_grams[self._patterns[at + 1]])
            if gram is None:
                line, begin, length = self._side[3 * number : 3 * number + 3]
                self._drop(line, Reject.TOO_MANY, bytes(self._text[begin : begin + length]))
            else:
                kept.extend((number, int.from_bytes(gram.encode())))
        self._patterns = kept

    def _read(self, name: str, lines: Iterable[bytes]) -> _Taken:
        found, parsed_lines = read_list(lines)
        taken = _Taken(name, found, self._lines)
        for number, line, parsed in parsed_lines:
            taken.lines = number
            if parsed:
                self._take(taken, line, parsed)
            if self._rules + taken.rules > MAX_RULES or self._lines + number >> LINE_BITS:
                raise ListRefusedError(f"more than {MAX_RULES} rules together: choose fewer or smaller lists")
        if not taken.rules:
            raise ListRefusedError(f"not one of its lines is a rule of the {found} format that can be kept")
        return taken

    def _take(self, taken: _Taken, line: bytes, parsed: Parsed) -> None:
        if isinstance(parsed, Reject):
            taken.rejects.add(taken.lines, parsed, line)
            return
        at = taken.base + taken.lines
        for rule in parsed:
            if isinstance(rule, Plain):
                self._keep(rule.name, packed(rule, at))
                if taken.rules % SAMPLE_STEP == 0:
                    self._grams.see(rule.name)
                taken.rules += 1
            elif reason := self._refused(taken, rule):
                taken.rejects.add(taken.lines, reason, line)
            else:
                self._keep_side(taken, rule, at)

    def _keep(self, name: bytes, place: int) -> None:
        value = self._hasher.one(name)
        self._hashes[value >> 56].append(value)
        self._places[value >> 56].append(place)

    def _refused(self, taken: _Taken, rule: Side) -> Reject | None:
        """Why a side rule is not kept."""
        if self._plain_only:
            return Reject.NOT_PLAIN
        if rule.text in taken.texts:
            return Reject.DUPLICATE
        full = len(self._side) // 3 >= MAX_SIDE or len(self._text) + len(rule.text) * 4 > MAX_SIDE_TEXT
        if rule.name is not None:
            return Reject.TOO_MANY if full or taken.same[rule.name] >= MAX_SAME else None
        full = full or len(self._patterns) // 2 >= MAX_PATTERNS
        return Reject.TOO_MANY if full or (not rule.grams and taken.unindexed >= MAX_UNINDEXED) else None

    def _keep_side(self, taken: _Taken, rule: Side, at: int) -> None:
        number, text = len(self._side) // 3, rule.text.encode()
        self._side.extend((at, len(self._text), len(text)))
        self._text += text
        taken.texts.add(rule.text)
        taken.rules += 1
        if rule.name is not None:
            taken.same[rule.name] += 1
            self._keep(rule.name, SIDE | number)
            return
        taken.unindexed += not rule.grams
        self._patterns.extend((number, len(self._pattern_grams)))  # the gram is chosen later
        self._pattern_grams.append(rule.grams)

    def _list_of(self, line: int) -> int:
        return bisect_left(self._lists, line, key=lambda one: one.base) - 1

    def _drop(self, line: int, reason: Reject = Reject.DUPLICATE, text: bytes = b"") -> None:
        """A line turned out to be one too many, or to say what another says."""
        taken = self._lists[self._list_of(line)]
        taken.rules -= 1
        taken.rejects.add(line - taken.base, reason, text)

    def _undo(self, shares: list[int], side: int, patterns: int, text: int) -> None:
        for share, size in enumerate(shares):
            del self._hashes[share][size:]
            del self._places[share][size:]
        del self._side[side:], self._patterns[patterns:], self._text[text:], self._pattern_grams[patterns // 2 :]
