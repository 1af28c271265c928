"""What could ever be accepted: the walk with open matches never misses a rule that accepts."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from ruleset import tree
from ruleset.evaluate import evaluate
from ruleset.packet import Facts, Packet
from ruleset.reach import MAY_FIT, Kind, accepting
from ruleset.tree import (
    L4,
    Accept,
    Addr,
    CtDnat,
    CtState,
    Dispatch,
    Drop,
    Goto,
    Iif,
    InSet,
    Jump,
    Oif,
    PortRange,
    Rate,
    Return,
)
from tests.ruleset.small_clinic import base, chain, clinic, ip, net, rule, ruleset

KIND = Kind("eth1.20", "eth1.30")


def ids(rules, kind=KIND):
    return [hit.rule.id for hit in accepting(rules, "forward", kind)]


def test_every_kind_of_match_in_the_tree_is_known():
    assert set(MAY_FIT) == set(get_args(tree.Match))


def test_a_rule_with_open_matches_may_accept_and_the_walk_goes_on():
    rules = ruleset(base("forward", rule("web", L4("tcp"), Accept()), rule("all", Accept()), rule("late", Accept())))
    assert ids(rules) == ["web", "all"]


def test_a_sure_drop_ends_the_walk_and_an_open_one_does_not():
    assert ids(ruleset(base("forward", rule("no", Iif(("eth1.20",)), Drop()), rule("yes", Accept())))) == []
    assert ids(ruleset(base("forward", rule("no", Rate(1, 1), Drop()), rule("yes", Accept())))) == ["yes"]


def test_other_interfaces_and_states_do_not_matter():
    rules = ruleset(
        base("forward", rule("a", Oif(("eth0",)), Accept()), rule("b", CtState(("established",)), Accept()))
    )
    assert ids(rules) == []


def test_chains_are_followed_by_jump_goto_and_map():
    pairs = Dispatch("iifname . oifname", ((("eth1.20", "eth1.30"), Goto("pair")),))
    pair = chain("pair", rule("in-pair", L4("udp"), Accept()))
    assert ids(ruleset(base("forward", rule("map", pairs), rule("after", Accept())), pair)) == ["in-pair"]
    assert ids(ruleset(base("forward", rule("go", Jump("pair")), rule("after", Accept())), pair)) == [
        "in-pair",
        "after",
    ]


def test_a_return_that_may_happen_lets_the_caller_go_on():
    back = chain("x", rule("back", L4("tcp"), Return()), rule("no", Drop()))
    assert ids(ruleset(base("forward", rule("go", Jump("x")), rule("after", Accept())), back)) == ["after"]


def test_a_policy_that_accepts_is_an_answer():
    assert ids(ruleset(base("forward", policy="accept"))) == ["policy:forward"]


def test_a_source_network_is_compared_not_guessed():
    rules = ruleset(
        base(
            "forward",
            rule("mine", Addr("saddr", 4, net("10.20.20.0/24")), Drop()),
            rule("part", Addr("saddr", 4, net("10.20.0.0/16"), negate=True), Accept()),
            rule("rest", Accept()),
        )
    )
    assert ids(rules, Kind("eth1.20", "eth1.30", source=net("10.20.20.0/25"))) == []
    assert ids(rules, Kind("eth1.20", "eth1.30", source=net("192.0.2.0/24"))) == ["part"]
    assert ids(rules, Kind("eth1.20", "eth1.30", source=net("192.0.2.0/24", "10.20.20.0/25"))) == ["part", "rest"]
    assert ids(rules, Kind("eth1.20", "eth1.30", source=net("10.20.0.0/16"))) == ["rest"]
    assert ids(rules, Kind("eth1.20", "eth1.30", source=net("2001:db8::/64"))) == ["rest"]


def test_an_open_way_out_may_be_any():
    pairs = Dispatch("iifname . oifname", ((("eth1.20", "eth1.30"), Goto("a")), (("eth1.10", "eth1.30"), Goto("b"))))
    chains = chain("a", rule("in-a", Accept())), chain("b", rule("in-b", Accept()))
    rules = ruleset(base("forward", rule("map", pairs), rule("out", Oif(("eth0",)), Accept())), *chains)
    assert ids(rules, Kind("eth1.20", None)) == ["in-a", "out"]


def test_translation_is_taken_as_given():
    rules = ruleset(base("forward", rule("fwd", CtDnat(), Accept())))
    assert ids(rules) == []
    assert ids(rules, Kind("eth1.20", "eth1.30", dnat=True)) == ["fwd"]


MATCHES = st.sampled_from(
    [
        Iif(("eth1.20",)),
        Oif(("eth0",)),
        L4("tcp", (PortRange(1, 500),)),
        L4("udp"),
        Addr("saddr", 4, net("10.20.20.0/28")),
        Addr("daddr", 4, net("10.20.30.0/24"), negate=True),
        CtState(("new",)),
        InSet("feed4", 4, ("daddr",)),
        CtDnat(),
    ]
)
VERDICTS = st.sampled_from([Accept(), Drop(), Return(), Jump("sub"), Goto("sub")])
RULES = st.lists(st.tuples(st.lists(MATCHES, max_size=2), VERDICTS), max_size=5)


@given(RULES, RULES, st.sampled_from([80, 900]), st.sampled_from(["10.20.20.3", "10.20.20.99"]), st.booleans())
def test_whatever_evaluation_accepts_the_walk_has_named(top, sub, port, source, fed):
    sub = [(matches, Drop() if isinstance(verdict, Jump | Goto) else verdict) for matches, verdict in sub]
    chains = (
        base("forward", *(rule(f"t{i}", *m, v) for i, (m, v) in enumerate(top))),
        chain("sub", *(rule(f"s{i}", *m, v) for i, (m, v) in enumerate(sub))),
    )
    packet = Packet("eth1.20", ip(source), ip("10.20.30.10"), "tcp", port)
    facts = Facts({"feed4": ((net("10.20.30.0/24")[0],),)} if fed else {})
    outcome = evaluate(ruleset(*chains), clinic(), packet, facts)
    assert not outcome.passed or outcome.rule_id in ids(ruleset(*chains))
