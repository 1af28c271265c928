"""The page over a seeded store and an enforcer that answers: contents, languages, absences, hostile words."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from gateway.paths import Paths
from gateway.store.batch import day_in
from gateway.store.writer import EventWriter
from tests.webui.asking import ask
from tests.webui.seed import (
    HOSTILE,
    ISOLATED,
    NOON,
    ON_TRIAL,
    STATUS,
    TOKYO,
    alive,
    enforcer,
    seed_busy,
    seed_empty,
    seed_hostile,
)
from webui.app import create_app
from webui.security import HEADERS


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    alive(Paths(tmp_path, tmp_path))
    return Paths(tmp_path, tmp_path)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def app(paths: Paths) -> ASGIApp:
    return create_app(paths, lambda: NOON)


def visible(html: str) -> str:
    """The text of a page with its spaces folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_a_busy_clinic_in_english(paths: Paths, stack: ExitStack):
    seed_busy(paths.events_database)
    stack.enter_context(enforcer(paths.enforcer_socket))
    answer = ask(app(paths), "/?lang=en")
    text = visible(answer.text)
    assert answer.status == 200
    assert '<html lang="en">' in answer.text
    assert "The gateway is guarding your clinic. Everything is in order." in text
    assert "1,580 attempts were stopped today. Those marked below are worth a look." in text
    assert "Camera “待合室” tried to reach the internet at least 176 times." in text
    assert "Cameras may not use the internet, so it was stopped. Nothing to do." in text
    assert "Version 7 of the rules is in force." in text
    assert "No device is cut off from the network." in text
    assert "14 records did not reach us" in text
    assert "Connections let through today 818 5,726 in the last 7 days" in text
    assert "Permit: 受付と診察室から電子カルテを使う 6 42" in text
    assert "22 November 2026, 16:40" in text


def test_the_same_clinic_in_japanese_is_its_first_language(paths: Paths, stack: ExitStack):
    seed_busy(paths.events_database)
    stack.enter_context(enforcer(paths.enforcer_socket))
    answer = ask(app(paths), "/")
    text = visible(answer.text)
    assert answer.headers["content-language"] == "ja"
    assert "ゲートウェイが当院を守っています。異常はありません。" in text
    assert "カメラ「待合室」がインターネットへの通信を少なくとも176回試みました。" in text
    assert "2026年11月22日 16:40 現在" in text
    assert "本日許可した通信 818 直近7日間 5,726件" in text
    assert "ビデオ診療(Zoom)" in text


def test_the_chosen_language_is_remembered(paths: Paths):
    seed_empty(paths.events_database)
    chosen = ask(app(paths), "/?lang=en")
    assert chosen.headers["set-cookie"].startswith("language=en;")
    assert "SameSite=strict" in chosen.headers["set-cookie"]
    assert ask(app(paths), "/", cookie="language=en", accept_language="ja").headers["content-language"] == "en"
    assert "set-cookie" not in ask(app(paths), "/?lang=xx").headers


def test_a_quiet_day_says_so(paths: Paths, stack: ExitStack):
    seed_empty(paths.events_database)
    stack.enter_context(enforcer(paths.enforcer_socket))
    text = visible(ask(app(paths), "/?lang=en").text)
    assert "Nothing had to be stopped today. There is nothing for you to do." in text
    assert "No record was lost in the last 7 days." in text
    assert "No connection has been counted in the last 7 days." in text


def test_what_was_counted_and_not_yet_described_is_not_called_nothing(paths: Paths, stack: ExitStack):
    seed_empty(paths.events_database)
    writer = EventWriter(paths.events_database)
    for packets in (0, 11):
        writer.kernel_counters(day_in(TOKYO)(NOON), NOON, {"core:refused:other": packets})
    writer.close()
    stack.enter_context(enforcer(paths.enforcer_socket))
    text = visible(ask(app(paths), "/?lang=en").text)
    assert text.count("11 attempts were counted. They have not been looked at in detail yet; the details follow.") == 2
    assert "Nothing had to be stopped" not in text
    assert "11 refused connections, 0 names on block lists" in text


def test_isolated_devices_and_rules_on_trial_are_told(paths: Paths, stack: ExitStack):
    seed_busy(paths.events_database)
    stack.enter_context(enforcer(paths.enforcer_socket, ON_TRIAL, ISOLATED))
    text = visible(ask(app(paths), "/?lang=en").text)
    assert "PC “診察室PC” is isolated: it reaches nothing and nobody." in text
    assert "Reason: 不審な通信" in text
    assert "Since 22 November 2026, 14:12" in text
    assert "Version 8 of the rules is on trial and waits for its confirmation until 16:41." in text
    assert "New rules are on trial" in text


def test_without_anybody_the_page_says_that_it_cannot_see(paths: Paths):
    text = visible(ask(app(paths), "/?lang=en").text)
    assert "This page cannot see the gateway’s guard at the moment." in text
    assert "Everything is in order" not in text
    assert "Which rules are in force cannot be seen at the moment." in text


def test_a_problem_shows_whom_to_call(paths: Paths, stack: ExitStack):
    seed_busy(paths.events_database)
    stack.enter_context(enforcer(paths.enforcer_socket, {**STATUS, "generation": 0, "state": "closed"}))
    page = ask(app(paths), "/?lang=en").text
    assert "Protection or work is at risk. Please call your technician." in visible(page)
    assert "No rules are loaded" in visible(page)
    assert '<a class="call" href="tel:+81300000002">' in page


class Elements(HTMLParser):
    """Every tag and attribute of a page, as a browser would build them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_hostile_words_are_only_words(paths: Paths, stack: ExitStack, language: str):
    seed_hostile(paths.events_database)
    evil = [{"device": HOSTILE, "mac": HOSTILE, "addresses": [HOSTILE], "reason": HOSTILE, "since": HOSTILE}]
    status = {"generation": HOSTILE, "pending": {"generation": HOSTILE, "seconds_left": 1e300}}
    stack.enter_context(enforcer(paths.enforcer_socket, status, evil))
    answer = ask(app(paths), f"/?lang={language}")
    elements = Elements()
    elements.feed(answer.text)
    assert answer.status == 200
    assert elements.tags.count("script") == 1  # our own
    assert [name for name, _ in elements.attributes if name.startswith("on")] == []
    links = [value for name, value in elements.attributes if name == "href" and value not in ("/", "/names")]
    assert [link for link in links if not link.startswith(("/static/", "?lang=", "#"))] == []
    assert "&lt;script&gt;alert(" in answer.text
    assert {"en": "Permit: &lt;script&gt;", "ja": "許可:&lt;script&gt;"}[language] in answer.text
    assert "{{ 7*7 }}" in visible(answer.text)
    assert " 49 " not in visible(answer.text)


def test_json_views(paths: Paths, stack: ExitStack):
    seed_busy(paths.events_database)
    stack.enter_context(enforcer(paths.enforcer_socket, ON_TRIAL, ISOLATED))
    health = ask(app(paths), "/health.json?lang=en").json()
    assert (health["state"], health["generation"], health["pending"], health["isolated"]) == ("isolated", 8, True, 1)
    assert [(f["code"], f["severity"], f["title"]) for f in health["findings"]] == [
        ("policy-unconfirmed", "note", "New rules are on trial")
    ]
    summary = ask(app(paths), "/api/summary.json").json()
    assert summary["today"]["attempts"][0]["source"] == "camera-1"
    assert sum(bar["packets"] + bar["names"] for bar in summary["days"]) == 11_372
    assert summary["through"]["rows"][0] == {"purpose": "web", "text": "", "today": 412, "week": 2884}
    assert summary["now"] == "2026-11-22T16:40:00+09:00"
    assert "technician_phone" not in summary["facts"]


def test_json_without_a_store_is_a_plain_error(paths: Paths):
    answer = ask(app(paths), "/api/summary.json")
    assert answer.status == 503
    assert answer.json() == {"error": "the event store cannot be read"}
    assert ask(app(paths), "/health.json").json()["state"] == "unknown"


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/nowhere.css", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("POST", "/", 405),
        ("DELETE", "/health.json", 405),
        ("PUT", "/api/summary.json", 405),
    ],
)
def test_what_is_not_there_is_refused_in_plain_words(paths: Paths, method: str, target: str, status: int):
    answer = ask(app(paths), target, method, accept_language="en")
    assert answer.status == status
    assert {name: answer.headers[name.lower()] for name in HEADERS} == HEADERS
    assert "This page only shows" in answer.text if status == 405 else "no such page" in answer.text


@pytest.mark.parametrize("name", ["page.css", "refresh.js", "icon.svg"])
def test_assets_are_served_with_all_headers(paths: Paths, name: str):
    answer = ask(app(paths), f"/static/{name}")
    assert answer.status == 200
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_comes_from_elsewhere():
    folder = Path(__file__).parents[2] / "webui"
    for path in (*(folder / "templates").iterdir(), *(folder / "static").iterdir()):
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|url\(\s*['\"]?//|@import", text), path.name


def test_a_fault_of_our_own_is_a_plain_page(paths: Paths, monkeypatch: pytest.MonkeyPatch):
    seed_empty(paths.events_database)
    monkeypatch.setattr("webui.app.build", lambda *_: 1 / 0)
    answer = ask(app(paths), "/", accept_language="en")
    assert answer.status == 500
    assert "The rules of the gateway are not affected." in visible(answer.text)
    assert "ZeroDivision" not in answer.text
    assert {name: answer.headers[name.lower()] for name in HEADERS} == HEADERS


def test_many_readers_are_one_look(paths: Paths, stack: ExitStack, monkeypatch: pytest.MonkeyPatch):
    seed_empty(paths.events_database)
    stack.enter_context(enforcer(paths.enforcer_socket))
    looks = []
    from webui import observe

    real = observe.summary
    monkeypatch.setattr(observe, "summary", lambda *given: looks.append(1) or real(*given))
    page = app(paths)
    assert [ask(page, "/").status for _ in range(5)] == [200] * 5
    assert len(looks) == 1
