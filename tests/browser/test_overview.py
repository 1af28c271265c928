"""The owner's page in a real browser, on a desk and on a telephone: nothing overflows, nothing is unreadable, nothing
comes from elsewhere, hostile words do nothing, and it works without JavaScript."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from gateway.paths import Paths
from gateway.store.batch import Batch, day_in
from gateway.store.writer import EventWriter
from tests.browser.chromium import Tab, chromium
from tests.webui.seed import (
    HOSTILE,
    ISOLATED,
    NOON,
    ON_TRIAL,
    TOKYO,
    alive,
    enforcer,
    name,
    seed_busy,
    seed_empty,
    seed_hostile,
)
from tests.webui.seed import Source as Who
from webui import app as application
from webui.listen import listen_on

pytestmark = pytest.mark.browser
WIDTHS = [320, 390, 768, 1280]
WIDER_THAN_THE_PAGE = """(() => {
  const width = document.documentElement.clientWidth;
  const all = [...document.querySelectorAll('body *:not(.skip)')];
  const wide = all.filter(e => e.getBoundingClientRect().right > width + 0.5);
  return [document.documentElement.scrollWidth - width, wide.map(e => e.className || e.tagName)];
})()"""
# WCAG 2.2, 1.4.3: contrast of every visible text with the first opaque ground behind it.
LOW_CONTRAST = """(() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length == 3 || c[3] > .99) return c; } return [255, 255, 255]; };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim());
    if (!own || e.closest('.skip, title, noscript, defs')) continue;
    const style = getComputedStyle(e), ink = parse(e instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) low.push([e.textContent.trim().slice(0, 40), (a + .05) / (b + .05)]);
  }
  return low;
})()"""
HEAD_LINES = """(() => { const head = document.querySelector('.uses thead .figure');
  return Math.round((head.clientHeight - 12) / parseFloat(getComputedStyle(head).lineHeight)); })()"""
UNNAMED = """[...document.querySelectorAll('a, summary, section, nav, svg:not([aria-hidden])')].filter(e =>
  !(e.textContent.trim() || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML)"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with chromium() as opened:
        yield opened


@contextmanager
def served(paths: Paths) -> Iterator[str]:
    """The page's address while a real server serves it."""
    listener = listen_on("127.0.0.1", 0)
    app = application.create_app(paths, lambda: NOON)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    alive(Paths(tmp_path, tmp_path))
    return Paths(tmp_path, tmp_path)


@pytest.fixture
def busy(paths: Paths) -> Iterator[str]:
    seed_busy(paths.events_database)
    with enforcer(paths.enforcer_socket, ON_TRIAL, ISOLATED), served(paths) as address:
        yield address


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_page(tab: Tab, busy: str, width: int, language: str):
    tab.open(f"{busy}?lang={language}", width)
    tab.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tab.run(WIDER_THAN_THE_PAGE) == [0, []]
    assert tab.run("document.querySelectorAll('.picture rect.packets').length") == 15
    assert tab.run("document.querySelectorAll('.uses rect.through-bar').length") == 8
    assert tab.run(HEAD_LINES) == 1
    assert tab.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_text_can_be_read(tab: Tab, busy: str, language: str, dark: bool):
    tab.open(f"{busy}?lang={language}", 1280, dark=dark)
    tab.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tab.run(LOW_CONTRAST) == []
    assert tab.run(UNNAMED) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("state", ["attention", "problem", "unknown"])
def test_every_state_can_be_read(tab: Tab, busy: str, state: str, dark: bool):
    tab.open(f"{busy}?lang=en", 1280, dark=dark)
    tab.run(f"document.querySelector('.hero').className = 'hero {state}'")
    assert tab.run(LOW_CONTRAST) == []


def test_nothing_is_asked_of_anybody_else(tab: Tab, busy: str):
    tab.open(busy, 390)
    assert len(tab.requests) >= 3
    assert [url for url in tab.requests if not url.startswith(busy)] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_hostile_words_do_nothing(tab: Tab, paths: Paths, width: int):
    seed_hostile(paths.events_database)
    evil = [{"device": HOSTILE, "reason": HOSTILE * 20}]
    with enforcer(paths.enforcer_socket, isolated=evil), served(paths) as address:
        tab.open(f"{address}?lang=en", width)
        tab.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert tab.run("document.scripts.length") == 1
        assert tab.run(WIDER_THAN_THE_PAGE) == [0, []]
        assert "<script>alert(" in tab.run("document.body.innerText")
        assert tab.complaints == []


def test_it_works_without_javascript(tab: Tab, busy: str):
    tab.open(f"{busy}?lang=en", 390, scripts=False)
    shown = tab.call("DOM.getOuterHTML", nodeId=tab.call("DOM.getDocument", depth=-1)["root"]["nodeId"])["outerHTML"]
    assert "The gateway is guarding your clinic." in shown
    assert "Cameras may not use the internet" in shown
    assert '<meta http-equiv="refresh" content="60">' in shown
    tab.open(f"{busy}?lang=en", 390)


def test_it_refreshes_itself_and_keeps_what_is_unfolded(tab: Tab, paths: Paths, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(application, "REFRESH_SECONDS", 0.2)
    monkeypatch.setattr("webui.observe.KEPT_SECONDS", 0.0)
    seed_empty(paths.events_database)
    add(paths, "first.example")
    with enforcer(paths.enforcer_socket), served(paths) as address:
        tab.open(f"{address}?lang=en", 390)
        tab.run("document.querySelector('.line details').open = true")
        assert tab.run("document.querySelector('.big').innerText") == "1"
        add(paths, "second.example")
        until(tab, "document.querySelector('.big').innerText == '2'")
        assert tab.run("document.querySelector('.line details').open")
        assert "second.example" in tab.run("document.querySelector('.line details').innerText")
    assert [line for line in tab.complaints if "ERR_CONNECTION" not in line] == []


def add(paths: Paths, asked: str) -> None:
    batch = Batch(day_in(TOKYO))
    batch.blocked(name(Who("pc", "reception-1"), asked))
    writer = EventWriter(paths.events_database)
    writer.write(batch)
    writer.close()


def until(tab: Tab, condition: str) -> None:
    """Wait in the page itself until `condition` holds, looking at each change; fails after half a minute."""
    begun = time.monotonic()
    script = f"""new Promise(done => {{
      const look = () => {{ if ({condition}) {{ seen.disconnect(); done(true); }} }};
      const seen = new MutationObserver(look);
      seen.observe(document.body, {{ childList: true, subtree: true }});
      setTimeout(() => done(false), 30000);
      look();
    }})"""
    assert tab.run(script), f"not within {time.monotonic() - begun:.0f} s: {condition}"
