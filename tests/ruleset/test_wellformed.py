"""A tree that is not whole is named before anybody walks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruleset.tree import L4, Accept, Count, Dispatch, Dnat, FlowAdd, Goto, Icmp, Iif, InSet, Jump, OverBudget, Reject
from ruleset.wellformed import malformed
from tests.ruleset.small_clinic import base, chain, rule, ruleset


def flaws(*chains):
    return {flaw.id for flaw in malformed(ruleset(*chains))}


def test_a_whole_tree_has_no_flaw():
    assert (
        flaws(base("forward", rule("go", Jump("x"))), chain("x", rule("a:b_c.d-e", Iif(("eth1.20",)), Accept())))
        == set()
    )


@pytest.mark.parametrize("ident", ["", "Upper", "a b", 'a"', "a\n", "ö", "a" * 128, "a;drop"])
def test_a_rule_id_is_one_harmless_word(ident):
    assert "rule-id" in flaws(base("forward", rule(ident, Accept())))


@given(st.text(max_size=200))
def test_no_text_outside_the_alphabet_passes_as_a_rule_id(text):
    harmless = 1 <= len(text) <= 127 and set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789:_.-")
    assert ("rule-id" in flaws(base("forward", rule(text, Accept())))) is not harmless


@pytest.mark.parametrize(
    "part",
    [
        Iif(('eth0"',)),
        Iif(("eth0; drop",)),
        Iif(("a-name-that-is-too-long",)),
        Icmp(4, ("echo-request }",)),
        Dnat(4, "10.0.0.1; drop", 1),
        Dnat(4, "2001:db8::1", 1),
        Dispatch("iifname", ((("eth0\n",), Accept()),)),
    ],
)
def test_nothing_that_would_end_a_word_gets_into_a_rule(part):
    assert "injection" in flaws(base("forward", rule("r", part)))


@pytest.mark.parametrize(
    "part", [Jump("no"), Goto("no"), InSet("no", 4, ("saddr",)), Count("no"), FlowAdd("no"), OverBudget("no")]
)
def test_whatever_a_rule_names_is_declared(part):
    assert flaws(base("forward", rule("r", part))) == {"references"}


@pytest.mark.parametrize(
    ("matches", "whole"), [((), False), ((L4("udp"),), False), ((L4("tcp"),), True)], ids=["all", "udp", "tcp"]
)
def test_only_tcp_is_reset(matches, whole):
    assert flaws(base("forward", rule("r", *matches, Reject(reset=True)))) == (set() if whole else {"reset"})


def test_a_map_names_declared_chains_too():
    assert flaws(base("forward", rule("r", Dispatch("iifname", ((("eth0",), Goto("no")),))))) == {"references"}


def test_jumps_in_a_circle_are_found():
    circle = (chain("x", rule("b", Jump("y"))), chain("y", rule("c", Goto("x"))))
    assert flaws(base("forward", rule("a", Jump("x"))), *circle) == {"loops"}


def test_a_chain_declared_twice_is_found():
    assert flaws(base("forward"), base("forward")) == {"names"}


def test_every_rule_has_an_origin():
    tree = ruleset(base("forward", rule("r", Accept())))
    tree.origins.clear()
    assert [(f.id, f.rule_id) for f in malformed(tree)] == [("origin", "r")]
