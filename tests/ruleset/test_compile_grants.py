"""A grant as rules: the right addresses, the right family, the right ports, and nothing more."""

from ipaddress import ip_network

from ruleset.compile_grants import grant_rules
from ruleset.resolved import Grant, Side, Traffic
from ruleset.tree import L4, Accept, Addr, Count, Icmp, InSet, Origin, PortRange, Rate

HTTPS = Traffic("tcp", (PortRange(443, 443),))
ORIGIN = Origin("site", "s", 1, "why")
V4, V6 = ip_network("10.1.1.1/32"), ip_network("2001:db8::1/128")


def rules(source=(), target=(), *traffic, learned=False, rate=None):
    ends = Side("pc", "pc", tuple(source)), Side("srv", "srv", tuple(target), learned)
    return grant_rules(Grant("permit:p", *ends, traffic or (HTTPS,), ("https",), ORIGIN, rate=rate))


def matches(found):
    return [rule.matches for rule in found]


def test_whole_zones_need_one_rule_for_both_families():
    (rule,) = rules()
    assert rule.matches == (L4("tcp", (PortRange(443, 443),)),)
    assert rule.statements == (Count("permit.p"), Accept()) and rule.id == "permit:p"


def test_addresses_need_a_rule_for_each_family():
    port = L4("tcp", (PortRange(443, 443),))
    assert matches(rules([V4, V6])) == [(Addr("saddr", 4, (V4,)), port), (Addr("saddr", 6, (V6,)), port)]
    assert matches(rules([], [V6])) == [(Addr("daddr", 6, (V6,)), port)]


def test_a_family_that_one_end_lacks_gets_no_rule():
    assert matches(rules([V4, V6], [V4])) == [
        (Addr("saddr", 4, (V4,)), Addr("daddr", 4, (V4,)), L4("tcp", (PortRange(443, 443),)))
    ]
    assert rules([V4], [V6]) == ()


def test_each_protocol_is_a_rule_of_its_own():
    udp = Traffic("udp", (PortRange(1, 2), PortRange(9, 9)))
    assert [m[-1] for m in matches(rules((), (), HTTPS, udp))] == [
        L4("tcp", (PortRange(443, 443),)), L4("udp", (PortRange(1, 2), PortRange(9, 9))),
    ]  # fmt: skip


def test_an_echo_has_a_rate_and_the_families_of_its_ends():
    echo = Traffic("echo")
    both = matches(rules((), (), echo))
    assert [m[0] for m in both] == [Icmp(4, ("echo-request",)), Icmp(6, ("echo-request",))]
    assert all(isinstance(m[1], Rate) for m in both)
    assert [m[1] for m in matches(rules([V4], (), echo))] == [Icmp(4, ("echo-request",))]
    assert len(rules([V4, V6], (), echo)) == 2


def test_learned_addresses_are_looked_up_together_with_the_client():
    found = matches(rules((), (), learned=True))
    assert [m[0] for m in found] == [InSet("pin4", 4, ("saddr", "daddr")), InSet("pin6", 6, ("saddr", "daddr"))]
    assert matches(rules([V6], (), learned=True))[0][:2] == (
        Addr("saddr", 6, (V6,)), InSet("pin6", 6, ("saddr", "daddr")),
    )  # fmt: skip


def test_a_rate_comes_after_the_ports():
    (found,) = matches(rules(rate=200))
    assert found == (L4("tcp", (PortRange(443, 443),)), Rate(200, 400))
