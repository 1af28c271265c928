"""Every rule that refuses and tells of it has a reason and a counter that the watcher reads."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.attempts import AROUND, Reason, reason_of
from gateway.events import Kind
from gateway.watcher.link import refused_packets
from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.load import load_site
from ruleset.tree import Count, LogRefused

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EXAMPLES = sorted((Path(__file__).parents[2] / "ruleset" / "examples").glob("*.yaml"))


@pytest.mark.parametrize(
    ("zone", "rule", "reason"),
    [
        ("cam", "core:refused:cam", Reason.NOT_PERMITTED),
        ("internet", "core:refused:internet", Reason.INBOUND),
        ("pc", "core:quarantine", Reason.QUARANTINE),
        ("pc", "core:source:forged", Reason.SPOOFED),
        ("internet", "core:forward:feed", Reason.LISTED_ADDRESS),
        ("pc", "refuse:base:telnet", Reason.DANGEROUS_SERVICE),
        ("pc", "refuse:base:dns-bypass", Reason.ENCRYPTED_DNS),
        ("pc", "refuse:encrypted-dns:doh", Reason.ENCRYPTED_DNS),
        ("pc", "refuse:listed:doh", Reason.ENCRYPTED_DNS),
        ("doh", "core:refused:doh", Reason.NOT_PERMITTED),  # a zone of that name
        ("pc", "", Reason.NOT_PERMITTED),
    ],
)
def test_a_rule_id_tells_the_reason(zone: str, rule: str, reason: Reason):
    assert reason_of(Kind.PACKET_REFUSED, zone, rule) is reason


def test_a_blocked_name_is_listed_or_refused_by_the_sites_own_rules():
    assert reason_of(Kind.NAME_BLOCKED, "pc", "list:quarantine") is Reason.LISTED_NAME
    assert reason_of(Kind.NAME_BLOCKED, "cam", "dns:not_allowed") is Reason.REFUSED_NAME
    assert reason_of(Kind.NAME_BLOCKED, "pc", "") is Reason.REFUSED_NAME
    assert reason_of(Kind.NAME_BLOCKED, "pc", "dns:encrypted_dns") is Reason.ENCRYPTED_DNS


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_rules_of_a_real_policy_are_all_known(path: Path):
    resolved = load_site(path.read_bytes(), path.name, NOW).resolved
    assert resolved is not None
    rules = [rule for chain in compile_ruleset(resolved, NOTHING_LIVE, NOW).chains for rule in chain.rules]
    told = {rule.id for rule in rules if any(isinstance(s, LogRefused) for s in rule.statements)}
    counters = {s.counter for rule in rules if rule.id in told for s in rule.statements if isinstance(s, Count)}
    assert set(refused_packets(dict.fromkeys(counters, 1))) == told
    assert told >= AROUND - {"dns:encrypted_dns"}
    plain = {rule for rule in told if reason_of(Kind.PACKET_REFUSED, "pc", rule) is Reason.NOT_PERMITTED}
    assert plain
    assert all(rule.startswith("core:refused:") for rule in plain)


def test_only_refusals_are_counted_as_refusals():
    counters = {
        "core.refused.cam": {"packets": 3, "bytes": 9},
        "permit.emr": {"packets": 7, "bytes": 9},
        "refuse.x": "?",
    }
    assert refused_packets(counters) == {"core:refused:cam": 3}
    assert refused_packets(None) == refused_packets({"core.refused.cam": -1}) == {}
