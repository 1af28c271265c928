"""The rules of the house: a compiled clinic keeps them, and each way to break one is found and named."""

from dataclasses import replace

import pytest

from ruleset.compile import compile_ruleset
from ruleset.invariants import check
from ruleset.live import NOTHING_LIVE, Features, LiveState, Quarantined
from ruleset.tree import L4, Accept, Addr, CtDnat, CtState, Dnat, Icmp, Iif, Oif, PortRange, Return, Rule
from tests.ruleset.small_clinic import (
    GRANTS,
    NOW,
    clinic,
    device,
    forward,
    grant,
    net,
    origin,
    rule,
    tcp,
    zone,
)

CLINIC = clinic(forwards=(forward(),))
WHOLE = compile_ruleset(CLINIC, NOTHING_LIVE, NOW)
SOMEBODY = LiveState((Quarantined("room-1", "02:00:00:00:00:03", ("10.20.20.12",), "worm", "owner", NOW),))
ISOLATING = compile_ruleset(CLINIC, SOMEBODY, NOW)

TRANSLATE = next(c.name for c in WHOLE.chains if c.hook and (c.hook.type, c.hook.hook) == ("nat", "prerouting"))


def with_chain(name, change, rules=WHOLE):
    """The compiled clinic with one chain changed."""
    rules.chain(name)
    chains = tuple(change(c) if c.name == name else c for c in rules.chains)
    ids = {r.id for c in chains for r in c.rules}
    return replace(rules, chains=chains, origins={i: origin(1) for i in ids})


def with_rule(name, new, at=0, rules=WHOLE):
    return with_chain(name, lambda c: replace(c, rules=(*c.rules[:at], new, *c.rules[at:])), rules)


def without(name, ident, rules=WHOLE):
    return with_chain(name, lambda c: replace(c, rules=tuple(r for r in c.rules if r.id != ident)), rules)


def broken(rules, resolved=CLINIC):
    return {(v.id, v.rule_id) for v in check(resolved, rules)}


def test_a_compiled_clinic_keeps_every_invariant():
    assert check(CLINIC, WHOLE) == []


@pytest.mark.parametrize("name", ["input", "forward"])
def test_what_nothing_allows_is_dropped(name):
    rules = with_chain(name, lambda c: replace(c, hook=replace(c.hook, policy="accept")))
    assert ("default-drop", f"policy:{name}") in broken(rules)


def test_a_missing_hook_is_no_default_drop():
    rules = replace(WHOLE, chains=tuple(c for c in WHOLE.chains if c.name != "forward"))
    assert ("default-drop", "policy:forward") in broken(rules)


@pytest.mark.parametrize(
    "new",
    [
        rule("permit:hole", Iif(("eth1.60",)), Oif(("eth0",)), L4("tcp", (PortRange(443, 443),)), Accept()),
        rule("permit:hole", L4("udp", (PortRange(40999, 40999),)), Accept()),
        rule("permit:hole", Icmp(4, ("echo-request",)), Accept()),
        rule("permit:hole", Addr("saddr", 4, net("10.20.60.11/32")), Accept()),
    ],
)
def test_a_camera_reaches_the_internet_on_no_port_at_all(new):
    assert ("cam-no-internet", "permit:hole") in broken(with_rule("forward", new))


def test_a_camera_grant_without_waiver_is_named():
    hole = grant("permit:cam-cloud", device("camera-1"), zone("internet"), tcp(443), kind="permit")
    site = clinic(grants=(*GRANTS, hole))
    assert broken(compile_ruleset(site, NOTHING_LIVE, NOW), site) == {("cam-no-internet", "permit:cam-cloud")}


def test_a_waiver_on_the_permit_or_on_the_invariant_is_respected():
    hole = grant("permit:cam-cloud", device("camera-1"), zone("internet"), tcp(443), kind="permit")
    waived = clinic(grants=(*GRANTS, replace(hole, waived=True)))
    assert check(waived, compile_ruleset(waived, NOTHING_LIVE, NOW)) == []
    general = clinic(grants=(*GRANTS, hole), waived_invariants=frozenset({"cam-no-internet"}))
    assert check(general, compile_ruleset(general, NOTHING_LIVE, NOW)) == []


def test_the_internet_reaches_no_zone_unasked():
    hole = rule("permit:hole", Iif(("eth0",)), L4("tcp", (PortRange(8443, 8443),)), Accept())
    assert ("internet-in", "permit:hole") in broken(with_rule("forward", hole))


def test_a_translation_alone_opens_nothing_and_is_still_named():
    hole = rule("permit:hole", CtDnat(), Accept())
    assert ("internet-in", "permit:hole") in broken(with_rule("forward", hole))
    nat = rule("permit:nat", Iif(("eth0",)), Dnat(4, "10.20.30.10", 22))
    assert broken(with_rule(TRANSLATE, nat)) == {("forward-undeclared", "permit:nat")}


@pytest.mark.parametrize("port", [22, 80, 8080])
def test_no_zone_is_led_to_another_service_of_the_gateway(port):
    nat = rule("core:page:redirect", Iif(("eth1.20",)), Dnat(4, "10.20.20.1", port))
    assert broken(with_rule(TRANSLATE, nat)) == {("forward-undeclared", "core:page:redirect")}


def test_a_forward_that_leads_elsewhere_is_named():
    moved = clinic(forwards=(forward(host="files"),))
    assert ("forward-undeclared", "forward:vpn") in broken(WHOLE, moved)


def test_icmp_errors_from_the_internet_are_no_connection():
    errors = rule("core:forward:icmp", Iif(("eth0",)), Icmp(6, ("packet-too-big", "time-exceeded")), Accept())
    behind_sources = 1 + [r.id for r in WHOLE.chain("forward").rules].index("core:source")
    assert check(CLINIC, with_rule("forward", errors, behind_sources)) == []


def test_the_administrator_reaches_the_page_and_ssh():
    rules = without("input-mgmt", "pack:base:mgmt-gateway-admin")
    found = [v for v in check(CLINIC, rules) if v.id == "admin-reaches-gateway"]
    assert {v.rule_id for v in found} == {"core:refused:mgmt"}
    assert len(found) == 4  # two ports, two families


def test_a_clinic_without_management_zone_is_refused():
    orphan = replace(CLINIC, segments=tuple(s for s in CLINIC.segments if s.role != "mgmt"))
    assert ("admin-reaches-gateway", "-") in broken(WHOLE, orphan)


@pytest.mark.parametrize("name", ["input", "forward"])
@pytest.mark.parametrize("rules", [WHOLE, ISOLATING])
def test_isolation_stands_before_anything_established(name, rules):
    assert check(CLINIC, rules, SOMEBODY if rules is ISOLATING else NOTHING_LIVE) == []
    assert ("quarantine-first", "core:established") in broken(without(name, "core:quarantine", rules))
    early = rule("permit:early", CtState(("established",)), Accept())
    assert ("quarantine-first", "permit:early") in broken(with_rule(name, early, rules=rules))


def test_an_empty_isolation_is_noticed_while_somebody_is_isolated():
    assert check(CLINIC, WHOLE) == []
    assert {v.id for v in check(CLINIC, WHOLE, SOMEBODY)} == {"quarantine-first"}


def test_a_missing_isolation_chain_is_noticed():
    renamed = replace(
        WHOLE, chains=tuple(replace(c, name="other") if c.name == "quarantine" else c for c in WHOLE.chains)
    )
    assert {v.id for v in check(CLINIC, renamed)} == {"references"}
    nowhere = without("input", "core:quarantine", without("forward", "core:quarantine"))
    gone = replace(nowhere, chains=tuple(c for c in nowhere.chains if c.name != "quarantine"))
    assert ("quarantine-first", "-") in broken(gone)


@pytest.mark.parametrize("lost", range(5))
def test_no_way_into_isolation_may_be_missing(lost):
    def drop_one(chain):
        return replace(chain, rules=(*chain.rules[:lost], *chain.rules[lost + 1 :]))

    assert len(ISOLATING.chain("quarantine").rules) == 5
    assert {v.id for v in check(CLINIC, with_chain("quarantine", drop_one, ISOLATING))} == {"quarantine-first"}


def test_offloaded_flows_meet_isolation_on_every_device():
    devices = ("eth0", *(s.ifname for s in CLINIC.segments))
    live = replace(SOMEBODY, features=Features(flow_offload=True, interfaces=devices))
    fast = compile_ruleset(CLINIC, live, NOW)
    assert fast.flowtables
    assert check(CLINIC, fast, live) == []
    fewer = with_chain("ingress", lambda c: replace(c, hook=replace(c.hook, devices=c.hook.devices[1:])), fast)
    assert [v.id for v in check(CLINIC, fewer, live)] == ["quarantine-first"]
    blind = replace(fast, chains=tuple(c for c in fast.chains if c.name != "ingress"))
    assert len([v for v in check(CLINIC, blind, live) if "offloaded" in v.what]) == len(devices)


@pytest.mark.parametrize("ifname", ["eth1.10", "eth1.20", "eth1.60", "eth0"])
def test_nobody_sends_under_a_foreign_address(ifname):
    def forget(chain):
        return replace(chain, rules=tuple(_without_entry(r, ifname) for r in chain.rules))

    rules = with_chain("forward", forget, with_chain("input", forget))
    found = check(CLINIC, rules)
    assert {v.id for v in found} == {"anti-spoof"}
    who = {"eth1.10": "zone mgmt", "eth1.20": "zone pc", "eth1.60": "zone cam", "eth0": "uplink fibre"}[ifname]
    assert all(v.what.startswith(who) for v in found)


def _without_entry(rule, ifname):
    if rule.id != "core:source":
        return rule
    entries = tuple(e for e in rule.statements[0].entries if e[0] != (ifname,))
    return replace(rule, statements=(replace(rule.statements[0], entries=entries),))


def test_one_foreign_network_let_through_is_enough():
    hole = rule("permit:hole", Addr("saddr", 4, net("10.20.30.128/25")), Return())
    found = check(CLINIC, with_rule("source-pc", hole))
    assert {v.id for v in found} == {"anti-spoof"}
    assert all("zone pc may send under a foreign IPv4 address" in v.what for v in found)
    own = rule("permit:hole", Addr("saddr", 4, net("10.20.20.1/32")), Return())
    assert {v.id for v in check(CLINIC, with_rule("source-pc", own))} == {"anti-spoof"}


def test_a_tree_that_is_not_whole_is_reported_and_not_walked():
    bad = with_chain("forward", lambda c: replace(c, rules=(Rule('x"', (), (Accept(),)),)))
    assert {v.id for v in check(CLINIC, bad)} == {"rule-id"}


def test_a_violation_has_a_line_and_a_dict():
    violation = check(clinic(), WHOLE)[0]
    assert violation.rule_id in violation.line()
    assert violation.as_dict() == {"id": violation.id, "rule": violation.rule_id, "what": violation.what}
