"""A packet's fate under hand-made rulesets, one sentence of nft(8) a test."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruleset import tree
from ruleset.evaluate import STATEMENTS, WALKED, evaluate
from ruleset.packet import Packet
from ruleset.tree import (
    L4,
    Accept,
    Addr,
    Count,
    CtDnat,
    CtState,
    Dispatch,
    Dnat,
    Drop,
    FlowAdd,
    Goto,
    Iif,
    Jump,
    LocalDestination,
    LogRefused,
    Masquerade,
    Oif,
    PortRange,
    Redirect,
    Reject,
    Return,
)
from tests.ruleset.small_clinic import base, chain, clinic, ip, net, rule, ruleset

CLINIC = clinic()
TO_SERVER = Packet("eth1.20", ip("10.20.20.11"), ip("10.20.30.10"), "tcp", 8443)
TO_GATEWAY = replace(TO_SERVER, dst=ip("10.20.20.1"), dport=53)
TO_INTERNET = replace(TO_SERVER, dst=ip("198.51.100.7"), dport=443)
HTTPS = L4("tcp", (PortRange(443, 443),))


def fate(rules, packet):
    return evaluate(rules, CLINIC, packet)


def test_every_kind_of_statement_in_the_tree_has_its_meaning():
    kinds = set(get_args(tree.Statement))
    assert set(STATEMENTS) | set(WALKED) == kinds


def test_a_packet_for_a_zone_meets_the_forward_hook_and_one_for_the_box_the_input_hook():
    rules = ruleset(base("input", rule("in", Accept())), base("forward", rule("fwd", Reject())))
    assert (fate(rules, TO_SERVER).verdict, fate(rules, TO_SERVER).rule_id) == ("reject", "fwd")
    assert (fate(rules, TO_GATEWAY).verdict, fate(rules, TO_GATEWAY).rule_id) == ("accept", "in")
    assert fate(rules, TO_SERVER).oif == "eth1.30"
    assert fate(rules, TO_INTERNET).oif == "eth0"


def test_nothing_matched_means_the_policy_of_the_base_chain():
    rules = ruleset(base("forward", rule("web", HTTPS, Accept()), policy="drop"))
    outcome = fate(rules, TO_SERVER)
    assert (outcome.verdict, outcome.rule_id, outcome.path) == ("drop", "policy:forward", ())


def test_the_first_verdict_ends_a_chain():
    rules = ruleset(base("forward", rule("first", Accept()), rule("second", Drop())))
    assert fate(rules, TO_SERVER).path == ("first",)


def test_an_accept_ends_its_base_chain_only_and_a_drop_is_final():
    early = base("prerouting", rule("raw", Accept()), name="raw", priority=-300, policy="accept")
    late = base("forward", rule("late", Drop()), name="late", priority=10)
    first = base("forward", rule("early", Accept()), name="early", priority=-10)
    outcome = fate(ruleset(late, first, early), TO_SERVER)
    assert (outcome.verdict, outcome.rule_id, outcome.path) == ("drop", "late", ("raw", "early", "late"))


def test_a_rule_that_accepts_decides_even_when_a_later_policy_accepts_too():
    later = base("forward", name="later", priority=10, policy="accept")
    rules = ruleset(base("forward", rule("permit", Accept())), later)
    assert (fate(rules, TO_SERVER).rule_id, fate(rules, TO_SERVER).chain) == ("permit", "forward")


def test_a_drop_before_routing_never_reaches_forward():
    rules = ruleset(base("prerouting", rule("spoof", Drop()), policy="accept"), base("forward", rule("f", Accept())))
    assert fate(rules, TO_SERVER).path == ("spoof",)


def test_jump_comes_back_to_the_next_rule_and_goto_does_not():
    helper = chain("helper", rule("seen", Count("c")))
    jumped = ruleset(base("forward", rule("go", Jump("helper")), rule("then", Accept())), helper)
    gone = ruleset(base("forward", rule("go", Goto("helper")), rule("then", Accept())), helper)
    assert fate(jumped, TO_SERVER).path == ("go", "seen", "then")
    assert fate(jumped, TO_SERVER).counters == ("c",)
    assert (fate(gone, TO_SERVER).path, fate(gone, TO_SERVER).rule_id) == (("go", "seen"), "policy:forward")


def test_goto_from_a_jumped_chain_returns_to_the_jump():
    middle = chain("middle", rule("leave", Goto("end")), rule("never", Drop()))
    rules = ruleset(base("forward", rule("go", Jump("middle")), rule("then", Accept())), middle, chain("end"))
    assert fate(rules, TO_SERVER).path == ("go", "leave", "then")


def test_return_goes_back_to_the_caller():
    helper = chain("helper", rule("back", Return()), rule("never", Drop()))
    rules = ruleset(base("forward", rule("go", Jump("helper")), rule("then", Accept())), helper)
    assert fate(rules, TO_SERVER).path == ("go", "back", "then")


def test_return_in_a_base_chain_means_its_policy():
    rules = ruleset(base("forward", rule("back", Return()), rule("never", Accept())))
    assert fate(rules, TO_SERVER).rule_id == "policy:forward"


def test_the_verdict_map_sends_a_pair_to_its_chain_and_others_on():
    pairs = Dispatch("iifname . oifname", ((("eth1.20", "eth1.30"), Jump("pc-srv")),))
    rules = ruleset(base("forward", rule("pairs", pairs), rule("rest", Drop())), chain("pc-srv", rule("emr", Accept())))
    assert fate(rules, TO_SERVER).rule_id == "emr"
    assert fate(rules, TO_INTERNET).rule_id == "rest"


def test_a_verdict_map_without_a_fitting_entry_ends_its_rule():
    rules = ruleset(base("forward", rule("pairs", Dispatch("iifname", ()), Accept()), policy="drop"))
    assert fate(rules, TO_SERVER).rule_id == "policy:forward"


def test_a_state_map_knows_the_state():
    states = Dispatch("ct state", ((("established",), Accept()), (("invalid",), Drop())))
    rules = ruleset(base("forward", rule("state", states), rule("rest", Reject())))
    assert fate(rules, replace(TO_SERVER, state="established")).verdict == "accept"
    assert fate(rules, replace(TO_SERVER, state="invalid")).verdict == "drop"
    assert fate(rules, TO_SERVER).verdict == "reject"


def test_a_redirected_packet_is_judged_by_the_input_hook_under_its_new_destination():
    nat = base("prerouting", rule("dns", Iif(("eth1.20",)), Redirect(53)), type="nat", priority=-100, policy="accept")
    rules = ruleset(nat, base("input", rule("in", L4("tcp", (PortRange(53, 53),)), CtDnat(), Accept())))
    outcome = fate(rules, TO_INTERNET)
    assert outcome.translated == (ip("10.20.20.1"), 53)
    assert outcome.verdict == "accept"


def test_a_redirect_that_changes_nothing_is_no_dnat():
    nat = base("prerouting", rule("dns", Redirect(53)), type="nat", priority=-100, policy="accept")
    rules = ruleset(nat, base("input", rule("in", CtDnat(), Accept())))
    assert fate(rules, TO_GATEWAY).rule_id == "policy:input"


def test_a_port_forward_is_routed_after_its_translation():
    match = (Iif(("eth0",)), LocalDestination(), L4("tcp", (PortRange(8443, 8443),)))
    nat = base(
        "prerouting", rule("vpn", *match, Dnat(4, "10.20.30.10", 443)), type="nat", priority=-100, policy="accept"
    )
    rules = ruleset(nat, base("forward", rule("fwd", CtDnat(), Oif(("eth1.30",)), HTTPS, Accept())))
    outcome = fate(rules, Packet("eth0", ip("198.51.100.7"), ip("203.0.113.2"), "tcp", 8443))
    assert (outcome.verdict, outcome.rule_id, outcome.oif) == ("accept", "fwd", "eth1.30")
    by_dhcp = fate(rules, Packet("eth0", ip("198.51.100.7"), ip("192.0.2.99"), "tcp", 8443, local=True))
    assert by_dhcp.rule_id == "fwd"


def test_a_dnat_of_the_other_family_has_no_effect():
    nat = base("prerouting", rule("vpn", Dnat(6, "2001:db8::1", 1)), type="nat", priority=-100, policy="accept")
    assert fate(ruleset(nat), TO_SERVER).translated is None


@pytest.mark.parametrize(("state", "translated"), [("new", True), ("established", False), ("invalid", False)])
def test_nat_chains_see_only_new_connections(state, translated):
    nat = base("prerouting", rule("dns", Redirect(53)), type="nat", priority=-100, policy="accept")
    outcome = fate(ruleset(nat), replace(TO_INTERNET, state=state))
    assert (outcome.translated is not None) is translated


def test_the_first_translation_on_a_hook_stands():
    one = base("prerouting", rule("one", Redirect(53)), name="a", type="nat", priority=-100, policy="accept")
    two = base("prerouting", rule("two", Redirect(80)), name="b", type="nat", priority=-90, policy="accept")
    assert fate(ruleset(one, two), TO_INTERNET).path == ("one",)


def test_masquerade_is_on_the_way_out_only():
    nat = base("postrouting", rule("out", Oif(("eth0",)), Masquerade()), type="nat", priority=100, policy="accept")
    rules = ruleset(base("forward", rule("f", Accept())), nat)
    assert fate(rules, TO_INTERNET).masqueraded
    assert fate(rules, TO_INTERNET).rule_id == "f"
    assert not fate(rules, TO_SERVER).masqueraded


def test_before_conntrack_every_packet_is_invalid():
    raw = base("prerouting", rule("raw", CtState(("invalid",)), Drop()), priority=-300, policy="accept")
    tracked = base("prerouting", rule("raw", CtState(("invalid",)), Drop()), priority=-150, policy="accept")
    assert fate(ruleset(raw), TO_SERVER).verdict == "drop"
    assert fate(ruleset(tracked), TO_SERVER).verdict == "accept"


def test_counting_logging_and_offloading_go_on():
    rules = ruleset(base("forward", rule("all", Count("n"), LogRefused(5), FlowAdd("f"), Drop())))
    outcome = fate(rules, TO_SERVER)
    assert (outcome.counters, outcome.logged, outcome.offloaded, outcome.verdict) == (("n",), True, True, "drop")


def test_an_ingress_chain_sees_its_devices_only():
    here = base("ingress", rule("i", Drop()), policy="accept", devices=("eth1.20",))
    elsewhere = base("ingress", rule("i", Drop()), policy="accept", devices=("eth0",))
    assert fate(ruleset(here), TO_SERVER).rule_id == "i"
    assert fate(ruleset(elsewhere), TO_SERVER).verdict == "accept"


def test_the_kernel_throws_away_what_has_no_route():
    rules = ruleset(base("forward", rule("f", Accept())))
    assert fate(rules, replace(TO_SERVER, dst=ip("127.0.0.9"))).rule_id == "kernel:martian"
    assert fate(rules, replace(TO_SERVER, src=ip("127.0.0.9"))).rule_id == "kernel:martian"


def test_chains_that_call_each_other_end():
    rules = ruleset(base("forward", rule("a", Jump("x"))), chain("x", rule("b", Jump("x"))))
    assert fate(rules, TO_SERVER).rule_id == "kernel:jump-depth"


ports = st.integers(1, 65535)


@given(port=ports, first=ports, last=ports, source=st.sampled_from(["10.20.20.11", "10.20.20.12"]))
def test_a_rule_lets_through_exactly_what_it_names(port, first, last, source):
    low, high = sorted((first, last))
    only = rule("r", Addr("saddr", 4, net("10.20.20.11/32")), L4("tcp", (PortRange(low, high),)), Accept())
    outcome = fate(ruleset(base("forward", only)), replace(TO_SERVER, src=ip(source), dport=port))
    assert outcome.passed == (source == "10.20.20.11" and low <= port <= high)
