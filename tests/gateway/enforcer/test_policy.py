"""From site text to policy, and every refusal typed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway import wire
from gateway.enforcer import policy
from gateway.wire import CommandRefused
from ruleset.live import NOTHING_LIVE
from ruleset.tree import Accept, Rule
from tests.gateway.enforcer.nets import SECOND_PERMIT, site

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def test_a_good_site_becomes_a_policy() -> None:
    prepared = policy.prepare(site(SECOND_PERMIT).encode(), "site.yaml", NOTHING_LIVE, NOW)
    assert {"permit:view", "permit:view-all"} <= set(prepared.ruleset.origins)


def test_every_problem_is_told_with_its_place() -> None:
    bad = site().replace("from: reception-1", "from: nobody").replace("10.20.60.11", "10.99.0.1")
    with pytest.raises(CommandRefused) as refused:
        policy.parse(bad.encode(), "clinic.yaml", NOW)
    assert refused.value.code == wire.SITE_REFUSED
    assert refused.value.message.startswith("clinic.yaml:")
    assert len(refused.value.details["problems"]) >= 2
    assert all({"line", "what", "hint"} <= set(problem) for problem in refused.value.details["problems"])


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[" * 1000, b"a: &a [*a, *a]", b"\0", b"--- !!python/object:os.system ls"]
)
def test_no_bytes_make_anything_but_a_refusal(data: bytes) -> None:
    with pytest.raises(CommandRefused) as refused:
        policy.parse(data, "x", NOW)
    assert refused.value.code == wire.SITE_REFUSED


def test_an_expired_permit_refuses_an_apply_and_is_left_out_of_what_was_applied_before() -> None:
    with pytest.raises(CommandRefused, match="expire"):
        policy.parse(site().encode(), "x", LATER)
    prepared = policy.prepare(site().encode(), "x", NOTHING_LIVE, LATER)
    assert "permit:view" not in prepared.ruleset.origins


def test_a_broken_invariant_names_the_rule() -> None:
    prepared = policy.prepare(site().encode(), "x", NOTHING_LIVE, NOW)
    forward = prepared.ruleset.chain("forward")
    opened = replace(forward, rules=(Rule("permit:oops", (), (Accept(),)), *forward.rules))
    chains = tuple(opened if chain is forward else chain for chain in prepared.ruleset.chains)
    with pytest.raises(CommandRefused, match="permit:oops") as refused:
        policy.hold_invariants(prepared.resolved, replace(prepared.ruleset, chains=chains), NOTHING_LIVE)
    assert refused.value.code == wire.INVARIANT
    assert {"id", "rule", "what"} <= set(refused.value.details["violations"][0])
