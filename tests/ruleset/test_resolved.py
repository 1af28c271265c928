"""Look-ups on a resolved clinic."""

from ipaddress import ip_address, ip_network

import pytest

from ruleset.resolved import host_network
from tests.ruleset.written import load


@pytest.fixture(scope="module")
def clinic():
    return load(uplinks={"mobile": {"port": "wwan0"}})


def test_zones_and_devices_are_found_by_name(clinic):
    assert clinic.segment("pc").ifname == "eth1.20" and clinic.segment("emr") is None
    assert clinic.host("emr").zone == "srv" and clinic.host("pc") is None


@pytest.mark.parametrize(
    ("address", "zone"),
    [("10.20.20.77", "pc"), ("2001:db8:20:30::1", "srv"), ("10.20.21.1", None), ("198.51.100.7", None), ("::1", None)],
)
def test_an_address_belongs_to_the_zone_whose_subnet_holds_it(clinic, address, zone):
    found = clinic.segment_of(ip_address(address))
    assert (found.name if found else None) == zone


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("10.20.20.1", True),
        ("2001:db8:20:80::1", True),
        ("203.0.113.2", True),
        ("203.0.113.1", False),
        ("10.20.20.2", False),
    ],
)
def test_the_gateway_knows_its_own_addresses(clinic, address, own):
    assert clinic.is_gateway(ip_address(address)) is own


def test_the_internet_is_every_uplink(clinic):
    assert clinic.interfaces("internet") == ("eth0", "wwan0")
    assert clinic.interfaces("cam") == ("eth1.60",)
    assert clinic.interfaces("gateway") == clinic.interfaces("nowhere") == ()


def test_sides_are_all_zones_and_then_the_two_others(clinic):
    assert list(clinic.sides()) == ["mgmt", "pc", "srv", "med", "prn", "cam", "guest", "internet", "gateway"]


def test_a_zone_has_at_most_one_subnet_of_a_family(clinic):
    pc = clinic.segment("pc")
    assert pc.subnet(4) == ip_network("10.20.20.0/24") and pc.subnet(6) == ip_network("2001:db8:20:20::/64")
    assert load(zones={"x": {"role": "pc", "vlan": 33, "ipv4": "10.9.9.1/24"}}).segment("x").subnet(6) is None


def test_one_address_is_a_network_of_one():
    assert host_network(ip_address("10.1.2.3")) == ip_network("10.1.2.3/32")
    assert host_network(ip_address("2001:db8::1")) == ip_network("2001:db8::1/128")
