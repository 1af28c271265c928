"""The printable proof in a real browser: no word of its tables is broken on a desk."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.load import load_site
from ruleset.prove import prove
from ruleset.prove_html import html
from tests.browser.chromium import chromium

pytestmark = pytest.mark.browser
NOW = datetime(2026, 6, 1, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "ruleset" / "examples" / "naika-clinic.yaml"
# A word that is drawn in two boxes is broken; a rule's id has no words, so it may break.
BROKEN = """[...document.querySelectorAll('th, td:not(.id)')].flatMap(cell => {
  const text = cell.firstChild;
  return text ? [...text.data.matchAll(/[^\\s-]+/g)].filter(word => {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return range.getClientRects().length > 1;
  }).map(word => word[0]) : [];
})"""


def test_no_word_is_broken_on_a_desk(tmp_path: Path):
    loaded = load_site(EXAMPLE.read_bytes(), EXAMPLE.name, NOW)
    assert loaded.resolved is not None
    report = prove(loaded.resolved, compile_ruleset(loaded.resolved, NOTHING_LIVE, NOW), NOW)
    page = tmp_path / "report.html"
    page.write_text(html(report), encoding="utf-8")
    with chromium() as tab:
        tab.open(page.as_uri(), 1280)
        assert tab.run("document.querySelectorAll('td').length") > 100
        assert tab.run(BROKEN) == []
        assert tab.run("document.documentElement.scrollWidth") <= 1280
