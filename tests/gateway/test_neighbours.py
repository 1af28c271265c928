"""The neighbour table as the kernel tells it."""

from ipaddress import ip_address

import pytest

from gateway.neighbours import neighbours

pytestmark = pytest.mark.netns
MAC = "02:00:00:20:00:11"


def test_entries_of_both_families_are_read_and_failed_ones_are_not(net) -> None:
    net.run("ip", "link", "add", "lan", "type", "veth", "peer", "name", "far")
    net.run("ip", "link", "set", "lan", "up")
    for text, state in (("10.0.0.9", "permanent"), ("2001:db8::9", "permanent"), ("10.0.0.10", "failed")):
        net.run("ip", "neigh", "add", text, "lladdr", MAC, "dev", "lan", "nud", state)
    found = {n.address for n in neighbours() if n.mac == MAC}
    assert found == {ip_address("10.0.0.9"), ip_address("2001:db8::9")}
