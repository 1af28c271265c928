"""Matching a pattern against a name in linear time: a Glushkov automaton whose states are integers of bits.

Position i of the pattern is bit i; a state is the set of positions that may have matched the last character. A step is
one `and`, and the union of followers it needs is remembered by state, which makes it a table look-up for the names
that really come. No input makes it backtrack: at most positions times characters of work, charged to a Budget.
(V. M. Glushkov, "The abstract theory of automata", 1961; lazy states as in RE2.)

May live here: building and running. May not: notation, what a match means.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from filters.lists.pattern import ALPHABET, END, START, Alt, Cat, Chars, Node, Repeat

MAX_REMEMBERED = 128  # states an automaton keeps; real names visit a handful
_Built = tuple[bool, int, int]  # of a part: whether it matches nothing too, its first positions, its last positions


@dataclass(slots=True)
class Budget:
    """Steps that may still be spent on one look-up; about 0.1 µs each."""

    left: int


class Automaton:
    """`search(text, budget)`: does the pattern match somewhere in START + name + END? `steps`: what building took."""

    __slots__ = ("_anchored", "_chars", "_first", "_follow", "_last", "_nullable", "_reach", "steps")

    def __init__(self, node: Node) -> None:
        building = _Building()
        self._nullable, self._first, self._last = building.build(node)
        self._follow = building.follow
        self._chars = dict.fromkeys((START, END, *ALPHABET), 0)
        for chars, bits in building.sets.items():
            for char in chars:
                self._chars[char] |= bits
        self.steps = building.steps + sum(map(len, building.sets))
        elsewhere = _union(bits for char, bits in self._chars.items() if char != START)
        self._anchored = not self._first & elsewhere
        self._reach: dict[int, int] = {}

    def search(self, text: str, budget: Budget) -> bool:
        """False also once the budget is spent: the caller looks at it."""
        if self._nullable or budget.left <= 0:
            return self._nullable
        budget.left -= len(text)
        state, last, anchored, known, chars = 0, self._last, self._anchored, self._reach, self._chars
        for char in text:
            reach = known.get(state)
            if reach is None:
                reach = self._reached(state, budget)
            state = reach & chars.get(char, 0)
            if state & last:
                return True
            if anchored and not state:
                return False
        return False

    def _reached(self, state: int, budget: Budget) -> int:
        """Where the next character may stand: what follows the state's positions, or a new beginning."""
        reach, rest = self._first, state
        while rest:
            low = rest & -rest
            reach |= self._follow[low.bit_length() - 1]
            rest ^= low
            budget.left -= 1
        if len(self._reach) < MAX_REMEMBERED:
            self._reach[state] = reach
        return reach


class _Building:
    """Numbers the positions of a pattern from the left. Every position is linked once a level, so work stays linear."""

    def __init__(self) -> None:
        self.follow: list[int] = []
        self.sets: dict[frozenset[str], int] = {}
        self.steps = 0

    def build(self, node: Node) -> _Built:
        self.steps += 1
        if isinstance(node, Chars):
            return self._position(node)
        if isinstance(node, Alt):
            built = [self.build(part) for part in node.parts]
            return any(b[0] for b in built), _union(b[1] for b in built), _union(b[2] for b in built)
        if isinstance(node, Cat):
            return self._sequence([self.build(part) for part in node.parts])
        return self._repeat(node)

    def _position(self, node: Chars) -> _Built:
        bit = 1 << len(self.follow)
        self.follow.append(0)
        self.sets[node.chars] = self.sets.get(node.chars, 0) | bit
        return False, bit, bit

    def _sequence(self, parts: list[_Built]) -> _Built:
        """From the right: what may follow a part is known when the part is met."""
        nullable, first, last = True, 0, 0
        for null, part_first, part_last in reversed(parts):
            self._link(part_last, first)
            first = part_first | first if null else part_first
            if nullable:
                last |= part_last
            nullable = nullable and null
        return nullable, first, last

    def _repeat(self, node: Repeat) -> _Built:
        """Copies in a row, entered at the first and left wherever enough were taken: none is ever jumped over.

        A part that also matches nothing need not be there at all, however often it is asked for.
        """
        copies = max(node.least, 1) if node.most is None else node.most
        built = [self.build(node.part) for _ in range(copies)]
        if not built:
            return True, 0, 0
        for (_, _, last), (_, first, _) in pairwise(built):
            self._link(last, first)
        null, first, last = built[-1]
        if node.most is None:
            self._link(last, first)
        least = 0 if null else node.least
        return not least, built[0][1], _union(one[2] for one in built[max(least, 1) - 1 :])

    def _link(self, positions: int, followers: int) -> None:
        while positions and followers:
            low = positions & -positions
            self.follow[low.bit_length() - 1] |= followers
            positions ^= low
            self.steps += 1


def _union(sets: Iterable[int]) -> int:
    union = 0
    for one in sets:
        union |= one
    return union
