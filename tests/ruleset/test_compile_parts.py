"""What several chains share: refusal, counters, flow tables, origins."""

import pytest

from ruleset.compile_parts import CORE_WHY, counted, counter_name, flowtables, refuse, refused_chain
from ruleset.live import Features, LiveState
from ruleset.tree import Accept, Count, Drop, LogRefused, OverBudget, Rate
from tests.ruleset.written import compiled, load


def test_a_counter_is_called_like_its_rule():
    assert counter_name("permit:emr-1") == "permit.emr-1"
    assert counted("permit:emr-1", Accept()) == (Count("permit.emr-1"), Accept())


def test_a_refusal_is_told_within_a_budget_and_dropped_in_any_case():
    silent, told, dropped = refuse("core:x")
    assert silent.statements == dropped.statements == (Count("core.x"), Drop())
    assert silent.matches == (OverBudget("log_budget"),) and dropped.matches == ()
    assert told.statements == (LogRefused(5),) and isinstance(told.matches[0], Rate)


@pytest.mark.parametrize("side", ["pc", "guest", "internet"])
def test_every_side_has_an_end_with_its_own_counter(side):
    ruleset = compiled()
    assert [r.id for r in ruleset.chain(refused_chain(side)).rules] == [f"core:refused:{side}"] * 3
    assert f"core.refused.{side}" in ruleset.counters


@pytest.mark.parametrize(
    ("offload", "missing", "wanted"), [(True, None, 1), (True, "eth0", 0), (True, "eth1.20", 0), (False, None, 0)]
)
def test_the_fast_path_needs_the_kernel_and_every_interface(offload, missing, wanted):
    clinic = load()
    there = {s.ifname for s in clinic.segments} | {o.ifname for o in clinic.outsides} | {"lo", "wlan0"}
    live = LiveState((), Features(offload, tuple(there - {missing})))
    tables = flowtables(clinic, live)
    assert len(tables) == wanted
    assert all(set(t.devices) == there - {"lo", "wlan0"} for t in tables)


def test_every_rule_of_the_core_has_a_reason():
    ruleset = compiled()
    core = {i for i in ruleset.origins if i.startswith("core:") and not i.startswith("core:refused:")}
    assert core - {"core:input:dhcp"} <= set(CORE_WHY)
    assert all(ruleset.origins[i].why for i in ruleset.origins)
