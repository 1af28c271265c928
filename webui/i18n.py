"""Languages: texts from data files, plural forms, numbers and dates the way people write them.

A text is a key in `locales/<language>.json`: a string, or an object of plural forms (CLDR names: `one`, `other`) that
the placeholder `count` chooses. Every language has the same keys and placeholders, which a test checks. Texts are
plain, never markup: the templates escape them like anything else.

May live here: loading those files, choosing a language, formatting. May not: which text a page shows.
Plural rules: https://cldr.unicode.org/index/cldr-spec/plural-rules
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "locales"
FALLBACK = "en"
MAX_HEADER = 500
Forms = str | dict[str, str]

PLURALS: dict[str, Callable[[int], str]] = {
    "en": lambda n: "one" if n == 1 else "other",
    "fr": lambda n: "one" if n < 2 else "other",
    "ja": lambda _: "other",
    "ru": lambda n: _russian(n % 10, n % 100),
    "zh": lambda _: "other",
}
# How far apart a language counts its large numbers: (value, key of the text that holds the unit).
_THOUSANDS = (10**9, "number.e9"), (10**6, "number.e6"), (10**3, "number.e3")
_MYRIADS = (10**8, "number.e8"), (10**4, "number.e4")
SCALES: dict[str, tuple[tuple[int, str], ...]] = {
    "en": _THOUSANDS, "fr": _THOUSANDS, "ja": _MYRIADS, "ru": _THOUSANDS, "zh": _MYRIADS,
}  # fmt: skip


def _russian(last: int, last_two: int) -> str:
    """By the last digit, except for eleven to fourteen."""
    if last == 1 and last_two != 11:
        return "one"
    return "few" if 2 <= last <= 4 and not 12 <= last_two <= 14 else "many"


@dataclass(frozen=True, slots=True)
class Locale:
    """One language. Calling it gives a text: `locale("attempt.internet", who=..., count=3)`."""

    language: str
    texts: Mapping[str, Forms]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of `key` with its placeholders filled. Integers are written as this language writes them.

        Raises KeyError for a key or placeholder that does not exist: tests render every text.
        """
        text = self.texts[key]
        if isinstance(text, dict):
            count = values.get("count")
            text = text[PLURALS[self.language](count if isinstance(count, int) else 0)]
        return text.format(**{name: self._written(value) for name, value in values.items()})

    def has(self, key: str) -> bool:
        return key in self.texts

    def number(self, value: int) -> str:
        """A whole number with this language's grouping."""
        return f"{value:,}".replace(",", self("number.group"))

    def short(self, value: int) -> str:
        """A number for narrow places: three digits at most, cut and not rounded up, and a unit."""
        for size, key in SCALES[self.language]:
            if value >= size:
                tenths = value * 10 // size
                whole, tenth = str(tenths // 10), str(tenths % 10)
                return self(key, figure=whole + self("number.point") + tenth if tenths < 100 and tenths % 10 else whole)
        return str(value)

    def day(self, value: date) -> str:
        return self("date.day", year=str(value.year), month=self(f"date.month.{value.month}"), day=str(value.day))

    def weekday(self, value: date) -> str:
        return self(f"date.weekday.{value.weekday()}")

    def time(self, value: datetime) -> str:
        return f"{value.hour:02}:{value.minute:02}"

    def moment(self, value: datetime) -> str:
        return self("date.moment", day=self.day(value.date()), time=self.time(value))

    def listed(self, parts: Iterable[str]) -> str:
        """Several things after one another, as this language separates them."""
        return self("list.separator").join(parts)

    def _written(self, value: object) -> object:
        return self.number(value) if isinstance(value, int) and not isinstance(value, bool) else value


@cache
def locales(folder: Path = FOLDER) -> dict[str, Locale]:
    """Every language there is a file for, by its code."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    return {language: Locale(language, texts) for language, texts in found.items()}


def choose(
    asked: str | None,
    remembered: str | None,
    header: str | None,
    of_site: Iterable[str],
    known: Mapping[str, Locale] | None = None,
) -> Locale:
    """The language of a page: `?lang=`, else the cookie, else Accept-Language, else the site's first one we have.

    `known`: the languages there are, the pages' own when it is not given."""
    known = locales() if known is None else known
    for language in (asked, remembered, *_accepted(header or ""), *of_site):
        if language is not None and language in known:
            return known[language]
    return known[FALLBACK]


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), preferred first; nonsense is left out."""
    weighted: list[tuple[float, int, str]] = []
    for index, part in enumerate(header[:MAX_HEADER].split(",")):
        language, _, parameter = part.partition(";")
        weight = _weight(parameter)
        if weight > 0:
            weighted.append((-weight, index, language.strip().split("-")[0].lower()))
    return [language for _, _, language in sorted(weighted)]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(float(value), 1.0) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
