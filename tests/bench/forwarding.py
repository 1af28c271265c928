"""The French example's full policy against the smallest NAT router there is."""

from datetime import UTC, datetime
from pathlib import Path

from gateway.lab.bench import forwarding
from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.load import load_site
from ruleset.render import render
from tests.bench.table import Row

EXAMPLE = Path(__file__).parents[2] / "ruleset/examples/cabinet-fr.yaml"
GOAL = 0.97


def rows(rounds: int) -> list[Row]:
    now = datetime.now(UTC)
    resolved = load_site(EXAMPLE.read_bytes(), str(EXAMPLE), now).resolved
    assert resolved is not None
    found = forwarding(resolved, render(compile_ruleset(resolved, NOTHING_LIVE, now)), rounds)
    tcp = f"{found.tcp_policy / 1e9:.2f} of {found.tcp_router / 1e9:.2f} Gbit/s"
    small = f"{found.packets_policy / 1e3:.0f} of {found.packets_router / 1e3:.0f} thousand packets/s"
    return [
        Row("forwarding, TCP throughput, full policy : smallest router", found.tcp_ratio, "", GOAL, True, tcp),
        Row("forwarding, small UDP packets, full policy : smallest router", found.packets_ratio, "", GOAL, True, small),
    ]
