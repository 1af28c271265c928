"""The plan as a whole: sorted, summarised, bounded, for people and for machines."""

import json
from dataclasses import replace

from ruleset.plan import MAX_SHOWN, plan
from ruleset.plan_text import SENTENCES
from tests.ruleset.small_clinic import GRANTS, NOW, clinic, device, forward, grant, tcp, zone

OLD = clinic()
CAMERA = grant("permit:cam", device("camera-1"), zone("internet"), tcp(443))


def test_nothing_changes_between_equal_sites():
    assert plan(OLD, OLD, NOW).text() == "Nothing changes.\n"
    assert plan(OLD, OLD, NOW).risk == "low"


def test_the_riskiest_is_said_first_with_its_reason():
    result = plan(OLD, clinic(grants=(*GRANTS, CAMERA), forwards=(forward(),)), NOW)
    lines = result.text().splitlines()
    assert lines[0] == "2 changes, highest risk: critical"
    assert lines[1].startswith("  [critical] the internet may now reach emr")
    assert lines[2].startswith("  [high] camera-1 may now reach the internet (tcp 443)")
    assert "stay off the internet by the rules of the house" in lines[2]


def test_a_first_policy_is_compared_with_nothing():
    first = plan(None, OLD, NOW)
    assert first.first
    assert first.text().startswith("First policy: ")
    assert len(first.access) == len(first.changes) < 12
    assert all(c.code == "access-gained" for c in first.changes)


def test_changes_without_access_say_so():
    renumbered = replace(OLD, hosts=tuple(replace(h, mac="02:00:00:00:00:ff") for h in OLD.hosts[:1]) + OLD.hosts[1:])
    assert "Nobody gains or loses access." in plan(OLD, renumbered, NOW).text()


def test_a_long_plan_is_cut_for_people_and_whole_for_machines():
    many = tuple(replace(h, name=f"new-{i}") for i, h in enumerate(OLD.hosts * 20))
    result = plan(OLD, replace(OLD, hosts=many), NOW)
    assert len(result.text().splitlines()) <= MAX_SHOWN + 4
    data = json.loads(json.dumps(result.as_dict()))
    assert len(data["changes"]) == len(result.changes) > MAX_SHOWN
    assert all(change["code"] in SENTENCES for change in data["changes"])
