"""Complaints about uplinks, zones and devices; tests/cases shows their places and words."""

import pytest

from ruleset.check_network import ifname
from ruleset.model import Zone
from tests.ruleset.written import device, problems


def codes(base="clinic", **sections):
    return [code for code, _ in problems(base, **sections)]


def zone(**values):
    return {"zones": {"x": {"role": "pc", "vlan": 33, "ipv4": "10.20.33.1/24"} | values}}


def test_the_bases_are_fine():
    assert codes("clinic") == codes("minimal") == []


def test_a_zone_lives_on_its_port_or_on_its_vlan():
    assert ifname(Zone(role="pc", port="eth2"), "eth1") == "eth2"
    assert ifname(Zone(role="pc", vlan=20), "eth1") == "eth1.20"


@pytest.mark.parametrize("prefix", ["10.20.33.1/7", "10.20.33.1/31", "10.20.33.1/32"])
def test_an_ipv4_subnet_has_room_for_hosts(prefix):
    assert "prefix" in codes(**zone(ipv4=prefix))


@pytest.mark.parametrize("length", [48, 56, 63, 65, 80, 128])
def test_an_ipv6_subnet_is_a_64(length):
    assert "prefix" in codes(**zone(ipv6=f"2001:db8:33:33::1/{length}"))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1/8", "224.0.0.1/24", "0.1.2.3/8", "169.254.3.1/24", "240.0.0.1/24", "10.20.33.0/24", "10.20.33.255/24"],
)
def test_some_ipv4_networks_are_no_clinics(address):
    assert codes(**zone(ipv4=address)) == ["subnet"]


@pytest.mark.parametrize("address", ["fe80::1/64", "ff02::1/64", "::1/64", "2001:db8:33:33::/64"])
def test_some_ipv6_networks_are_no_clinics(address):
    assert codes(**zone(ipv6=address)) == ["subnet"]


@pytest.mark.parametrize("address", ["10.20.33.1/24", "192.168.33.254/30", "172.16.0.1/16", "100.64.33.1/24"])
def test_private_networks_are(address):
    assert codes(**zone(ipv4=address, ipv6="fd00:33::1/64")) == []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"port": "eth9"}, "vlan-or-port"),
        ({"vlan": None}, "vlan-or-port"),
        ({"vlan": 20}, "interface-twice"),
        ({"vlan": None, "port": "eth0"}, "interface-twice"),
        ({"vlan": None, "port": "eth1"}, "interface-twice"),
        ({"ipv4": None}, "no-subnet"),
        ({"ipv4": "10.20.20.129/25"}, "overlap"),
        ({"ipv4": "203.0.113.65/26"}, "overlap"),
        ({"ipv6": "2001:db8:20:20::9/64"}, "overlap"),
        ({"dhcp": {"first": "10.20.33.9", "last": "10.20.33.8"}}, "dhcp-range"),
        ({"dhcp": {"first": "10.20.33.1", "last": "10.20.33.8"}}, "dhcp-range"),
        ({"dhcp": {"first": "10.20.33.9", "last": "10.20.34.8"}}, "dhcp-range"),
    ],
)
def test_a_zone_has_one_interface_and_subnets_of_its_own(values, code):
    values = {k: v for k, v in ({"role": "pc", "vlan": 33, "ipv4": "10.20.33.1/24"} | values).items() if v is not None}
    assert set(codes(zones={"x": values})) == {code}


def test_one_address_is_a_range_too():
    assert codes(**zone(dhcp={"first": "10.20.33.9", "last": "10.20.33.9"})) == []


def test_a_vlan_on_a_trunk_with_a_long_name_must_still_be_an_interface_name():
    assert codes(trunk={"port": "abcdefghij"}, zones={"x": {"role": "pc", "vlan": 4094, "ipv4": "10.9.9.1/24"}}) == []


@pytest.mark.parametrize(
    ("gateway", "code"), [("203.0.113.1", None), ("198.51.100.1", "gateway-outside"), ("203.0.113.2", "gateway-self")]
)
def test_the_providers_router_is_next_door(gateway, code):
    fibre = {"port": "eth0", "ipv4": {"address": "203.0.113.2/24", "gateway": gateway}, "ipv6": "none"}
    assert codes(uplinks={"fibre": fibre}) == ([code] if code else [])


def test_the_providers_router_may_be_link_local():
    fibre = {"port": "eth0", "ipv4": "dhcp", "ipv6": {"address": "2001:db8:ffff::2/64", "gateway": "fe80::1"}}
    assert codes(uplinks={"fibre": fibre}) == []


def test_an_uplink_has_a_family():
    assert codes(uplinks={"x": {"port": "eth9", "ipv4": "none", "ipv6": "none"}}) == ["no-family"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"ipv4": "10.20.30.50"}, "device-outside"),
        ({"ipv6": "2001:db8:20:30::50"}, "device-outside"),
        ({"ipv4": "10.20.20.1"}, "device-address"),
        ({"ipv4": "10.20.20.0"}, "device-address"),
        ({"ipv4": "10.20.20.255"}, "device-address"),
        ({"ipv6": "2001:db8:20:20::"}, "device-address"),
        ({"zone": "guest", "ipv4": "10.20.80.100"}, "device-address"),
        ({"zone": "cellar"}, "dangling"),
        ({"mac": "01:00:5e:00:00:01"}, "mac"),
        ({"mac": "ff:ff:ff:ff:ff:ff"}, "mac"),
        ({"mac": "00:00:00:00:00:00"}, "mac"),
        ({"mac": "02-00-00-00-20-01"}, "twice"),
        ({"ipv4": "10.20.20.11"}, "twice"),
        ({"ipv6": "2001:db8:20:20:0::11"}, "twice"),
    ],
)
def test_a_device_has_addresses_of_its_own_in_its_zone(values, code):
    assert codes(devices={"x": device("pc", 1) | values}) == [code]


def test_a_zone_without_a_family_has_no_devices_of_it():
    sections = zone() | {"devices": {"y": device("x", 1, ipv6="2001:db8:33:33::5")}}
    assert codes(**sections) == ["device-outside"]


@pytest.mark.parametrize("name", ["internet", "gateway"])
@pytest.mark.parametrize("section", ["devices", "zones", "uplinks"])
def test_words_that_mean_something_are_no_names(section, name):
    values = {
        "devices": device("pc", 1),
        "zones": {"role": "pc", "vlan": 33, "ipv4": "10.20.33.1/24"},
        "uplinks": {"port": "eth9"},
    }
    assert codes(**{section: {name: values[section]}}) == ["reserved"]


def test_a_device_is_not_called_like_a_zone():
    assert codes(devices={"pc": device("pc", 1)}) == ["twice"]


def test_without_management_nobody_could_come_back():
    assert codes(zones={"mgmt": None}, devices={"admin-pc": None}) == ["no-admin"]


def test_a_time_zone_is_one():
    assert codes(clinic={"timezone": "Mars/Olympus"}) == ["timezone"]
