"""Who gets which address in the lab."""

from ipaddress import ip_address

import pytest

from gateway.lab.addresses import Addressing, lab_mac
from gateway.lab.errors import LabError


def test_a_device_without_address_gets_the_first_free_one_of_the_range(small):
    addressing = Addressing(small)
    segment = small.segment("pc")
    first = addressing.complete(segment, (), "02:00:00:00:00:01")
    second = addressing.complete(segment, (), "02:00:00:00:00:02")
    assert [a for a in (*first, *second) if a.version == 4] == [ip_address("10.20.20.100"), ip_address("10.20.20.101")]


def test_beyond_the_range_addresses_come_from_the_end_of_the_subnet(small):
    addressing = Addressing(small)
    segment = small.segment("pc")
    taken = [addressing.complete(segment, (), lab_mac("x", n))[0] for n in range(3)]
    assert taken[2] == ip_address("10.20.20.254")


def test_an_ipv6_address_is_the_one_the_device_would_make_itself(small):
    found = Addressing(small).complete(small.segment("pc"), (ip_address("10.20.20.50"),), "02:00:00:20:00:99")
    assert found == (ip_address("10.20.20.50"), ip_address("2001:db8:20:20:0:ff:fe20:99"))


def test_fixed_addresses_are_never_given_to_another(small):
    addressing = Addressing(small)
    fixed = {address for host in small.hosts for address in host.addresses}
    given = {addressing.complete(small.segment("pc"), (), lab_mac("p", n))[0] for n in range(200)}
    assert not given & fixed


def test_lab_macs_are_local_unicast_and_stable():
    assert lab_mac("gateway", 1) == lab_mac("gateway", 1) != lab_mac("gateway", 2)
    assert int(lab_mac("x")[:2], 16) & 3 == 2


def test_a_site_that_uses_every_candidate_is_refused_with_their_names(small):
    addressing = Addressing(small)
    addressing.free(("192.0.2.0/24", "2001:db8:bad::/64"))
    with pytest.raises(LabError, match=r"the attacker.*192\.0\.2\.0/24"):
        addressing.free(("192.0.2.0/24", "2001:db8:dead::/64"))
