"""Regular expressions about names -> the tree of pattern.py; in the dialect RE2 and POSIX lists share.

Letters count in lower case. Taken: literals, `.`, classes (`[a-z]`, `[^.]`, `[[:alnum:]]`, `\\d \\w \\s` and their
negations), groups, `|`, `^`, `$`, `* + ?` and `{m,n}`, lazy or not (which changes nothing about whether a name
matches). Refused: look-around, back-references, `\\b`, flags other than a leading `(?i)`, sizes beyond the bounds.

May live here: reading the notation. May not: what is too wide for a clinic (adblock.py), matching (automaton.py).
"""

import re
from types import MappingProxyType

from filters.lists.pattern import (
    ALPHABET,
    AT_END,
    AT_START,
    MAX_PARTS,
    MAX_POSITIONS,
    Alt,
    Cat,
    Chars,
    Node,
    Repeat,
    parts,
    positions,
)  # fmt: skip
from filters.lists.rules import Reject

MAX_TEXT = 512  # characters
MAX_DEPTH = 16  # groups inside groups
_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_SPACE: frozenset[str] = frozenset()
_SHORT = MappingProxyType({"d": _DIGITS, "w": _DIGITS | _LETTERS | {"_"}, "s": _SPACE})
_POSIX = MappingProxyType({
    "alnum": _DIGITS | _LETTERS, "alpha": _LETTERS, "digit": _DIGITS, "lower": _LETTERS, "upper": _LETTERS,
    "space": _SPACE, "blank": _SPACE, "xdigit": _DIGITS | frozenset("abcdef"), "punct": frozenset("-_.\\"),
    "word": _DIGITS | _LETTERS | {"_"},
})  # fmt: skip
_COUNTS = re.compile(r"\{(\d{1,3})(,(\d{0,3}))?\}")
_OF_ADDRESSES = frozenset("/:?=&%#@")  # characters of web addresses that no name holds


class RegexError(ValueError):
    """`reason` is the Reject of the line."""

    def __init__(self, reason: Reject) -> None:
        super().__init__(str(reason))
        self.reason = reason


def read(text: str) -> Node:
    """The tree of an expression that is searched for anywhere in a name. Raises RegexError."""
    if len(text) > MAX_TEXT:
        raise RegexError(Reject.REGEX_SIZE)
    reader = _Reader(text.removeprefix("(?i)"))
    node = reader.alternatives(0)
    if not reader.done():
        raise RegexError(Reject.REGEX)  # a parenthesis closes what none opened
    return _sized(node)


class _Reader:
    """Recursive descent over the text; every method reads one element and stands behind it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def done(self) -> bool:
        return self._at >= len(self._text)

    def alternatives(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise RegexError(Reject.REGEX_SIZE)
        parts = [self._sequence(depth)]
        while self._peek() == "|":
            self._at += 1
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else Alt(tuple(parts))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._quantified(self._atom(depth)))
        return Cat(tuple(parts))

    def _quantified(self, atom: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return atom
        if atom in (AT_START, AT_END):
            raise RegexError(Reject.REGEX)
        if self._peek() == "?":  # lazy: finds another text, never another name
            self._at += 1
        if self._peek() in tuple("*+?{"):
            raise RegexError(Reject.REGEX)
        return _sized(Repeat(atom, *bounds))

    def _bounds(self) -> tuple[int, int | None] | None:
        char = self._peek()
        if char == "{":
            return self._counts()
        if char not in tuple("*+?"):
            return None
        self._at += 1
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]

    def _counts(self) -> tuple[int, int | None]:
        found = _COUNTS.match(self._text, self._at)
        if found is None:
            raise RegexError(Reject.REGEX)
        self._at = found.end()
        least = int(found[1])
        most = least if found[2] is None else int(found[3]) if found[3] else None
        if most is not None and most < least:
            raise RegexError(Reject.REGEX)
        return least, most

    def _atom(self, depth: int) -> Node:
        char = self._next()
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == "\\":
            return self._named(self._escape())
        if char in "*+?{":
            raise RegexError(Reject.REGEX)
        anchors: dict[str, Node] = {"^": AT_START, "$": AT_END, ".": Chars(ALPHABET)}
        return anchors.get(char) or self._named(frozenset((char.lower(),)))

    def _group(self, depth: int) -> Node:
        if self._text.startswith("?:", self._at):
            self._at += 2
        elif self._peek() == "?":
            raise RegexError(Reject.REGEX)
        node = self.alternatives(depth + 1)
        if self._next() != ")":
            raise RegexError(Reject.REGEX)
        return node

    def _escape(self) -> frozenset[str]:
        char = self._next()
        if char in _SHORT:
            return _SHORT[char]
        if char.lower() in _SHORT:
            return ALPHABET - _SHORT[char.lower()]
        if char.isalnum():
            raise RegexError(Reject.REGEX)
        return frozenset((char,))

    def _class(self) -> Node:
        negated = self._peek() == "^"
        self._at += negated
        chars: set[str] = set()
        first = True
        while first or self._peek() != "]":
            chars |= self._member()
            first = False
        self._at += 1
        if negated:
            return self._named(ALPHABET - chars)
        return self._named(frozenset(chars & ALPHABET) or frozenset(chars))

    def _member(self) -> frozenset[str]:
        """One member of a class: `a`, `a-z`, `\\d` or `[:digit:]`."""
        if self._text.startswith("[:", self._at):
            word, colon, rest = self._text[self._at + 2 :].partition(":]")
            if not colon or word not in _POSIX:
                raise RegexError(Reject.REGEX)
            self._at = len(self._text) - len(rest)
            return _POSIX[word]
        low = self._next()
        if low == "\\":
            return self._escape()
        if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return frozenset((low.lower(),))
        self._at += 1
        high = self._next()
        if high in ("\\", "[") or high < low or not (low + high).isascii():
            raise RegexError(Reject.REGEX)
        return frozenset(chr(code).lower() for code in range(ord(low), ord(high) + 1))

    def _named(self, chars: frozenset[str]) -> Chars:
        """The characters, of which names must have at least one."""
        if chars & ALPHABET:
            return Chars(chars & ALPHABET)
        raise RegexError(Reject.URL if chars & _OF_ADDRESSES else Reject.NOT_A_NAME)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        char = self._peek()
        if not char:
            raise RegexError(Reject.REGEX)
        self._at += 1
        return char


def _sized(node: Node) -> Node:
    if positions(node) > MAX_POSITIONS or parts(node) > MAX_PARTS:
        raise RegexError(Reject.REGEX_SIZE)
    return node
