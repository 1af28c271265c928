"""Patterns over names as a small tree: what wildcards and regular expressions both become.

A name is read as text between two marks, START and END, so that an anchor is a character like any other. Nothing
here can take more than linear time to match (automaton.py), which is why look-around and back-references, which
cannot be said in this tree, are refused.

May live here: the tree, its size, the texts every match contains. May not: reading (regex.py), matching.
"""

from collections.abc import Iterator
from typing import NamedTuple, Union

START, END = "\x02", "\x03"
ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.\\")  # what names.to_text writes, in lower case
MAX_POSITIONS = 250
MAX_PARTS = 1000  # with repeats written out, those of nothing too: what building or reading a pattern walks through
GRAM = 3
_GRAM_CHARS = ALPHABET - {".", "\\"}  # those that stand in a name's wire form as they are


class Chars(NamedTuple):
    """One character out of several."""

    chars: frozenset[str]


class Cat(NamedTuple):
    """One after the other."""

    parts: tuple["Node", ...]


class Alt(NamedTuple):
    """One of them."""

    parts: tuple["Node", ...]


class Repeat(NamedTuple):
    """At least `least` times, at most `most` (None: any number)."""

    part: "Node"
    least: int
    most: int | None


Node = Union[Chars, Cat, Alt, Repeat]  # noqa: UP007 - the `|` of types cannot name what is defined further down
ANYTHING = Repeat(Chars(ALPHABET), 0, None)
AT_LABEL = Chars(frozenset((START, ".")))
AT_START = Chars(frozenset((START,)))
AT_END = Chars(frozenset((END,)))


def positions(node: Node) -> int:
    """How many characters the pattern holds, repeats written out: the size of its automaton."""
    if isinstance(node, Chars):
        return 1
    if isinstance(node, Repeat):
        return positions(node.part) * (max(node.least, 1) if node.most is None else node.most)
    return sum(map(positions, node.parts))


def parts(node: Node) -> int:
    """How many parts of the tree there are, repeats written out: also what holds no character costs its time."""
    if isinstance(node, Chars):
        return 1
    if isinstance(node, Repeat):
        return 1 + parts(node.part) * (max(node.least, 1) if node.most is None else node.most)
    return 1 + sum(map(parts, node.parts))


def literal(text: str) -> Cat:
    return Cat(tuple(Chars(frozenset((char,))) for char in text))


def grams(node: Node) -> tuple[str, ...]:
    """Texts of three characters, each of which stands inside a label of every name the pattern matches."""
    return tuple(dict.fromkeys(run[at : at + GRAM] for run in _runs(node) for at in range(len(run) - GRAM + 1)))


def _runs(node: Node) -> list[str]:
    """The texts that must appear, each as long as it can be told."""
    runs = [""]
    for part in _required(node):
        if part is None:
            runs.append("")
        else:
            runs[-1] += part
    return runs


def _required(node: Node) -> Iterator[str | None]:
    """The characters that must appear, in order; None where something else may stand between."""
    if isinstance(node, Chars):
        char = next(iter(node.chars)) if len(node.chars) == 1 else START
        yield char if char in _GRAM_CHARS else None
    elif isinstance(node, Cat):
        for part in node.parts:
            yield from _required(part)
    elif isinstance(node, Repeat) and node.least:
        for _ in range(node.least):
            yield from _required(node.part)
        if node.most != node.least:
            yield None
    else:
        yield None
