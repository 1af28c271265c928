"""What a person and a program read of the lists."""

import json
from dataclasses import replace
from datetime import timedelta

from gateway.report_lists import PUBLIC, lists_of
from gateway.updates.status import publish, status_lines, status_of
from gateway.vitals import ListState
from tests.gateway.updates.conftest import NOW, hosts


def lines(bench, now=NOW):
    (one,) = status_of(bench.room.lists, [bench.source])
    return status_lines(replace(one, since=one.since and NOW), now)


def test_a_list_that_is_not_there_says_so(bench):
    assert lines(bench)[0] == "malware: NOT THERE, nothing is blocked by it"


def test_a_list_put_there_by_hand_is_told_as_the_resolver_has_it(bench):
    bench.source = replace(bench.source, url="")
    file = bench.room.lists / bench.source.path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(hosts(30))
    (one,) = status_of(bench.room.lists, [bench.source], [ListState("malware", 30, 3, "")])
    told = status_lines(replace(one, since=NOW), NOW)
    assert told[0] == "malware: 30 rules in force, in use for 0 min"
    assert "  3 lines rejected; `clinicgate lists import FILE` says why" in told
    assert one.as_dict()["in_force"] == {"id": "malware", "rules": 30, "rejects": 3, "problem": ""}
    (bad,) = status_of(bench.room.lists, [bench.source], [ListState("malware", 0, 0, "a web page")])
    assert status_lines(bad, NOW)[0].endswith(", NOT IN FORCE: a web page")


def test_age_rules_rejects_licence_and_what_it_hits(bench):
    bench.source = replace(bench.source, licence="GPL-3.0 \x1b[31m")
    bench.serve(hosts(30) + b"0.0.0.0 bad-1.example\n0.0.0.0 ameli.fr\n")
    bench.update()
    told = lines(bench, NOW + timedelta(hours=3))
    assert told[0] == "malware: 31 rules of the hosts format, in use for 3 h"
    assert "  licence: GPL-3.0 \\x1b[31m" in told and "  news looked for: 3 h ago" in told
    assert "  hits protected names, which stay free: ameli.fr" in told
    assert "  1 lines rejected: the same list says the same, or more, on another line" in told
    assert lines(bench, NOW + timedelta(days=4))[0].endswith("4 days, OLD")


def test_what_was_held_back_and_the_version_before(bench):
    bench.serve(hosts(100))
    bench.update()
    bench.serve(hosts(101))
    bench.update()
    bench.serve(hosts(1))
    bench.update()
    told = "\n".join(lines(bench))
    assert "HELD BACK: 1 rules instead of 101" in told and f"the version before: {bench.work / 'before'}" in told


def test_a_wrong_path_is_trouble(bench):
    bench.source = replace(bench.source, path="x/../../y")
    assert any("trouble: " in line and "leads out" in line for line in lines(bench))


def test_the_same_for_machines(bench):
    bench.serve(hosts(100))
    bench.update()
    (one,) = status_of(bench.room.lists, [bench.source])
    told = json.loads(json.dumps(one.as_dict()))
    assert (told["name"], told["about"]["rules"], told["held"], told["before"]) == ("malware", 100, False, None)


def test_a_copy_is_left_for_the_owners_page(bench):
    bench.serve(hosts(100) + b"0.0.0.0 ameli.fr\n")
    bench.update()
    bench.serve(hosts(1))
    bench.update()
    bench.source = replace(bench.source, label="Malware", category="malware")
    publish(bench.room.lists, [bench.source])
    file = bench.room.lists / PUBLIC
    assert file.stat().st_mode & 0o777 == 0o644
    (told,) = lists_of(bench.room.lists, NOW.timestamp())
    assert (told.label, told.category, told.rules, told.protected) == ("Malware", "malware", 101, ("ameli.fr",))
    assert told.held and told.trouble.startswith("1 rules instead of 101")
    assert told.since is not None and not told.old
