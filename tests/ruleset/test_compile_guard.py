"""What stands before any permission: isolation, running connections, forged sources."""

from dataclasses import replace

import pytest

from ruleset.compile_guard import ISOLATED, RUNNING, source_chain
from ruleset.evaluate import evaluate
from ruleset.live import Features, LiveState, Quarantined
from ruleset.packet import Packet, quarantine_facts
from ruleset.resolved import Address
from ruleset.tree import Accept
from tests.ruleset.small_clinic import ip
from tests.ruleset.written import NOW, compiled, load

CLINIC = load()
ISOLATION = LiveState(
    (Quarantined("reception-1", "02:00:00:00:20:01", ("10.20.20.11", "2001:db8:20:20::11"), "", "", NOW),)
)
WEB = Packet("eth1.20", ip("10.20.20.11"), ip("198.51.100.7"), "tcp", 443, mac="02:00:00:00:20:01")


def order(ruleset, chain):
    return [rule.id for rule in ruleset.chain(chain).rules]


@pytest.mark.parametrize("hook", ["input", "forward"])
def test_isolation_stands_before_what_runs_and_sources_before_permission(hook):
    found = order(compiled(live=ISOLATION), hook)
    assert found.index("core:quarantine") < found.index("core:established") < found.index("core:invalid")
    assert found.index("core:invalid") < found.index("core:source") < len(found) - 1


def test_the_forward_hook_begins_with_isolation():
    assert compiled().chain("forward").rules[0] == ISOLATED


def test_the_quarantine_chain_is_empty_while_nobody_is_isolated():
    assert compiled().chain("quarantine").rules == ()
    assert len(compiled(live=ISOLATION).chain("quarantine").rules) == 5


@pytest.mark.parametrize("state", ["new", "established", "related"])
@pytest.mark.parametrize("change", [{}, {"src": ip("10.20.20.99")}, {"mac": "02:00:00:00:ee:ee"}])
def test_an_isolated_device_is_cut_off_by_mac_and_by_address(state, change):
    outcome = evaluate(
        compiled(live=ISOLATION), CLINIC, replace(WEB, state=state, **change), quarantine_facts(ISOLATION)
    )
    assert (outcome.verdict, outcome.rule_id) == ("drop", "core:quarantine")


def test_nobody_else_is():
    other = replace(WEB, src=ip("10.20.20.12"), mac="02:00:00:00:20:02")
    assert evaluate(compiled(live=ISOLATION), CLINIC, other, quarantine_facts(ISOLATION)).passed


def test_what_belongs_to_no_connection_goes():
    rules = {rule.id: rule for rule in RUNNING}
    assert Accept() in rules["core:established"].statements and Accept() not in rules["core:invalid"].statements
    assert not evaluate(compiled(), CLINIC, replace(WEB, state="invalid")).passed


def sources(zone, source):
    """How the source list of a zone ends for that source: accepted packets go on to other rules."""
    iif = CLINIC.segment(zone).ifname
    target: Address = ip("10.20.30.11") if ip(source).version == 4 else ip("2001:db8:20:30::11")
    return "core:source:forged" in evaluate(compiled(), CLINIC, Packet(iif, ip(source), target, "tcp", 443)).path


@pytest.mark.parametrize("source", ["10.20.20.2", "10.20.20.254", "2001:db8:20:20::2", "fe80::1"])
def test_own_addresses_pass(source):
    assert not sources("pc", source)


@pytest.mark.parametrize(
    "source",
    ["10.20.21.2", "10.20.30.11", "198.51.100.7", "10.20.20.1", "2001:db8:20:20::1", "2001:db8:20:30::11", "fd00::1"],
)
def test_foreign_addresses_and_the_gateways_own_do_not(source):
    assert sources("pc", source)


@pytest.mark.parametrize("source", ["10.20.20.11", "2001:db8:20:30::11", "203.0.113.2", "2001:db8:ffff::2"])
def test_nothing_from_outside_carries_an_address_of_ours(source):
    target = ip("10.20.30.11") if ip(source).version == 4 else ip("2001:db8:20:30::11")
    outcome = evaluate(compiled(), CLINIC, Packet("eth0", ip(source), target, "tcp", 443))
    assert outcome.rule_id in ("core:source:forged", "kernel:martian")


def test_a_source_chain_is_called_like_its_zone():
    assert source_chain("pc") == "source-pc" and compiled().chain("source-fibre").rules


def test_with_a_flow_table_isolation_is_repeated_where_its_packets_pass():
    interfaces = (*(s.ifname for s in CLINIC.segments), "eth0")
    live = replace(ISOLATION, features=Features(True, interfaces))
    ingress = compiled(live=live).chain("ingress")
    assert (
        ingress.rules == (ISOLATED,) and ingress.hook.hook == "ingress" and set(ingress.hook.devices) == set(interfaces)
    )
    with pytest.raises(KeyError):
        compiled(live=ISOLATION).chain("ingress")
