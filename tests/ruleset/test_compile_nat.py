"""Address translation: names, forwards, masquerade."""

from ipaddress import ip_network

import pytest

from ruleset.compile_nat import nat_chains
from ruleset.tree import Addr, Dnat, Hook, Iif, LocalDestination, Masquerade, Oif
from tests.ruleset.written import NOW, SIGNED, load

FORWARD = {"uplink": "fibre", "protocol": "tcp", "port": 8443, "to": "emr", "to_port": 443} | SIGNED


def chains(now=NOW, **sections):
    return nat_chains(load(**sections), now)


def test_translation_stands_where_the_kernel_does_it():
    before, after = chains()
    assert before.hook == Hook("nat", "prerouting", -100, "accept")
    assert after.hook == Hook("nat", "postrouting", 100, "accept")


def test_names_are_answered_by_the_zones_own_gateway_address():
    asked = [rule for rule in chains()[0].rules if rule.id == "core:dns:redirect"]
    assert len(asked) == 7 * 2 * 2
    mine = {r.statements[0] for r in asked if Iif(("eth1.20",)) in r.matches}
    assert mine == {Dnat(4, "10.20.20.1", 53), Dnat(6, "2001:db8:20:20::1", 53)}
    assert all(rule.matches[-1].dports[0].first == 53 for rule in asked)


def test_a_zone_without_a_family_asks_in_the_other_alone():
    zones = {"six": {"role": "pc", "vlan": 33, "ipv6": "2001:db8:33:33::1/64"}}
    mine = [r for r in chains(zones=zones)[0].rules if Iif(("eth1.33",)) in r.matches]
    assert {rule.statements[0].family for rule in mine} == {6} and len(mine) == 2


def test_nobody_on_the_uplink_side_is_answered():
    assert not [r for r in chains()[0].rules if Iif(("eth0",)) in r.matches]


def test_a_forward_is_translated_on_its_uplink_for_the_boxs_own_addresses():
    mine = [r for r in chains(forwards={"f": FORWARD})[0].rules if r.id == "forward:f"]
    assert [r.statements[0] for r in mine] == [Dnat(4, "10.20.30.11", 443), Dnat(6, "2001:db8:20:30::11", 443)]
    for rule in mine:
        assert rule.matches[0] == Iif(("eth0",)) and LocalDestination() in rule.matches
        assert rule.matches[-1].dports[0].first == 8443


def test_a_forward_that_has_ended_is_not():
    resolved = load(forwards={"f": FORWARD})
    end = resolved.forwards[0].expires
    assert not [r for r in nat_chains(resolved, end)[0].rules if r.id == "forward:f"]


@pytest.mark.parametrize(
    ("ipv6", "translated"), [("fd00:1::1/64", True), ("fc12::1/64", True), ("2001:db8:99:99::1/64", False)]
)
def test_of_ipv6_only_unique_local_addresses_are_masqueraded(ipv6, translated):
    _, after = chains(zones={"x": {"role": "pc", "vlan": 33, "ipv6": ipv6}})
    families = {m.family for rule in after.rules for m in rule.matches if isinstance(m, Addr)}
    assert families == ({4, 6} if translated else {4})


def test_every_uplink_masquerades_the_zones_and_nothing_else():
    _, after = chains(uplinks={"mobile": {"port": "wwan0"}})
    assert {rule.matches[0] for rule in after.rules} == {Oif(("eth0",)), Oif(("wwan0",))}
    for rule in after.rules:
        assert rule.statements == (Masquerade(),)
        assert ip_network("10.20.20.0/24") in rule.matches[1].networks and len(rule.matches[1].networks) == 7
