"""Every rule that lets something through the gateway has a purpose and a counter that the watcher reads."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.purposes import PURPOSE_OF_RULE, Purpose, purposes
from gateway.watcher.link import accepted_connections
from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.load import load_site
from ruleset.packs import load_pack
from ruleset.resolved import GATEWAY, ResolvedSite
from ruleset.tree import Accept, Count

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EXAMPLES = sorted((Path(__file__).parents[2] / "ruleset" / "examples").glob("*.yaml"))


def resolved(path: Path) -> ResolvedSite:
    site = load_site(path.read_bytes(), path.name, NOW).resolved
    assert site is not None
    return site


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_accepting_counter_of_what_crosses_the_gateway_has_a_purpose(path: Path):
    site = resolved(path)
    chains = [c for c in compile_ruleset(site, NOTHING_LIVE, NOW).chains if not c.name.startswith("input")]
    rules = [r for c in chains for r in c.rules if Accept() in r.statements]
    counters = {s.counter for r in rules for s in r.statements if isinstance(s, Count)}
    told = {label.id for label in purposes(site)}
    assert counters
    assert set(accepted_connections(dict.fromkeys(counters, 1))) == told


@pytest.mark.parametrize("pack", ["base", "fr", "imaging", "jp"])
def test_each_grant_of_a_shipped_pack_has_a_purpose_of_its_own(pack: str):
    grants = load_pack(pack).pack.grants
    through = {f"pack:{pack}:{name}" for name, grant in grants.items() if grant.to != GATEWAY}
    assert through == {rule for rule in PURPOSE_OF_RULE if rule.startswith(f"pack:{pack}:")}


def test_what_the_clinic_allows_besides_is_told_in_its_own_words():
    told = {label.id: (label.role, label.label) for label in purposes(resolved(EXAMPLES[-1]))}
    assert EXAMPLES[-1].name == "naika-clinic.yaml"
    assert told["permit:emr-clients"] == (Purpose.PERMIT, "受付と診察室から電子カルテを使う")
    assert told["video:consultations:zoom"] == (Purpose.VIDEO, "Zoom")
    assert told["pack:base:pc-prn-print"] == (Purpose.PRINTING, "")
    assert not [rule for rule in told if "gateway" in rule]
