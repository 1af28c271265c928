"""Matching a pattern against a name in linear time: a Glushkov automaton whose states are integers of bits.

Position i of the pattern is bit i; a state is the set of positions that may have matched the last character. A step is
one `and`, and the union of followers it needs is remembered by state, which makes it a table look-up for the names
that really come. No input makes it backtrack: at most positions times characters of work, charged to a Budget.
(V. M. Glushkov, "The abstract theory of automata", 1961; lazy states as in RE2.)

May live here: building and running. May not: notation, what a match means.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from filters.lists.pattern import ALPHABET, END, START, Alt, Cat, Chars, Node

MAX_REMEMBERED = 500  # states an automaton keeps; real names visit a handful


@dataclass(slots=True)
class Budget:
    """Steps that may still be spent on one look-up; about 0.1 µs each."""

    left: int


class Automaton:
    """`search(text, budget)`: does the pattern match somewhere in START + name + END?"""

    __slots__ = ("_anchored", "_chars", "_first", "_follow", "_last", "_nullable", "_reach")

    def __init__(self, node: Node) -> None:
        self._follow: list[int] = []
        self._chars = dict.fromkeys((START, END, *ALPHABET), 0)
        self._nullable, self._first, self._last = self._build(node)
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

    def _build(self, node: Node) -> tuple[bool, int, int]:
        """Number the positions of a part: (matches nothing too, first positions, last positions)."""
        if isinstance(node, Chars):
            return self._position(node)
        if isinstance(node, Alt):
            built = [self._build(part) for part in node.parts]
            return any(b[0] for b in built), _union(b[1] for b in built), _union(b[2] for b in built)
        if isinstance(node, Cat):
            return self._sequence([self._build(part) for part in node.parts])
        copies = max(node.least, 1) if node.most is None else node.most
        built = [self._build(node.part) for _ in range(copies)]
        if node.most is None:
            self._link(built[-1][2], built[-1][1])
        return self._sequence([(null or at >= node.least, f, e) for at, (null, f, e) in enumerate(built)])

    def _position(self, node: Chars) -> tuple[bool, int, int]:
        bit = 1 << len(self._follow)
        self._follow.append(0)
        for char in node.chars:
            self._chars[char] |= bit
        return False, bit, bit

    def _sequence(self, parts: list[tuple[bool, int, int]]) -> tuple[bool, int, int]:
        nullable, first, last = True, 0, 0
        for null, part_first, part_last in parts:
            self._link(last, part_first)
            if nullable:
                first |= part_first
            last = last | part_last if null else part_last
            nullable = nullable and null
        return nullable, first, last

    def _link(self, positions: int, followers: int) -> None:
        while positions:
            low = positions & -positions
            self._follow[low.bit_length() - 1] |= followers
            positions ^= low


def _union(sets: Iterable[int]) -> int:
    union = 0
    for one in sets:
        union |= one
    return union
