"""What crosses the gateway: default drop, feeds, forwards, the always-refused list, one chain a pair."""

from itertools import product

import pytest

from ruleset.compile_forward import pair_chain
from ruleset.live import Features, LiveState
from ruleset.tree import CtDnat, CtMark, Dispatch, FlowAdd, Goto, Hook, Iif, Oif
from tests.ruleset.written import SIGNED, compiled, load, permit

FORWARD = {"uplink": "fibre", "protocol": "udp", "port": 51820, "to": "emr"} | SIGNED


def rules(ruleset, ident, chain="forward"):
    return [rule for rule in ruleset.chain(chain).rules if rule.id == ident]


def pair_map(ruleset):
    (rule,) = rules(ruleset, "core:forward:pairs")
    (dispatch,) = rule.statements
    assert isinstance(dispatch, Dispatch)
    return dict(dispatch.entries)


def test_the_hook_drops_what_nothing_decides():
    assert compiled().chain("forward").hook == Hook("filter", "forward", 0, "drop")


def test_every_ordered_pair_of_interfaces_has_an_entry():
    sections = {"uplinks": {"mobile": {"port": "wwan0"}}}
    interfaces = [s.ifname for s in load(**sections).segments] + ["eth0", "wwan0"]
    assert set(pair_map(compiled(**sections))) == set(product(interfaces, interfaces))


def test_a_pair_without_a_grant_ends_at_once_and_one_with_a_grant_in_its_chain():
    entries = pair_map(compiled())
    assert entries["eth1.60", "eth0"] == Goto("refused-cam")
    assert entries["eth1.20", "eth0"] == Goto("pair-pc-to-internet")
    assert entries["eth0", "eth1.20"] == Goto("refused-internet")


def test_a_permit_makes_the_chain_of_its_pair_and_no_other():
    before = {chain.name for chain in compiled().chains}
    after = {chain.name for chain in compiled(permits={"p": permit("admin-pc", "xray", "ssh")}).chains}
    assert after - before == {pair_chain("mgmt", "med")} == {"pair-mgmt-to-med"}


def test_a_pair_chain_ends_where_its_source_ends():
    for chain in compiled().chains:
        if chain.name.startswith("pair-"):
            source = chain.name.removeprefix("pair-").partition("-to-")[0]
            assert chain.rules[-1].matches == () and chain.rules[-1].statements == (Goto(f"refused-{source}"),)


def test_feeds_count_on_every_uplink_in_both_directions_before_any_permission():
    ruleset = compiled(uplinks={"mobile": {"port": "wwan0"}}, forwards={"f": FORWARD})
    order = [rule.id for rule in ruleset.chain("forward").rules]
    assert order.index("core:forward:feed") < order.index("forward:f") < order.index("core:forward:pairs")
    sides = [rule.matches[0] for rule in rules(ruleset, "core:forward:feed")]
    assert set(sides) == {Iif(("eth0", "wwan0")), Oif(("eth0", "wwan0"))} and len(sides) == 12


def test_a_forward_is_let_in_only_after_translation_and_from_its_uplink():
    ruleset = compiled(
        uplinks={"mobile": {"port": "wwan0"}}, forwards={"f": FORWARD | {"uplink": "mobile", "to_port": 9}}
    )
    found = rules(ruleset, "forward:f")
    assert len(found) == 2
    for rule in found:
        assert rule.matches[0] == Iif(("wwan0",)) and CtDnat() in rule.matches
        assert rule.matches[-1].dports[0].first == 9


def test_the_always_refused_list_stands_before_the_pairs_and_only_towards_the_internet():
    ruleset = compiled()
    order = [rule.id for rule in ruleset.chain("forward").rules]
    assert order.index("core:forward:always-refused") < order.index("core:forward:pairs")
    assert rules(ruleset, "core:forward:always-refused")[0].matches == (Oif(("eth0",)),)


def test_a_waived_permit_stands_before_the_list_for_its_own_zone_alone():
    permits = {"mail": permit("emr", "198.51.100.25", "smtp"), "inside": permit("camera-1", "emr", "https")}
    waivers = {"w": {"covers": "mail"} | SIGNED, "v": {"covers": "inside"} | SIGNED}
    first, *others = compiled(permits=permits, waivers=waivers).chain("always-refused").rules
    assert first.id == "permit:mail" and first.matches[0] == Iif(("eth1.30",))
    assert not [rule for rule in others if rule.id.startswith("permit:")]


def test_only_proven_flows_take_the_fast_path():
    clinic = load()
    live = LiveState(
        (), Features(True, tuple(s.ifname for s in clinic.segments) + tuple(o.ifname for o in clinic.outsides))
    )
    (rule,) = rules(compiled(live=live), "core:offload")
    assert CtMark(1, 0) in rule.matches and isinstance(rule.statements[0], FlowAdd)
    assert rules(compiled(), "core:offload") == []


@pytest.mark.parametrize("name", ["forward", "input"])
def test_what_comes_to_the_end_of_a_hook_is_told_and_dropped(name):
    assert [rule.id for rule in compiled().chain(name).rules[-2:]] == ["core:refused:other"] * 2
