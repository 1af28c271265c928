"""The bare rig: quick to make, nothing of it is left, every address on a segment can be delivered to."""

import gc
import os
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.lab import netns
from gateway.lab.errors import LabError
from gateway.lab.probe import Probe, send_all
from gateway.lab.topology import plan
from gateway.lab.wiring import gateway_ports, load, wired

pytestmark = pytest.mark.netns


def test_a_rig_has_the_gateways_interfaces_and_leaves_nothing(small):
    before = netns.names("")
    with wired(small) as rig:
        assert set(rig.plugs) == {"eth0", "wwan0", "eth1.10", "eth1.20", "eth1.30", "eth2", "eth1.80"}
        assert netns.names("") == before
        kept = rig.gateway
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(kept)


def test_sides_are_named(small):
    sides = {port.ifname: side for port, side in gateway_ports(plan("x", small), small)}
    assert sides["eth1.20"] == "pc"
    assert sides["eth0"] == sides["wwan0"] == "internet"


def test_any_address_of_a_segment_is_delivered_to_without_a_neighbour(small):
    with wired(small) as rig:
        load(rig, "table inet t { chain c { type filter hook forward priority 0; policy accept; }; }")
        asked = [
            Probe(str(n), "eth1.20", ip_address("10.20.20.11"), ip_address(f"10.20.30.{n}"), "udp", 9)
            for n in range(2, 250)
        ]
        seen = send_all(rig, asked)
    assert {answer.where for answer in seen.values()} == {"srv"}


def namespaces_held() -> set[str]:
    """Descriptors of this process that hold a network namespace; other tests' leftovers may be among them."""
    links = Path("/proc/self/fd").iterdir()
    return {link.name for link in links if "net:" in os.path.realpath(link)}


def test_a_ruleset_that_the_kernel_refuses_is_an_error_and_closes_the_rig(small):
    gc.collect()  # what others dropped must not go away in between
    before = namespaces_held()
    with pytest.raises(LabError, match="refuses"), wired(small) as rig:
        load(rig, "add rule inet nothing here accept")
    assert namespaces_held() == before
