"""The rig's own parts: senders, fences, forgetting connections."""

import os
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.lab import build, netns
from gateway.lab.errors import LabError
from gateway.lab.probe import Probe, send_all
from gateway.lab.rig import Rig
from gateway.lab.wiring import load, wired

pytestmark = pytest.mark.netns
COUNT_ESTABLISHED = """table inet t {
	chain c {
		type filter hook input priority 0; policy accept;
		ct state established drop
	}
}
"""


def again(rig):
    """The same ping once more; an answered one is an established connection for the next."""
    probe = Probe("x", "eth1.20", ip_address("10.20.20.11"), ip_address("10.20.20.1"), "icmp", sport=4711)
    return send_all(rig, [probe])["x"].kind


def test_connections_are_forgotten_between_batches_unless_they_are_others(small):
    with wired(small) as rig:
        load(rig, COUNT_ESTABLISHED)
        assert [again(rig), again(rig)] == ["gateway", "gateway"]
        rig.forgets = False
        assert again(rig) == "dropped"


def test_a_fence_gets_through_whatever_the_policy(small):
    with wired(small) as rig:
        load(rig, "table inet t { chain c { type filter hook prerouting priority -400; policy drop; }; }")
        rig.fence()
        assert again(rig) == "dropped"


def test_a_lost_fence_is_an_error_and_no_answer(small, monkeypatch):
    monkeypatch.setattr("gateway.lab.rig.FENCE_SECONDS", 0.05)
    with wired(small) as rig:
        with netns.inside(rig.gateway):
            build.run_batch([f"link set {next(iter(rig.plugs))} down"])
        with pytest.raises(LabError, match="is the lab still up"):
            rig.fence()


def test_a_rig_that_cannot_be_opened_closes_what_it_opened():
    before = len(list(Path("/proc/self/fd").iterdir()))
    closed = netns.make()
    os.close(closed)
    with pytest.raises(OSError, match="Bad file"), Rig(closed, {}):
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
