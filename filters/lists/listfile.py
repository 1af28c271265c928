"""Looking names up in a compiled file, where it is mapped.

    file = ListFile(memoryview(mapped), key)
    mask = file.select(("malware", "ads"))           # the lists that apply to a client: once a zone
    found = file.find(name, Asker(qtype=1), mask)    # found.match: the rule that decides, or None

A look-up never raises and never takes longer than its budget, whatever the file says: STEPS and one rule more, reading
and building of what it meets included. When they end, the rules not yet asked do not count (names stay reachable: a
hostile list can only weaken itself), the finding is `cut` and so kept for nobody, and `cuts` counts it; what was built
stays, so ordinary lists that were met cold are asked whole the next time. The octets must not change while
they are mapped: a file is replaced by renaming, never written to. Opening reads the whole file (40 ms for a million
names), nearly all of it in the checksum, which lets other threads run: open in one, then swap.

May live here: look-ups. May not: the file's form (layout.py), which rule wins (judge.py).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from filters import names
from filters.lists import layout
from filters.lists.automaton import Budget
from filters.lists.conditions import Asker
from filters.lists.judge import CLOSEST_COUNTS, PATTERN_DEPTH, Match, decide
from filters.lists.keys import DROPPED, MASKS, hasher
from filters.lists.layout import ALLOW, EXTENT_SHIFT, FILTER_BITS, IMPORTANT, LINE_MASK, SIDE
from filters.lists.report import ListReport, safe
from filters.lists.rules import Extent
from filters.lists.side import SideRules, as_text

ALL = -1  # a mask: every list
STEPS = 60_000  # of reading, building and matching for one look-up: some milliseconds at the very worst
ANYBODY = Asker()
_EXACT, _BELOW, _PAIR = Extent.EXACT.value, Extent.BELOW.value, Extent.PAIR.value
_EXTENTS = tuple(Extent)  # by their values


class Finding(NamedTuple):
    """`match`: the rule that decides, None: nothing is listed.

    `personal`: another client of the same zone might get another answer, so the answer must not be kept for the zone.
    `cut`: the budget ended, some rules were not asked; `personal` then too, for the next look-up may find more.
    """

    match: Match | None = None
    personal: bool = False
    cut: bool = False


NOTHING = Finding()


class ListFile:
    """One file, mapped. Immutable: a swap is one assignment, and the mapping goes with the last reference."""

    def __init__(self, data: memoryview, key: bytes) -> None:
        """Check the whole file. Raises ListFileError."""
        parts = layout.read(data.cast("B"), key)
        self.reports: tuple[ListReport, ...] = parts.reports
        self._parts, self._hasher, self._shift = parts, hasher(key), parts.shift
        self._filter, self._index, self._hashes, self._places = parts.filter, parts.index, parts.hashes, parts.places
        self._ends = [sum(one.lines for one in parts.reports[: at + 1]) for at in range(len(parts.reports))]
        self._origins = [
            (one.name, end - one.lines, one.format in CLOSEST_COUNTS)
            for one, end in zip(parts.reports, self._ends, strict=True)
        ]
        self.side = SideRules(parts)
        self.cuts = 0  # look-ups whose budget ended

    def __len__(self) -> int:
        """Rules of all lists."""
        return sum(one.rules for one in self.reports)

    def select(self, lists: Iterable[str]) -> int:
        """The mask of the lists with these names; the others are left out."""
        wanted = frozenset(lists)
        return sum(1 << at for at, one in enumerate(self.reports) if one.name in wanted)

    def find(self, name: names.Name, asker: Asker = ANYBODY, mask: int = ALL) -> Finding:
        """What the selected lists say to a question."""
        places = self._places_of(name)
        patterns = self.side.candidates(name) if self.side.have_patterns else ()
        if not patterns:
            if not places:
                return NOTHING
            if len(places) == 1 and not places[0][2] & SIDE:
                match = self.plain_match(name, places[0], mask)
                return NOTHING if match is None else Finding(match)
        search = _Search(self, name, asker, mask)
        search.look(places, patterns)
        if not (search.matches or search.personal or search.cut):
            return NOTHING
        self.cuts += search.cut
        return Finding(decide(search.matches), search.personal or search.cut, search.cut)

    def matches(self, name: names.Name, asker: Asker = ANYBODY, mask: int = ALL) -> tuple[Match, ...]:
        """Every rule of the selected lists that applies, for whoever wants to know all of them."""
        search = _Search(self, name, asker, mask)
        search.look(self._places_of(name), self.side.candidates(name))
        return tuple(search.matches)

    def at(self, value: int) -> list[int]:
        """The places of one hash."""
        bucket = value >> self._shift
        low, high = self._index[bucket], self._index[bucket + 1]
        low = bisect_left(self._hashes, value, low, high)
        return [self._places[at] for at in range(low, bisect_right(self._hashes, value, low, high))]

    def plain_match(self, name: names.Name, met: "Met", mask: int) -> Match | None:
        """The rule a place without conditions stands for, when it covers the name and its list is selected."""
        depth, size, place = met
        extent, line = place >> EXTENT_SHIFT & 3, place & LINE_MASK
        if extent == _PAIR:
            extent, line = (_BELOW, line + 1) if depth else (_EXACT, line)
        if extent == (_EXACT if depth else _BELOW):
            return None
        origin = self.origin(line, mask)
        if origin is None:
            return None
        source, line, closest = origin
        allow, important = place & ALLOW != 0, place & IMPORTANT != 0
        return Match(source, line, name[-size:], depth, _EXTENTS[extent], allow, important, closest)

    def origin(self, line: int, mask: int) -> tuple[str, int, bool] | None:
        """Of a line of all lists: its list, the line there, and whether the closest name counts in it (judge.py).

        None when the list is not selected.
        """
        at = bisect_left(self._ends, line)
        if line < 1 or at >= len(self._ends) or not mask >> at & 1:
            return None
        name, base, closest = self._origins[at]
        return name, line - base, closest

    def _places_of(self, name: names.Name) -> list["Met"]:
        """What stands for the name and its parents, but not for the top-level domain: no list may have a rule for one.

        The one loop that every question runs through.
        """
        prime, factor, _ = self._hasher
        bits, index, hashes, places, shift = self._filter, self._index, self._hashes, self._places, self._shift
        filter_shift = shift - FILTER_BITS
        whole, size = int.from_bytes(name), len(name)
        met: list[Met] = []
        if size == 1:
            return met
        at = depth = 0
        following = 1 + name[0]
        while length := name[following]:
            value = (whole & MASKS[size - at]) * factor % prime >> DROPPED
            if bits[value >> filter_shift] >> (value & 7) & 1:
                bucket = value >> shift
                high = index[bucket + 1]
                low = bisect_left(hashes, value, index[bucket], high)
                while low < high and hashes[low] == value:
                    met.append((depth, size - at, places[low]))
                    low += 1
            at = following
            following += 1 + length
            depth += 1
        return met


Met = tuple[int, int, int]  # the depth and the octets of a suffix, a place that stands for it


class _Search:
    """One look-up behind the hashes: which of the rules that were met apply, as Matches."""

    def __init__(self, file: ListFile, name: names.Name, asker: Asker, mask: int) -> None:
        self._file, self._name, self._asker, self._mask = file, name, asker, mask
        self.matches: list[Match] = []
        self.personal = self.cut = False
        self._budget = Budget(STEPS)

    def look(self, places: Sequence[Met], patterns: Sequence[int]) -> None:
        for met in places:
            depth, size, place = met
            if place & SIDE:
                self._side_rule(place & LINE_MASK, self._name[-size:], depth)
            elif match := self._file.plain_match(self._name, met, self._mask):
                self.matches.append(match)
        if patterns:
            self._try(patterns)
        self.cut = self._budget.left <= 0

    def _try(self, patterns: Sequence[int]) -> None:
        text, budget, side = as_text(self._name), self._budget, self._file.side
        for number in patterns:
            if budget.left <= 0:
                return
            if self._origin(number) is not None and side.fits(number, text, budget):
                self._side_rule(number, b"", PATTERN_DEPTH)

    def _side_rule(self, number: int, listed: names.Name, depth: int) -> None:
        origin = self._origin(number)
        rule = None if origin is None else self._file.side.rule(number, self._budget)
        if origin is None or rule is None or (rule.pattern.name or b"") != listed:
            return
        extent, conditions = rule.pattern.extent, rule.modifiers.conditions
        if listed and extent == (_EXACT if depth else _BELOW):
            return
        self.personal = self.personal or conditions.personal
        if conditions.hold(self._name, self._asker):
            source, line, closest = origin
            match = Match(
                source, line, listed, depth, extent, rule.allow, rule.modifiers.important,
                closest, safe(rule.text), conditions.rewrite,
                safe(rule.effect) if rule.modifiers.badfilter else None,
            )  # fmt: skip
            self.matches.append(match)

    def _origin(self, number: int) -> tuple[str, int, bool] | None:
        line = self._file.side.line(number)
        return None if line is None else self._file.origin(line, self._mask)
