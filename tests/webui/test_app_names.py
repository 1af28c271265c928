"""The page of names as it is served: every language, both JSON views, hostile words, and nothing to act with."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.paths import Paths
from tests.webui.asking import ask
from tests.webui.seed import HOSTILE, alive, enforcer, seed_busy
from tests.webui.seed_names import ALLOWED, IDN, WITH_ALLOWED, seed_hostile_names, seed_names
from tests.webui.test_app import Elements, app, visible
from webui.i18n import locales
from webui.security import HEADERS

OWN_LINKS = ("/", "/names", "tel:+81300000002")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    alive(Paths(tmp_path, tmp_path))
    return Paths(tmp_path, tmp_path)


@pytest.mark.parametrize("language", sorted(locales()))
def test_a_week_of_names_in_every_language(paths: Paths, language: str):
    seed_busy(paths.events_database)
    seed_names(paths)
    with enforcer(paths.enforcer_socket, WITH_ALLOWED):
        answer = ask(app(paths), f"/names?lang={language}")
        overview = ask(app(paths), f"/?lang={language}")
    text = visible(answer.text)
    assert (answer.status, answer.headers["content-language"]) == (200, language)
    assert {name.lower() for name in HEADERS} <= set(answer.headers)
    assert answer.text.count('aria-current="page"') == 1
    for shown in ("login.bad-invoice.example", IDN, "испытание", "lists.example", "CC0", "shop.example", "www.example"):
        assert shown in text
    assert "clinicgate dns allow login.bad-invoice.example --device reception-1 --for 1h" in text
    assert 'href="/names"' in overview.text


def test_the_words_of_the_page(paths: Paths):
    seed_names(paths, "zone")
    with enforcer(paths.enforcer_socket, WITH_ALLOWED):
        text = visible(ask(app(paths), "/names?lang=en").text)
    for said in (
        "3,568 questions for harmful or unwanted names were refused in the last 7 days.",
        "Answered within 5 milliseconds 97%",
        "It leads to another name that is on the block list “広告と行動追跡”",
        "In this place only a few agreed names are answered, and this is not one of them.",
        "It is a public name that points into your clinic’s own network.",
        "the version before stays in use. Your technician sees why with: clinicgate lists status",
        "12 questions were counted, but not listed by their names",
        "Call 保守業者: +81 3 0000 0002",
        "Reason: 備品の注文, by technician",
    ):
        assert said in text
    assert "受付PC 1" not in text, "the switch says zone"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_hostile_names_are_only_words(paths: Paths, language: str):
    seed_hostile_names(paths)
    evil = [dict.fromkeys(ALLOWED[0], HOSTILE), {"until": 1e300}, {"until": "x", "name": None}, 7]
    with ExitStack() as stack:
        stack.enter_context(enforcer(paths.enforcer_socket, {"generation": 1, "pending": None, "allowances": evil}))
        answer = ask(app(paths), f"/names?lang={language}")
    elements = Elements()
    elements.feed(answer.text)
    assert answer.status == 200
    assert elements.tags.count("script") == 1  # our own
    assert not {"form", "input", "button", "iframe", "img", "style"} & set(elements.tags)
    assert [name for name, _ in elements.attributes if name.startswith("on") or name == "style"] == []
    links = [value for name, value in elements.attributes if name == "href" and value not in OWN_LINKS]
    assert [link for link in links if not link.startswith(("/static/", "?lang=", "#"))] == []
    assert "&lt;script&gt;alert(" in answer.text
    assert "{{ 7*7 }}" in visible(answer.text)


def test_names_for_machines(paths: Paths):
    seed_names(paths)
    told = ask(app(paths), "/api/names.json").json()
    first = next(name for name in told["names"] if name["name"] == "login.bad-invoice.example")
    assert (first["reason"], first["list"], first["count"]) == ("listed", "malware", 7)
    assert first["askers"][0] == {"zone": "pc", "source": "reception-1", "count": 6}
    assert told["known_lists"][1]["held"] is True
    assert sum(day["blocked"] for day in told["days"]) == 3568


def test_names_without_a_store_are_a_plain_error(paths: Paths):
    answer = ask(app(paths), "/api/names.json")
    assert (answer.status, answer.json()) == (503, {"error": "the event store cannot be read"})
    assert "cannot be seen at the moment" in visible(ask(app(paths), "/names?lang=en").text)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_names_take_no_orders(paths: Paths, method: str):
    assert ask(app(paths), "/names?lang=en", method).status == 405
