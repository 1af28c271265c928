"""Building and removing: whole or not at all."""

import os
import subprocess
from dataclasses import replace

import pytest

from gateway.lab import build, netns
from gateway.lab.errors import LabError
from gateway.lab.topology import plan, prefix

pytestmark = pytest.mark.netns
LAB = f"b{os.getpid()}"[:12]


@pytest.fixture
def topology(small):
    planned = plan(LAB, small)
    yield planned
    build.remove(LAB)


def ping(topology, host, address):
    with netns.inside_named(topology.namespace(host)):
        return subprocess.run(["ping", "-c1", "-W2", address], capture_output=True, check=False).returncode == 0


def test_two_pcs_of_a_zone_talk_without_the_gateway_and_zones_only_through_it(topology):
    build.build(topology)
    other = next(str(a) for a in topology.host("reception-2").addresses if a.version == 4)
    assert ping(topology, "reception-1", other)
    assert not ping(topology, "reception-1", "10.20.30.11")  # the gateway does not forward yet
    build.start_forwarding(topology)
    assert ping(topology, "reception-1", "10.20.30.11")
    assert ping(topology, "reception-1", "2001:db8:20:30::11")


def test_the_internet_answers_at_any_address(topology):
    build.build(topology)
    build.start_forwarding(topology)
    assert ping(topology, "reception-1", "2607:f8b0::1")
    assert ping(topology, "attacker", "203.0.113.2")


def test_what_was_begun_is_undone_when_a_step_fails(topology):
    broken = replace(topology, routes=(*topology.routes, replace(topology.routes[0], device="nowhere0")))
    with pytest.raises(LabError, match="nowhere0"):
        build.build(broken)
    assert netns.names(prefix(LAB)) == ()


def test_a_taken_name_is_told_and_not_removed(topology):
    build.build(topology)
    with pytest.raises(LabError, match="lab down"):
        build.build(topology)
    assert len(netns.names(prefix(LAB))) == len(topology.hosts)


def test_the_line_that_ip_refuses_is_named():
    made = netns.make()
    try:
        with netns.inside(made), pytest.raises(LabError, match="link set nothing0 up"):
            build.run_batch(["link set lo up", "link set nothing0 up"])
    finally:
        os.close(made)
