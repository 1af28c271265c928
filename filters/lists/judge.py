"""Which of the rules that apply to a question decides, and in which order.

    switched off by $badfilter -> less specific, in formats where the longer name counts
    -> $dnsrewrite that blocks -> important exception -> important block -> exception -> block

The first line: a rule counts only against rules of the lists that are asked together. The second: dnsmasq, Unbound
and response policy zones look for the closest name of their own list, Adblock rules do not. The third is AdGuard's.

May live here: this order. May not: finding rules (listfile.py), what a block is answered with.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from filters import names
from filters.lists.adblock import plain_text
from filters.lists.rules import Extent, Format, Plain

CLOSEST_COUNTS = frozenset((Format.DNSMASQ, Format.UNBOUND, Format.RPZ))
PATTERN_DEPTH = 1000  # a pattern is less specific than any name


class Match(NamedTuple):
    """A rule that applies.

    `name`: the listed name (b"" for a pattern), `depth` labels above the one asked.
    """

    list: str
    line: int
    name: names.Name
    depth: int
    extent: Extent
    allow: bool
    important: bool
    closest_counts: bool  # in the list's format
    side_text: str = ""  # the text of a rule that is more than a name
    rewrite: str | None = None
    cancels: str | None = None  # $badfilter: the text of the rules it switches off

    @property
    def text(self) -> str:
        """The rule in canonical Adblock-style form, ASCII and safe to show."""
        return self.side_text or plain_text(Plain(self.name, self.extent, self.allow, self.important))


def decide(matches: Sequence[Match]) -> Match | None:
    """The rule that decides: an exception (`allow`) or a block; None: no rule is left."""
    if len(matches) == 1 and not matches[0].side_text:
        return matches[0]
    standing = _closest(_switched_on(matches))
    rewriting = [one for one in standing if one.rewrite is not None]
    ordinary = [one for one in standing if one.rewrite is None]
    freed = {one.rewrite for one in rewriting if one.allow}
    if "" not in freed:
        rewritten = [one for one in rewriting if not one.allow and one.rewrite not in freed]
        if rewritten:
            return _first(rewritten)
    return _first(ordinary) if ordinary else None


def _first(matches: Iterable[Match]) -> Match:
    """Important before not, exceptions before blocks; then the closest name, then the order of the lists."""
    return min(matches, key=lambda one: (not one.important, not one.allow, one.depth))


def _switched_on(matches: Sequence[Match]) -> list[Match]:
    cancelled = {one.cancels for one in matches if one.cancels is not None}
    if not cancelled:
        return list(matches)
    return [one for one in matches if one.cancels is None and one.text not in cancelled]


def _closest(matches: list[Match]) -> list[Match]:
    closest: dict[str, int] = {}
    for one in matches:
        if one.closest_counts:
            closest[one.list] = min(closest.get(one.list, PATTERN_DEPTH), one.depth)
    return [one for one in matches if not one.closest_counts or one.depth == closest[one.list]]
