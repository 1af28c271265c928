"""Every language has every text with the same placeholders; nothing on a page is written in the template itself."""

import re
import string
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gateway.attempts import Reason
from gateway.events import Kind, LossCause
from gateway.health import CHECKS, State
from gateway.purposes import Purpose
from gateway.report import BLOCKED_REASONS, OTHER_REASONS
from gateway.store.names_batch import DETAILS
from ruleset.model import Kind as DeviceKind
from ruleset.model import Role
from webui.i18n import PLURALS, SCALES, choose, locales

LANGUAGES = locales()
TEMPLATES = sorted((Path(__file__).parents[2] / "webui" / "templates").glob("*.html"))
EN, JA = LANGUAGES["en"], LANGUAGES["ja"]


def placeholders(text: object) -> set[str]:
    forms = text.values() if isinstance(text, dict) else [text]
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(str(form)) if name}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_language_is_complete(language: str):
    texts, english = LANGUAGES[language].texts, EN.texts
    assert set(texts) == set(english)
    differing = [k for k in english if placeholders(texts[k]) | {"count"} != placeholders(english[k]) | {"count"}]
    assert differing == []
    assert [k for k, v in texts.items() if isinstance(v, dict) != isinstance(english[k], dict)] == []
    assert [k for k, v in texts.items() if not v or "<" in str(v)] == []
    assert language in PLURALS
    assert language in SCALES


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_plural_texts_have_exactly_the_forms_of_their_language(language: str):
    forms = {PLURALS[language](n) for n in range(1000)}
    plurals = [text for text in LANGUAGES[language].texts.values() if isinstance(text, dict)]
    assert plurals
    assert all(set(text) == forms for text in plurals)


def test_every_value_that_is_told_has_its_text():
    wanted = {f"tried.{r.value}" for r in Reason} | {f"why.{r.value}" for r in Reason if r is not Reason.NOT_PERMITTED}
    wanted |= {f"happened.{k.value}" for k in Kind if k not in (Kind.PACKET_REFUSED, Kind.NAME_BLOCKED)}
    wanted |= {f"through.{purpose.value}" for purpose in Purpose}
    wanted |= {f"known.lost.{cause.value}" for cause in LossCause}
    wanted |= {f"health.{check.code}.{part}" for check in CHECKS for part in ("title", "text")}
    wanted |= {f"state.{state.value}" for state in State} | {f"state.label.{state.value}" for state in State}
    wanted |= {f"kind.{kind}{place}" for kind in DeviceKind.__args__ for place in ("", ".inside")}
    wanted |= {f"role.{role}{place}" for role in Role.__args__ for place in ("", ".inside")}
    wanted |= {f"why.internet.{role}" for role in Role.__args__}
    wanted |= {f"names.why.{reason}" for reason in BLOCKED_REASONS} | {f"answer.{reason}" for reason in OTHER_REASONS}
    wanted |= {f"names.kept.{detail}" for detail in DETAILS}
    assert wanted - set(EN.texts) == set()


def test_templates_ask_only_for_texts_that_exist():
    asked = {key for path in TEMPLATES for key in re.findall(r'\bt\("([a-z_.]+)"[,)]', path.read_text())}
    assert len(asked) > 30
    assert asked - set(EN.texts) == set()


class Words(HTMLParser):
    """Collects what a reader would see or hear of a template whose expressions were taken out."""

    SPOKEN = frozenset({"alt", "title", "aria-label", "placeholder", "label"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found += re.findall(r"\w+", data)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [w for n, v in attributes if n in self.SPOKEN for w in re.findall(r"\w+", v or "")]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_text_of_their_own(path: Path):
    words = Words()
    words.feed(re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL))
    assert words.found == []
    assert "|safe" not in path.read_text().replace(" ", "")
    assert "style=" not in path.read_text()


@pytest.mark.parametrize(
    ("count", "english", "japanese"), [(0, "0 times", "0回"), (1, "once", "1回"), (1204, "1,204 times", "1,204回")]
)
def test_plurals_and_grouping(count: int, english: str, japanese: str):
    assert EN("times", count=count) == english
    assert JA("times", count=count) == japanese


@pytest.mark.parametrize(
    ("count", "russian", "french"),
    [
        (0, "0 раз", "0 fois"), (1, "1 раз", "1 fois"), (3, "3 раза", "3 fois"), (5, "5 раз", "5 fois"),
        (11, "11 раз", "11 fois"), (14, "14 раз", "14 fois"), (21, "21 раз", "21 fois"), (22, "22 раза", "22 fois"),
        (112, "112 раз", "112 fois"), (1204, "1\u202f204 раза", "1\u202f204 fois"),
    ],
)  # fmt: skip
def test_plurals_by_the_last_digits(count: int, russian: str, french: str):
    assert (LANGUAGES["ru"]("times", count=count), LANGUAGES["fr"]("times", count=count)) == (russian, french)


def test_russian_words_follow_their_number():
    told = [LANGUAGES["ru"]("state.protected.detail", count=n).split(".")[0] for n in (1, 2, 5, 12, 21, 104)]
    assert told == [
        "Сегодня остановлена 1 попытка", "Сегодня остановлены 2 попытки", "Сегодня остановлено 5 попыток",
        "Сегодня остановлено 12 попыток", "Сегодня остановлена 21 попытка", "Сегодня остановлены 104 попытки",
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "short"), [("fr", "1,2\u202fM"), ("ru", "1,2\u00a0млн"), ("zh", "120万")])
def test_short_numbers_have_their_languages_point(language: str, short: str):
    assert LANGUAGES[language].short(1_200_000) == short


@pytest.mark.parametrize(
    ("value", "english", "japanese"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (1000, "1k", "1000"),
        (9_999, "9.9k", "9999"),
        (12_345, "12k", "1.2万"),
        (999_999, "999k", "99万"),
        (1_200_000, "1.2M", "120万"),
        (100_000_000, "100M", "1億"),
        (5_000_000_000, "5B", "50億"),
    ],
)
def test_short_numbers_never_promise_more_than_there_is(value: int, english: str, japanese: str):
    assert (EN.short(value), JA.short(value)) == (english, japanese)


def test_dates():
    day = date(2026, 11, 22)
    assert (EN.day(day), JA.day(day)) == ("22 November 2026", "2026年11月22日")
    assert (EN.weekday(day), JA.weekday(day)) == ("Sun", "日")
    assert JA.moment(datetime(2026, 1, 2, 3, 4)) == "2026年1月2日 03:04"  # noqa: DTZ001 - a wall clock


@pytest.mark.parametrize(
    ("asked", "cookie", "header", "site", "language"),
    [
        ("ja", "en", "en", "en", "ja"),
        ("xx", "ja", "en", "en", "ja"),
        (None, None, "de-DE, ja-JP;q=0.8, en;q=0.7", "en", "ja"),
        (None, None, "de", "ja", "ja"),
        (None, None, "fr-CA, en;q=0.7", "ja", "fr"),
        (None, None, "zh-Hans-CN", "ja", "zh"),
        (None, None, None, "ru,en", "ru"),
        (None, None, "en;q=0, *", "ja", "ja"),
        (None, None, "ja;q=nonsense, ,;;q", "en", "en"),
        (None, None, "q" * 10_000 + "," * 10_000, "", "en"),
        ("../../etc/passwd", "\x00", None, "<script>", "en"),
    ],
)
def test_the_language_is_chosen(asked: str | None, cookie: str | None, header: str | None, site: str, language: str):
    assert choose(asked, cookie, header, site.split(",")).language == language
