"""Which gram a pattern is found by: the one that costs least over the names people ask.

A pattern is tried whenever its gram stands in a name, so the gram should be rare among names and not be that of many
patterns already. How common grams are is learned from a sample of the lists' own names, the only ones at hand.

May live here: counting and choosing. May not: the patterns, the file.
"""

from collections import Counter
from collections.abc import Sequence

from filters import names
from filters.lists.pattern import GRAM

SAMPLED = 20_000  # names
MAX_USES = 64  # patterns of one gram: a name that holds it has to try them all
_COMMON = ("www", "com", "net", "org", "info", "xn--", "example", "online", "shop", "static", "cdn", "mail", "track")


class GramChoice:
    def __init__(self) -> None:
        self._seen: Counter[str] = Counter(gram for text in _COMMON for gram in _grams(text))
        self._names = 0
        self._uses: Counter[str] = Counter()

    def see(self, name: names.Name) -> None:
        """Learn from a name of a list; the first so many count."""
        if self._names < SAMPLED:
            self._names += 1
            self._seen.update({gram for label in names.labels(name) for gram in _grams(label.decode("latin-1"))})

    def choose(self, grams: Sequence[str]) -> str | None:
        """One of a pattern's grams, "" when it has none; None when others took them all."""
        free = [one for one in grams if self._uses[one] < MAX_USES]
        if grams and not free:
            return None
        gram = min(free, key=lambda one: (self._seen[one] + 1) * (self._uses[one] + 1), default="")
        self._uses[gram] += 1
        return gram


def _grams(text: str) -> list[str]:
    return [text[at : at + GRAM] for at in range(len(text) - GRAM + 1)]
