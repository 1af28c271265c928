"""Set elements and quarantine facts."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from ruleset.live import LiveState, Quarantined
from ruleset.packet import Facts, Packet, quarantine_facts


def test_the_family_comes_from_the_destination():
    four = Packet("eth1", ip_address("10.0.0.2"), ip_address("10.0.0.3"), "tcp", 443)
    six = Packet("eth1", ip_address("2001:db8::2"), ip_address("2001:db8::3"), "tcp", 443)
    assert (four.family, six.family) == (4, 6)


def test_a_set_holds_single_addresses_intervals_and_pairs():
    facts = Facts(
        {
            "feed4": ((ip_network("192.0.2.0/25"),),),
            "pin4": ((ip_network("10.0.0.2/32"), ip_network("192.0.2.200/32")),),
            "quarantine_mac": (("02:00:00:00:00:01",),),
        }
    )
    client, inside, outside = ip_address("10.0.0.2"), ip_address("192.0.2.9"), ip_address("192.0.2.200")
    assert facts.holds("feed4", (inside,))
    assert not facts.holds("feed4", (outside,))
    assert facts.holds("pin4", (client, outside))
    assert not facts.holds("pin4", (outside, client))
    assert facts.holds("quarantine_mac", ("02:00:00:00:00:01",))
    assert not facts.holds("quarantine_mac", ("",))
    assert not facts.holds("unheard-of", (client,))


def test_an_address_of_the_other_family_is_not_an_element():
    facts = Facts({"feed4": ((ip_network("0.0.0.0/0"),),)})
    assert not facts.holds("feed4", (ip_address("2001:db8::1"),))


def test_a_key_with_more_parts_than_the_elements_is_no_element():
    facts = Facts({"pin4": ((ip_network("10.0.0.2/32"), ip_network("192.0.2.7/32")),)})
    assert not facts.holds("pin4", (ip_address("10.0.0.2"),))


def test_adding_elements_keeps_the_old_value():
    facts = Facts({"feed4": ((ip_network("192.0.2.1/32"),),)})
    more = facts.with_elements("feed4", [(ip_network("192.0.2.2/32"),)])
    assert more.holds("feed4", (ip_address("192.0.2.1"),))
    assert more.holds("feed4", (ip_address("192.0.2.2"),))
    assert not facts.holds("feed4", (ip_address("192.0.2.2"),))


def test_quarantines_become_set_elements_in_both_families():
    since = datetime(2026, 1, 1, tzinfo=UTC)
    isolated = Quarantined("pc-1", "02:AA:00:00:00:01", ("10.0.0.2", "2001:db8::2"), "worm", "owner", since)
    facts = quarantine_facts(LiveState(quarantine=(isolated,)))
    assert facts.holds("quarantine_mac", ("02:aa:00:00:00:01",))
    assert facts.holds("quarantine4", (ip_address("10.0.0.2"),))
    assert facts.holds("quarantine6", (ip_address("2001:db8::2"),))
