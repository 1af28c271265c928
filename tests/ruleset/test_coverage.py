"""Sets of ports behave as sets, and a side contains what it means."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ruleset.coverage import TrafficSet, allowed, merged, minus, side_contains, traffic_set
from ruleset.resolved import Side, Traffic
from ruleset.tree import PortRange
from tests.ruleset.small_clinic import GRANTS, clinic, device, grant, net, tcp, udp, zone

PORTS = range(1, 41)
RANGES = st.lists(
    st.tuples(st.integers(1, 40), st.integers(1, 40)).map(lambda p: PortRange(min(p), max(p))), max_size=5
)


def ports(ranges):
    return {p for p in PORTS if any(p in r for r in ranges)}


@given(RANGES, RANGES)
def test_ranges_are_sets_of_ports(a, b):
    one, other = merged(a), merged(b)
    assert ports(one) == ports(a)
    assert ports(minus(one, other)) == ports(a) - ports(b)
    together = TrafficSet(tcp=one) & TrafficSet(tcp=other)
    assert ports(together.tcp) == ports(a) & ports(b)
    assert list(one) == sorted(one)
    assert all(x.last + 1 < y.first for x, y in pairwise(one))


def test_protocols_do_not_mix_and_echo_is_its_own():
    both = TrafficSet(tcp=merged([PortRange(1, 9)]), echo=True)
    assert not both - both
    assert (both - TrafficSet(udp=merged([PortRange(1, 9)]))) == both
    assert (both - TrafficSet(tcp=both.tcp)) == TrafficSet(echo=True)


def test_no_ports_means_every_port():
    assert traffic_set([Traffic("udp")]).words() == "udp every port"
    assert traffic_set([tcp(80, 443), udp(443), Traffic("echo")]).words() == "tcp 80, 443 and udp 443 and ping"
    assert TrafficSet().words() == "nothing"
    assert traffic_set([tcp((1, 10)), udp(5)]).size() == 11


def test_a_zone_contains_its_devices_and_not_the_other_way_round():
    assert side_contains(zone("pc"), device("room-1"))
    assert not side_contains(device("room-1"), zone("pc"))
    assert not side_contains(zone("srv"), device("room-1"))
    assert not side_contains(device("reception-1"), device("room-1"))


def test_a_device_is_the_same_one_after_it_got_another_address():
    moved = Side("pc", "room-1", net("10.20.20.99/32"))
    assert side_contains(moved, device("room-1"))
    assert side_contains(device("room-1"), moved)


def test_networks_contain_smaller_networks_of_their_family():
    wide, narrow = Side("internet", "a", net("192.0.2.0/24")), Side("internet", "b", net("192.0.2.8/32"))
    assert side_contains(wide, narrow)
    assert not side_contains(narrow, wide)
    assert not side_contains(wide, Side("internet", "c", net("192.0.2.8/32", "2001:db8::/64")))
    assert side_contains(zone("internet"), wide)


def test_learned_addresses_are_less_than_all_addresses():
    learned = Side("internet", "internet", learned=True)
    assert side_contains(zone("internet"), learned)
    assert not side_contains(learned, zone("internet"))


def test_refusals_are_taken_off_towards_the_internet_only_and_waivers_stay():
    wide = grant("permit:wide", zone("pc"), zone("internet"), tcp((440, 450)))
    resolved = clinic(grants=(*GRANTS, wide))
    assert allowed(resolved, zone("pc"), zone("internet"), [wide]).words() == "tcp 440-444, 446-450"
    waived = grant("permit:smb", zone("pc"), zone("internet"), tcp(445), waived=True)
    assert allowed(resolved, zone("pc"), zone("internet"), [wide, waived]).words() == "tcp 440-450"
    inside = grant("permit:in", zone("pc"), zone("srv"), tcp(445))
    assert allowed(resolved, zone("pc"), zone("srv"), [inside]).words() == "tcp 445"
