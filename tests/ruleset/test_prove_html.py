"""The printable page: whole, self-contained, escaped, readable without colour."""

from dataclasses import replace
from html.parser import HTMLParser

from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.prove import prove
from ruleset.prove_html import html
from tests.ruleset.small_clinic import NOW, clinic, forward

CLINIC = clinic(forwards=(forward(),))
WHOLE = compile_ruleset(CLINIC, NOTHING_LIVE, NOW)
REPORT = prove(CLINIC, WHOLE, NOW)
VOID = {"meta", "rect", "circle", "br"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that tags close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *a) for a in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *a) for a in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_is_well_formed_and_shows_every_field():
    reader = read(html(REPORT))
    assert reader.tags.count("g") == len(REPORT.cells) == 5 * 6
    assert "https" in " ".join(reader.texts)
    assert "✓ " in html(REPORT)


def test_the_page_loads_nothing():
    reader = read(html(REPORT))
    assert not {"script", "link", "img", "iframe", "object", "image", "use"} & set(reader.tags)
    assert not [a for a in reader.attributes if a[1] in ("src", "href", "xlink:href", "action")]
    assert not [a for a in reader.attributes if a[1].startswith("on")]
    assert "@import" not in html(REPORT)


def test_whatever_people_wrote_stays_text():
    evil = "</title></style><script>alert(1)</script>\"'&"
    cells = tuple(replace(c, services=(evil, *c.services)) for c in REPORT.cells)
    rows = tuple(replace(r, rule_id=evil, seen="pass") for r in REPORT.rows)
    page = html(replace(REPORT, label=evil, cells=cells, rows=rows))
    assert "<script" not in page
    assert "script" not in read(page).tags


def test_a_difference_has_a_sign_and_a_frame():
    chains = (replace(c, rules=tuple(r for r in c.rules if r.id != "permit:reception-emr")) for c in WHOLE.chains)
    page = html(prove(CLINIC, replace(WHOLE, chains=tuple(chains)), NOW))
    assert 'stroke-width="4"' in page
    assert "reception-1" in page
    assert 'stroke-width="4"' not in html(REPORT)


def test_what_is_loaded_and_was_not_computed_is_told():
    page = html(replace(REPORT, drift=("changed by hand: <b>chain</b>",)))
    assert "≠ " in page and "✓ " not in page
    assert "changed by hand: &lt;b&gt;chain" in page
    assert "<li>changed by hand" not in html(REPORT)


def test_extents_differ_in_marks_and_hatching_not_only_in_colour():
    page = html(REPORT)
    for mark in ("●", "◐", "–", "="):
        assert page.count(mark) >= 2
    assert "url(#some)" in page
    assert "url(#same)" in page
    assert "@media print" in page


def test_the_legend_stands_once_and_rows_only_name_the_extent():
    report = replace(REPORT, cells=tuple(replace(c, services=("https",), extent="all") for c in REPORT.cells))
    page = html(report)
    assert page.count("the whole zone may, on the services named") == 1
    assert page.count('<td class="figure">whole zone</td>') == len(report.cells)


def test_a_field_with_many_services_says_how_many_are_left_out():
    many = tuple(f"service-{i}" for i in range(9))
    cells = tuple(replace(c, services=many) for c in REPORT.cells)
    page = html(replace(REPORT, cells=cells))
    assert "+7" in page
    assert ", ".join(many) in page
