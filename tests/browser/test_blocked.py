"""The block page in a real browser: two languages, a desk and a telephone, light and dark; it asks for nothing more."""

from pathlib import Path

import pytest

from tests.browser.chromium import chromium
from tests.browser.test_overview import LOW_CONTRAST, WIDER_THAN_THE_PAGE
from tests.webui.blocked.test_server import running

pytestmark = pytest.mark.browser
NAME = "a-rather-long-label-of-a-host.that-nobody-would-type.evil.example"


@pytest.mark.parametrize(("language", "words"), [("en", "stands on the block list"), ("ja", "遮断リスト")])
def test_a_person_sees_what_was_blocked_and_why(language: str, words: str, tmp_path: Path):
    with running() as page, chromium() as tab:
        tab.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        tab.call("Network.setUserAgentOverride", userAgent="test", acceptLanguage=language)
        for width, dark in ((1280, False), (360, True)):
            address = f"http://{NAME}.localhost:{page.ports[4]}/some/path"
            tab.open(address, width, dark=dark)
            assert tab.run("document.documentElement.lang") == language
            text = tab.run("document.body.innerText")
            assert words in text and f"{NAME}.localhost" in text and "Field technician" in text
            assert tab.run(WIDER_THAN_THE_PAGE) == [0, []]
            assert tab.run(LOW_CONTRAST) == []
            assert tab.requests == [address]
            assert [c for c in tab.complaints if "403" not in c] == []
            shot = tmp_path / f"{language}-{width}.png"
            tab.screenshot(shot)
            assert shot.stat().st_size > 10_000
