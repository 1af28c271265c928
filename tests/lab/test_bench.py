"""The forwarding bench: measures what it says, under the ruleset it says. The figures are judged by `make bench`."""

from datetime import UTC, datetime

import pytest

from gateway.lab.bench import SMALLEST_ROUTER, forwarding, row
from gateway.lab.errors import LabError
from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.render import render

pytestmark = pytest.mark.netns


def test_both_loads_arrive_under_both_rulesets(japan):
    policy = render(compile_ruleset(japan, NOTHING_LIVE, datetime.now(UTC)))
    found = forwarding(japan, policy, rounds=1, seconds=0.02)
    assert min(found.tcp_policy, found.tcp_router) > 1e6
    assert min(found.packets_policy, found.packets_router) > 1e3
    assert found.tcp_ratio == found.tcp_policy / found.tcp_router
    assert found.packets_ratio == found.packets_policy / found.packets_router


def test_the_ruleset_in_use_is_the_one_that_decides(small, monkeypatch):
    monkeypatch.setattr("gateway.lab.bench.CONNECT_SECONDS", 0.2)
    with row(small) as bench:
        bench.use(SMALLEST_ROUTER.replace("UPLINK", bench.uplink))
        assert bench.run(0.02, small=True) > 0
        bench.use("table inet clinicgate { chain f { type filter hook forward priority 0; policy drop; }; }")
        for small_packets in (True, False):
            with pytest.raises(LabError, match="nothing gets from the sender"):
                bench.run(0.02, small_packets)


def test_a_site_without_a_pc_cannot_be_measured(small):
    from dataclasses import replace

    with pytest.raises(LabError, match="no device of kind pc"), row(replace(small, hosts=small.hosts[-1:])):
        pass
