"""Facts about lists from a file that another process wrote: checked field by field, nothing made up."""

import json
from pathlib import Path

import pytest

from gateway.report_lists import PUBLIC, ListFacts, lists_of
from gateway.vitals import ListState

NOW = 1_795_000_000.0
DAY = 86400
GOOD = {
    "name": "malware", "label": "Malware", "category": "malware", "licence": "CC0", "hours": 24, "held": False,
    "url": "https://lists.example:8443/hosts.txt", "since": "2026-11-17T12:00:00+00:00", "trouble": "",
    "fresh": "2026-11-18T12:00:00+00:00", "about": {"rules": 120_000, "protected": ["health.example"]},
}  # fmt: skip


def told(folder: Path, *rows: object, now: float = NOW) -> tuple[ListFacts, ...]:
    (folder / PUBLIC).parent.mkdir(exist_ok=True)
    (folder / PUBLIC).write_text(json.dumps({"lists": rows}))
    return lists_of(folder, now)


def test_a_list_is_told_with_its_terms_and_age(tmp_path: Path):
    (one,) = told(tmp_path, GOOD)
    assert one == ListFacts(
        "malware", "Malware", "malware", "CC0", "lists.example", 120_000, 1794916800.0, False, False, "",
        ("health.example",),
    )  # fmt: skip


def test_a_list_without_news_for_three_times_its_interval_is_old(tmp_path: Path):
    fresh = 1_795_003_200.0
    assert [told(tmp_path, GOOD, now=fresh + days * DAY)[0].old for days in (2.9, 3.1)] == [False, True]
    assert not told(tmp_path, {**GOOD, "url": ""}, now=fresh + 90 * DAY)[0].old, "nobody offers news of it"


def test_a_list_put_there_by_hand_has_the_rules_the_resolver_counts(tmp_path: Path):
    told(tmp_path, {**GOOD, "about": None}, {**GOOD, "name": "ads"}, {**GOOD, "name": "drop"})
    states = ListState("malware", 31, 3, ""), ListState("ads", 7, 0, "")
    assert [one.rules for one in lists_of(tmp_path, NOW, states)] == [31, 7, 120_000]


def test_no_file_or_nonsense_is_nothing(tmp_path: Path):
    assert lists_of(tmp_path / "nowhere", NOW) == ()
    assert told(tmp_path, 1, None, [], {}, {"name": 5}) == ()
    (tmp_path / PUBLIC).write_text("[")
    assert lists_of(tmp_path, NOW) == ()


@pytest.mark.parametrize("wrong", [None, 7, [], {}, "<script>\n" * 500, "http://[", True, -5, 1e300])
def test_strange_fields_are_left_out(tmp_path: Path, wrong: object):
    (one,) = told(tmp_path, {"name": "x", **dict.fromkeys(set(GOOD) - {"name"}, wrong)})
    texts = (one.label, one.category, one.licence, one.publisher, one.trouble, *one.protected)
    assert all(text.isprintable() and len(text) <= 255 for text in texts)
    assert (one.rules, one.since) == (0, None)


def test_what_stands_in_the_facts_is_bounded(tmp_path: Path):
    many = {**GOOD, "about": {"rules": 1, "protected": [f"n{n}.example" for n in range(500)]}}
    found = told(tmp_path, *[many] * 500)
    assert (len(found), len(found[0].protected)) == (100, 20)
