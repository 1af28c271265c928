"""The plan as lines for ip(8)."""

from gateway.lab import commands
from gateway.lab.topology import GATEWAY


def test_a_cable_is_one_line_with_both_ends_and_their_macs(small_topology):
    lines = list(commands.cabling(small_topology, lambda host: f"ns-{host}"))
    assert len(lines) == len(small_topology.cables)
    line = next(line for line in lines if "name eth1.20 " in line)
    assert "netns ns-gateway type veth peer name gw1 " in line
    assert line.endswith("netns ns-switch")


def test_a_host_gets_its_addresses_without_waiting_and_its_ways(small_topology):
    lines = list(commands.configuration(small_topology, "reception-1"))
    assert lines == [
        "link set lo up",
        "link set eth0 up",
        "address add 10.20.20.11/24 dev eth0",
        "address add 2001:db8:20:20::11/64 dev eth0 nodad",
        "route add 0.0.0.0/0 via 10.20.20.1 dev eth0",
        "route add ::/0 via 2001:db8:20:20::1 dev eth0",
    ]


def test_the_switch_makes_its_bridges_before_it_plugs_anything_in(small_topology):
    lines = list(commands.configuration(small_topology, "switch"))
    made = [index for index, line in enumerate(lines) if "type bridge" in line]
    plugged = [index for index, line in enumerate(lines) if "master" in line]
    assert len(made) == 5
    assert max(made) < min(plugged)
    assert not any("address add" in line for line in lines)


def test_the_internet_takes_every_address_as_its_own(small_topology):
    lines = list(commands.configuration(small_topology, "internet"))
    assert "route add local 0.0.0.0/0 dev lo table main" in lines


def test_the_gateway_does_not_forward_by_itself(small_topology):
    assert "net/ipv4/ip_forward" not in commands.parameters(small_topology.host(GATEWAY).kind)
    assert commands.parameters("internet")["net/ipv4/ip_forward"] == "1"
