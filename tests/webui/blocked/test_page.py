"""What stands on the page, in every language, and what never does."""

import re
import string

import pytest

from filters.verdict import BLOCKING
from webui.blocked.page import LANGUAGES, POLICY, STYLE, UNKNOWN, Clinic, Why, locale_for, page

CLINIC = Clinic(("ja", "en"), "Field technician", "+81 3 0000 0002", {"bad": ("Malware sites", "malware")})
LISTED = Why("listed", "bad")
HOSTILE = '<script>alert("x")</script>{{ 7*7 }}{count}'


def told(name: str, why: Why, language: str = "en", clinic: Clinic = CLINIC, visitor: bool = False) -> str:
    return page(name, why, clinic, LANGUAGES[language], visitor=visitor).decode()


def visible(html: str) -> str:
    """The text of a page, as a reader sees it."""
    body = html.partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)).replace("&#39;", "'")


def placeholders(text: object) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(str(text)) if name}


def test_the_five_languages_are_complete():
    assert set(LANGUAGES) == {"en", "ja", "fr", "ru", "zh"}
    english = LANGUAGES["en"].texts
    for language, locale in LANGUAGES.items():
        assert set(locale.texts) == set(english), language
        assert [k for k in english if placeholders(locale.texts[k]) != placeholders(english[k])] == [], language
        assert [k for k, v in locale.texts.items() if not v or "<" in str(v)] == []


def test_every_reason_that_blocks_has_its_words():
    assert {f"why.{reason.value}" for reason in BLOCKING} - set(LANGUAGES["en"].texts) == {"why.rebinding"}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_it_tells_the_name_the_list_and_whom_to_ask(language: str):
    html = told("evil.example", LISTED, language)
    text = visible(html)
    assert f'<html lang="{language}">' in html
    for words in ("evil.example", "Malware sites", "Field technician", "+81 3 0000 0002"):
        assert words in text


def test_it_says_why_in_words():
    assert "stands on the block list “Malware sites”. Such lists name places that spread" in visible(
        told("a.b", LISTED)
    )
    assert "leads to another address" in visible(told("a.b", Why("listed_link", "bad")))
    assert "The clinic's own rules block it." in visible(told("a.b", Why("denied")))
    assert "past the clinic's protection" in visible(told("a.b", Why("encrypted_dns")))
    for why in (UNKNOWN, Why("rebinding"), Why("something new")):
        assert "one of those that are not opened here" in visible(told("a.b", why))


def test_a_list_that_the_page_does_not_know_is_told_by_its_id():
    assert "block list “other”. What you can do" in visible(told("a.b", Why("listed", "other")))


def test_a_name_that_is_open_by_now_is_told_so_and_nobody_is_to_be_asked():
    text = visible(told("a.example", Why("granted", blocks=False)))
    assert "not blocked any more" in text and "load the page again" in text and "technician" not in text


def test_without_a_name_nothing_is_shown_in_its_place():
    html = told("", UNKNOWN)
    assert 'class="name"' not in html and "blocked this address" in html


def test_visitors_see_nobodys_name_or_number():
    text = visible(told("evil.example", LISTED, visitor=True))
    assert "ask at the reception" in text
    assert "technician" not in text and "0000" not in text and "message" not in text


def test_without_a_technician_or_a_number_it_still_says_whom_to_ask():
    assert "who looks after the computers" in visible(told("a.b", LISTED, clinic=Clinic()))
    nameless = Clinic(technician="Kato")
    assert "ask Kato." in visible(told("a.b", LISTED, clinic=nameless))


def test_hostile_words_are_words():
    clinic = Clinic(technician=HOSTILE, phone=HOSTILE, lists={"bad": (HOSTILE, HOSTILE)})
    html = told(HOSTILE, LISTED, clinic=clinic)
    assert "<script>" not in html and "49" not in visible(html)
    assert html.count("&lt;script&gt;") == 4


def test_nothing_is_loaded_and_nothing_runs():
    html = told("evil.example", LISTED)
    assert not re.search(r"<script|\bon[a-z]+=|\bhref=\"(?!data:,)|\bsrc=|url\(|@import|<form|<iframe", html)
    assert STYLE in html and "script-src" not in POLICY and POLICY.startswith("default-src 'none'; img-src data:; ")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("fr-FR,fr;q=0.9,en;q=0.1", "fr"), ("zh-CN", "zh"), ("ru", "ru"), ("de,en;q=0.5", "en"), ("de", "ja"), ("", "ja")],
)
def test_the_readers_language_then_the_clinics(accepted: str, language: str):
    assert locale_for(accepted, CLINIC).language == language
    assert locale_for("de", Clinic()).language == "en"
