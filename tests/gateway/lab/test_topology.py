"""The plan of a lab: names, bridges, addresses and ways, for any site."""

from ipaddress import ip_address, ip_network
from itertools import combinations

import pytest

from gateway.lab.errors import LabError
from gateway.lab.topology import GATEWAY, INTERNET, SWITCH, plan
from tests.gateway.lab.conftest import SMALL, resolve


def test_every_device_has_a_host_and_every_empty_zone_a_probe(small, small_topology):
    names = {host.name for host in small_topology.hosts}
    assert names == {h.name for h in small.hosts} | {"gateway", "switch", "internet", "attacker", "probe-guest"}
    assert small_topology.namespace("emr") == "cg-t1-emr"


def test_the_gateway_has_the_interfaces_and_addresses_of_the_real_box(small, small_topology):
    ports = {cable.near.ifname: cable.near for cable in small_topology.gateway_cables()}
    assert set(ports) == {"eth0", "wwan0", "eth1.10", "eth1.20", "eth1.30", "eth2", "eth1.80"}
    for segment in small.segments:
        assert {i.ip for i in ports[segment.ifname].addresses} == set(segment.gateways)


def test_devices_of_one_zone_share_a_bridge_with_the_gateways_cable_and_no_other(small_topology):
    bridges = {}
    for cable in small_topology.cables:
        if cable.far.host == SWITCH:
            zone = small_topology.host(cable.near.host).zone if cable.near.host != GATEWAY else cable.near.ifname
            bridges.setdefault(cable.far.bridge, set()).add(zone)
    assert {"eth1.20", "pc"} in bridges.values()
    assert all(len(members) == 2 for members in bridges.values())
    assert len(bridges) == 5


def test_the_switch_has_no_address(small_topology):
    assert all(not cable.far.addresses for cable in small_topology.cables if cable.far.host == SWITCH)


def test_macs_and_addresses_are_unique(small_topology):
    ports = [port for cable in small_topology.cables for port in (cable.near, cable.far)]
    macs = [port.mac for port in ports]
    addresses = [interface.ip for port in ports for interface in port.addresses]
    assert len(set(macs)) == len(macs)
    assert len(set(addresses)) == len(addresses)


def test_every_device_has_both_families_and_a_way_out_by_the_gateway(small, small_topology):
    for host in small_topology.hosts:
        if host.zone and host.zone != "cam":
            assert {a.version for a in host.addresses} == {4, 6}
            vias = {route.via for route in small_topology.routes if route.host == host.name}
            assert vias == set(small.segment(host.zone).gateways)


def test_no_two_networks_of_the_lab_overlap(small_topology):
    networks = {i.network for c in small_topology.cables for p in (c.near, c.far) for i in p.addresses}
    pairs = [(a, b) for a, b in combinations(networks, 2) if a.version == b.version and a.overlaps(b)]
    assert not pairs


def test_the_internet_owns_every_address_and_knows_the_way_to_the_zones(small_topology):
    routes = [route for route in small_topology.routes if route.host == INTERNET]
    assert {str(route.to) for route in routes if route.local} == {"0.0.0.0/0", "::/0"}
    assert ip_network("2001:db8:20:20::/64") in {route.to for route in routes if not route.local}


def test_the_first_uplink_is_preferred(small_topology):
    ways = {r.device: r.metric for r in small_topology.routes if r.host == GATEWAY and r.to == ip_network("0.0.0.0/0")}
    assert ways["eth0"] < ways["wwan0"]


def test_an_uplink_without_a_family_gets_none_of_it(small_topology):
    mobile = next(cable for cable in small_topology.gateway_cables() if cable.near.ifname == "wwan0")
    assert {interface.version for interface in mobile.near.addresses} == {4}


def test_the_same_site_gives_the_same_lab(small):
    assert plan("t1", small) == plan("t1", small)


def test_a_fixed_uplink_keeps_its_addresses(japan):
    fibre = next(c for c in plan("t1", japan).gateway_cables() if c.near.ifname == "eth0")
    assert [str(i) for i in fibre.near.addresses] == ["203.0.113.2/24", "2001:db8:ffff::2/64"]
    assert fibre.far.addresses[0].ip == ip_address("203.0.113.1")


def test_a_full_zone_is_named():
    full = SMALL.replace("10.20.60.1/24", "10.20.60.1/30").replace("10.20.60.11", "10.20.60.2")
    more = full.replace("services:\n", '  camera-2: {zone: cam, mac: "02:00:00:60:00:12", kind: camera}\nservices:\n')
    assert plan("t1", resolve(full))
    with pytest.raises(LabError, match=r"zone cam.*10\.20\.60\.0/30"):
        plan("t1", resolve(more))
