"""The page of names in a real browser: five languages, narrow and wide, light and dark, hostile names, fresh ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.paths import Paths
from tests.browser.chromium import Tab, chromium
from tests.browser.test_overview import LOW_CONTRAST, UNNAMED, WIDER_THAN_THE_PAGE, served, until
from tests.webui.seed import HOSTILE, alive, enforcer, seed_busy
from tests.webui.seed_names import WITH_ALLOWED, seed_hostile_names, seed_names
from webui import app as application
from webui.i18n import locales

pytestmark = pytest.mark.browser
UNFOLD = "document.querySelectorAll('details').forEach(d => d.open = true)"
CUT_OFF = """[...document.querySelectorAll('.picture svg text')].filter(text => {
  const [own, all] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()];
  return own.left < all.left - 1 || own.right > all.right + 1;
}).map(text => text.textContent)"""

OVERLAPPING = """['mark', 'value'].flatMap(kind => [...document.querySelectorAll('.picture svg')].flatMap(svg => {
  const all = [...svg.querySelectorAll('.' + kind)].map(text => [text.textContent, text.getBoundingClientRect()]);
  return all.filter(([, box], i) => i && box.left < all[i - 1][1].right - 0.5).map(([text]) => text);
}))"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    alive(Paths(tmp_path, tmp_path))
    return Paths(tmp_path, tmp_path)


@pytest.fixture
def busy(paths: Paths) -> Iterator[str]:
    seed_busy(paths.events_database)
    seed_names(paths)
    with enforcer(paths.enforcer_socket, WITH_ALLOWED), served(paths) as address:
        yield address


@pytest.mark.parametrize("page", ["", "names"])
@pytest.mark.parametrize("language", sorted(locales()))
def test_every_language_fits_and_can_be_read(tab: Tab, busy: str, language: str, page: str):
    for width, dark in ((320, True), (390, False), (1280, True), (1280, False)):
        tab.open(f"{busy}{page}?lang={language}", width, dark=dark)
        tab.run(UNFOLD)
        assert tab.run(WIDER_THAN_THE_PAGE) == [0, []], width
        assert tab.run(CUT_OFF) == [], width
        assert tab.run(OVERLAPPING) == [], width
        assert tab.run(LOW_CONTRAST) == [], (width, dark)
        assert tab.run(UNNAMED) == []
    assert tab.complaints == []


def test_the_picture_and_the_bars_are_drawn(tab: Tab, busy: str):
    tab.open(f"{busy}names?lang=en", 1280)
    assert tab.run("document.querySelectorAll('.picture rect.names-bar').length") == 7
    assert tab.run("document.querySelectorAll('.uses rect.through-bar').length") == 9
    assert tab.run("document.querySelector('.picture svg').getAttribute('aria-label')").startswith("Bar chart. 3,")
    assert tab.run("document.querySelector('.line.look .what').innerText").startswith("login.bad-invoice.example")


def test_from_one_page_to_the_other_and_back(tab: Tab, busy: str):
    tab.open(f"{busy}?lang=fr", 390)
    for link, path in ((".further a", "/names"), (".pages a", "/")):
        tab.open(tab.run(f"document.querySelector('{link}').href"), 390)
        assert tab.run("[location.pathname, document.documentElement.lang]") == [path, "fr"]
    assert [url for url in tab.requests if not url.startswith(busy)] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_hostile_names_do_nothing(tab: Tab, paths: Paths, width: int):
    seed_hostile_names(paths)
    evil = [{"name": HOSTILE, "zone": HOSTILE, "reason": HOSTILE, "actor": HOSTILE, "until": 0}]
    with enforcer(paths.enforcer_socket, {**WITH_ALLOWED, "allowances": evil}), served(paths) as address:
        tab.open(f"{address}names?lang=en", width)
        tab.run(UNFOLD)
        assert tab.run("document.scripts.length") == 1
        assert tab.run(WIDER_THAN_THE_PAGE) == [0, []]
        assert "<script>alert(" in tab.run("document.body.innerText")
        assert tab.complaints == []


def test_it_refreshes_itself_and_keeps_what_is_unfolded(tab: Tab, paths: Paths, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(application, "REFRESH_SECONDS", 0.2)
    for kept in ("KEPT_SECONDS", "NAMES_KEPT_SECONDS"):
        monkeypatch.setattr(f"webui.observe.{kept}", 0.0)
    seed_names(paths)
    with enforcer(paths.enforcer_socket), served(paths) as address:
        tab.open(f"{address}names?lang=en", 390)
        tab.run("document.querySelector('.line details').open = true")
        shown = tab.run("document.querySelector('.line .what').innerText")
        seed_names(paths)  # the same week again: everything twice
        until(tab, "document.querySelector('h1').innerText.startsWith('7,136 ')")
        assert tab.run("document.querySelector('.line .what').innerText") == shown
        assert tab.run("document.querySelector('.line details').open")
    assert [line for line in tab.complaints if "ERR_CONNECTION" not in line] == []
