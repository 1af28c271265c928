"""The rules of a compiled file that need more than a hash: patterns, and names with conditions.

Their text stands in the file and is read again when one is met, so that a hundred thousand of them cost nothing until
then. A pattern is met through a gram, three characters every matching name contains; the few without one are tried for
every name. All work is charged to a Budget.

May live here: finding and reading these rules. May not: the file's form (layout.py), rules that are only hashes.
"""

from collections.abc import Callable
from functools import lru_cache, partial

from filters import names
from filters.lists import adblock
from filters.lists.automaton import Automaton, Budget
from filters.lists.layout import Parts
from filters.lists.pattern import END, GRAM, START
from filters.lists.rules import Reject

REMEMBERED_RULES = 1024
REMEMBERED_PATTERNS = 256
_PLAIN = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
_DOT = ord(".")


class SideRules:
    """`line(number)` and `rule(number)` of any number that a file may hold; None for one that makes no sense."""

    def __init__(self, parts: Parts) -> None:
        self._side = parts.side
        self._by_gram: dict[tuple[int, ...], list[int]] = {}
        self._always: list[int] = []
        for at in range(0, len(parts.patterns), 2):
            number, gram = parts.patterns[at], parts.patterns[at + 1]
            if gram:
                self._by_gram.setdefault(_gram(gram), []).append(number)
            else:
                self._always.append(number)
        self._grams = frozenset(self._by_gram)
        self.have_patterns = bool(self._by_gram or self._always)
        # Without `self` in them: a circle would keep the whole mapping until the next collection of garbage.
        self.rule = lru_cache(REMEMBERED_RULES)(partial(_read, parts.side, parts.text))
        self._automaton = lru_cache(REMEMBERED_PATTERNS)(partial(_build, self.rule))

    def line(self, number: int) -> int | None:
        """The line of all lists counted through."""
        return self._side[3 * number] if 3 * number < len(self._side) else None

    def candidates(self, name: names.Name) -> list[int]:
        """The patterns a name may match, as numbers."""
        met = self._grams.intersection(zip(name, name[1:], name[2:], strict=False))  # GRAM octets each
        if not met:
            return self._always
        return self._always + [number for gram in sorted(met) for number in self._by_gram[gram]]

    def fits(self, number: int, text: str, budget: Budget) -> bool:
        """Whether a pattern matches; False also once the budget is spent."""
        automaton = self._automaton(number)
        return automaton is not None and automaton.search(text, budget)


def _read(side: memoryview, text: memoryview, number: int) -> adblock.Rule | None:
    if 3 * number + 2 >= len(side):
        return None
    offset, length = side[3 * number + 1], side[3 * number + 2]
    rule = adblock.read(bytes(text[offset : offset + length]).decode("utf-8", "replace"))
    return None if isinstance(rule, Reject) else rule


def _build(read: Callable[[int], adblock.Rule | None], number: int) -> Automaton | None:
    rule = read(number)
    node = rule.pattern.node if rule is not None else None
    return None if node is None else Automaton(node)


def as_text(name: names.Name) -> str:
    """The name between START and END, as patterns see it."""
    octets, at, labels = bytearray(name), 0, 0
    while length := name[at]:
        octets[at] = _DOT
        at += 1 + length
        labels += 1
    if octets.translate(None, _PLAIN) != b"." * labels + names.ROOT:  # an octet that is written with an escape
        return f"{START}{names.to_text(name)}{END}"
    return f"{START}{octets[1:-1].decode()}{END}"


def _gram(number: int) -> tuple[int, ...]:
    return tuple((number & (1 << 8 * GRAM) - 1).to_bytes(GRAM))
