"""One cause is told once, a hiccup is not told, and every check can both be wrong and be right."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.health import (
    CHECKS,
    Check,
    HealthWatch,
    Observed,
    Severity,
    State,
    read_sign_of_life,
    resolver_facts,
    withdraw_sign_of_life,
    write_sign_of_life,
)
from gateway.vitals import ListState, Vitals, write_vitals

NOW = 1_800_000_000.0
FINE = Observed(
    status={"generation": 3, "pending": None},
    facts={"heartbeat": str(NOW), "resolver_answered": str(NOW), "log": "open", "disk_free_percent": "61.5"},
)
WRONG = {
    "enforcer-unreachable": replace(FINE, status=None),
    "policy-missing": replace(FINE, status={"generation": 0, "state": "closed"}),
    "policy-drift": replace(FINE, status={"generation": 3, "drift": ["chain forward: a rule more"]}),
    "policy-stand-in": replace(FINE, status={"generation": 3, "state": "stand-in"}),
    "policy-unconfirmed": replace(FINE, status={"generation": 3, "pending": {"generation": 4}}),
    "store-unreadable": replace(FINE, facts={}, store_error="no event store"),
    "watcher-silent": replace(FINE, facts={**FINE.facts, "heartbeat": str(NOW - 60)}),
    "log-unheard": replace(FINE, facts={**FINE.facts, "log": "taken"}),
    "resolver-silent": replace(FINE, facts={**FINE.facts, "resolver_answered": "not a number"}),
    "recursion-down": replace(FINE, vitals=Vitals(NOW, "down")),
    "upstreams-silent": replace(FINE, vitals=Vitals(NOW, upstreams="silent")),
    "resolver-overloaded": replace(FINE, vitals=Vitals(NOW, overload=1)),
    "time-unknown": replace(FINE, vitals=Vitals(NOW, "running")),
    "list-missing": replace(FINE, lists=(ListState("malware", 0, 0, "no file"),)),
    "list-refused": replace(FINE, lists=(ListState("malware", 120, 0, "it is a web page"),)),
    "list-old": replace(FINE, old_lists=("malware",)),
    "records-lost": replace(FINE, lost_today=1),
    "disk-full": replace(FINE, facts={**FINE.facts, "disk_free_percent": "1.0"}),
    "disk-low": replace(FINE, facts={**FINE.facts, "disk_free_percent": "9.9"}),
}


def only(code: str) -> HealthWatch:
    return HealthWatch(tuple(check for check in CHECKS if check.code == code))


def test_the_table_names_every_check_and_only_earlier_ones_are_depended_on():
    codes = [check.code for check in CHECKS]
    assert sorted(codes) == sorted(WRONG)
    for index, check in enumerate(CHECKS):
        assert set(check.depends_on) <= set(codes[:index])


@pytest.mark.parametrize("code", sorted(WRONG))
def test_each_check_is_silent_when_fine_and_tells_after_its_delay(code: str):
    (check,) = [c for c in CHECKS if c.code == code]
    watch = HealthWatch()
    assert watch.look(FINE, NOW).findings == ()
    found = watch.look(WRONG[code], NOW).findings
    assert [f.code for f in found] == ([code] if check.delay == 0 else [])
    if check.delay:  # as time passes, times in the facts grow old too: look at this check alone
        alone = only(code)
        assert alone.look(WRONG[code], NOW).findings == ()
        assert [f.code for f in alone.look(WRONG[code], NOW + check.delay).findings] == [code]


def test_fine_stays_fine_as_time_passes():
    watch = HealthWatch()
    for later in (0, 60, 120):
        fresh = {"heartbeat": str(NOW + later - 3), "resolver_answered": str(NOW + later - 10)}
        health = watch.look(replace(FINE, facts={**FINE.facts, **fresh}), NOW + later)
        assert (health.state, health.findings) == (State.PROTECTED, ())


def test_the_first_look_at_a_missing_list_is_not_everything_in_order():
    health = HealthWatch().look(WRONG["list-missing"], NOW)
    assert health.state is State.ATTENTION
    compiling = replace(FINE, lists=(ListState("malware", 0, 0, "being compiled"),))
    assert HealthWatch().look(compiling, NOW).state is State.PROTECTED


def test_a_hiccup_starts_the_delay_anew():
    watch = only("enforcer-unreachable")
    gone = WRONG["enforcer-unreachable"]
    assert watch.look(gone, NOW).findings == ()
    assert watch.look(FINE, NOW + 9).findings == ()
    assert watch.look(gone, NOW + 11).findings == ()
    assert len(watch.look(gone, NOW + 21).findings) == 1


def test_the_cause_is_told_and_not_its_consequences():
    watch = HealthWatch()
    nothing = Observed(status=None, store_error="no event store")
    watch.look(nothing, NOW)
    health = watch.look(nothing, NOW + 60)
    assert {f.code for f in health.findings} == {"enforcer-unreachable", "store-unreadable"}
    assert health.state is State.UNKNOWN


def test_nothing_is_called_protected_before_the_guard_was_seen_once():
    watch = HealthWatch()
    assert watch.look(WRONG["enforcer-unreachable"], NOW).state is State.UNKNOWN
    assert watch.look(FINE, NOW + 1).state is State.PROTECTED
    assert watch.look(WRONG["enforcer-unreachable"], NOW + 2).state is State.PROTECTED


def test_somebody_isolated_is_neither_plain_order_nor_less_than_trouble():
    cut_off = replace(FINE, status={**(FINE.status or {}), "quarantine": [{"device": "xray"}]})
    assert HealthWatch().look(cut_off, NOW).state is State.ISOLATED
    released = replace(FINE, status={**(FINE.status or {}), "quarantine": []})
    assert HealthWatch().look(released, NOW).state is State.PROTECTED
    broken = (Check("big", Severity.ATTENTION, lambda o, n: True),)
    assert HealthWatch(broken).look(cut_off, NOW).state is State.ATTENTION


def test_a_clock_that_jumped_back_is_not_taken_for_a_sign_of_life():
    watch = only("watcher-silent")
    for later in (0, 10):
        health = watch.look(replace(FINE, facts={"heartbeat": str(NOW + 86400)}), NOW + later)
    assert [f.code for f in health.findings] == ["watcher-silent"]


@pytest.mark.parametrize(
    ("severity", "state"),
    [(Severity.NOTE, State.PROTECTED), (Severity.ATTENTION, State.ATTENTION), (Severity.PROBLEM, State.PROBLEM)],
)
def test_the_worst_finding_decides_the_state(severity: Severity, state: State):
    checks = (Check("small", Severity.NOTE, lambda o, n: True), Check("big", severity, lambda o, n: True))
    health = HealthWatch(checks).look(FINE, NOW)
    assert health.state is state
    assert health.findings[0].severity is severity


def test_the_sign_of_life_is_written_whole_and_withdrawn(tmp_path: Path):
    write_sign_of_life(tmp_path, {"heartbeat": "1.5"})
    assert read_sign_of_life(tmp_path) == {"heartbeat": "1.5"}
    assert [path.name for path in tmp_path.iterdir()] == ["watcher.json"]
    withdraw_sign_of_life(tmp_path)
    assert read_sign_of_life(tmp_path) == {}
    write_sign_of_life(tmp_path / "gone", {"heartbeat": "1"})
    assert read_sign_of_life(tmp_path / "gone") == {}


def test_what_the_resolver_says_is_read_from_its_two_files(tmp_path: Path):
    assert resolver_facts(tmp_path / "vitals", tmp_path / "status", NOW) == (None, ())
    write_vitals(tmp_path / "vitals", Vitals(NOW, "running"))
    (tmp_path / "status").write_text('{"lists": [{"id": "malware", "rules": 1}]}')
    vitals, lists = resolver_facts(tmp_path / "vitals", tmp_path / "status", NOW)
    assert (vitals, lists) == (Vitals(NOW, "running"), (ListState("malware", 1, 0, ""),))


def test_a_resolver_that_says_nothing_is_no_second_trouble():
    watch = HealthWatch()
    for later in (0, 60, 120):
        fresh = {"heartbeat": str(NOW + later), "resolver_answered": str(NOW + later)}
        assert watch.look(replace(FINE, facts={**FINE.facts, **fresh}, vitals=None), NOW + later).findings == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'"x"', b"[" * 100_000])
def test_a_broken_sign_of_life_is_none(tmp_path: Path, content: bytes):
    (tmp_path / "watcher.json").write_bytes(content)
    assert read_sign_of_life(tmp_path) == {}
