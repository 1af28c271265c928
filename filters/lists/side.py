"""The rules of a compiled file that need more than a hash: patterns, and names with conditions.

Their text stands in the file and is read again when one is met, so that a hundred thousand of them cost nothing until
then. A pattern is met through a gram, three characters every matching name contains; the few without one are tried for
every name. All work is charged to a Budget, reading and building included; what was read or built stays, so that a
look-up which was cut gets further the next time.

May live here: finding and reading these rules. May not: the file's form (layout.py), rules that are only hashes.
"""

from typing import TypeVar

from filters import names
from filters.lists import adblock
from filters.lists.automaton import Automaton, Budget
from filters.lists.layout import Parts
from filters.lists.pattern import END, GRAM, START
from filters.lists.rules import Reject

T = TypeVar("T")
REMEMBERED_RULES = 1024
REMEMBERED_PATTERNS = 1024
READING = 8  # steps a character of a rule's text takes to be read
BUILDING = 7  # steps of a Budget that one step of building takes
TRYING = 20  # steps to try a pattern, beside those of its characters
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
        self._text = parts.text
        self._rules: dict[int, adblock.Rule | None] = {}
        self._automatons: dict[int, Automaton | None] = {}

    def line(self, number: int) -> int | None:
        """The line of all lists counted through."""
        return self._side[3 * number] if 3 * number < len(self._side) else None

    def candidates(self, name: names.Name) -> list[int]:
        """The patterns a name may match, as numbers."""
        met = self._grams.intersection(zip(name, name[1:], name[2:], strict=False))  # GRAM octets each
        if not met:
            return self._always
        return self._always + [number for gram in sorted(met) for number in self._by_gram[gram]]

    def rule(self, number: int, budget: Budget) -> adblock.Rule | None:
        """A rule; None also once the budget is spent. A step a character: its conditions take their time too."""
        if 3 * number + 2 >= len(self._side) or budget.left <= 0:
            return None
        offset, length = self._side[3 * number + 1], self._side[3 * number + 2]
        budget.left -= length
        if number not in self._rules:
            budget.left -= length * READING
            rule = adblock.read(bytes(self._text[offset : offset + length]).decode("utf-8", "replace"))
            _remember(self._rules, number, None if isinstance(rule, Reject) else rule, REMEMBERED_RULES)
        return self._rules[number]

    def fits(self, number: int, text: str, budget: Budget) -> bool:
        """Whether a pattern matches; False also once the budget is spent."""
        if budget.left <= 0:
            return False
        budget.left -= TRYING
        if number in self._automatons:
            automaton = self._automatons[number]
        else:
            rule = self.rule(number, budget)
            if rule is None and budget.left <= 0:
                return False
            automaton = Automaton(rule.pattern.node) if rule is not None and rule.pattern.node is not None else None
            budget.left -= automaton.steps * BUILDING if automaton is not None else 0
            _remember(self._automatons, number, automaton, REMEMBERED_PATTERNS)
        return automaton is not None and automaton.search(text, budget)


def _remember(known: dict[int, T], number: int, value: T, most: int) -> None:
    """Of too many the first to come goes."""
    if len(known) >= most:
        del known[next(iter(known))]
    known[number] = value


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
