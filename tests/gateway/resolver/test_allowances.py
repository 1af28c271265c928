"""What the enforcer says people allowed, as the resolver's configuration: for whom, and nothing taken for granted."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.resolver.allowances import with_allowances
from gateway.resolver.config import ResolverConfig, config_of
from gateway.resolver.policy import session_config
from ruleset.load import load_site

EXAMPLE = Path(__file__).parents[3] / "ruleset" / "examples" / "naika-clinic.yaml"
SITE = load_site(EXAMPLE.read_bytes(), "site.yaml", datetime(2026, 11, 22, tzinfo=UTC)).resolved
assert SITE is not None
CONFIG = config_of(SITE)
ROW = {"id": 1, "name": "bad.example", "reason": "today", "actor": "alice", "from": 1.0, "until": 2e9}


def config(*rows: Any) -> ResolverConfig:
    return with_allowances(CONFIG, SITE, list(rows))


def test_for_a_device_it_is_of_its_zone_and_followed_by_name() -> None:
    found = config({**ROW, "device": "reception-1"})
    (one,) = found.allowances
    assert (one.name, one.zone, one.device, one.until) == (b"\3bad\7example\0", "pc", "reception-1", 2e9)
    assert (one.actor, one.reason) == ("alice", "today")
    policy = session_config(found, {}).policy
    assert "reception-1" in policy.named
    assert len(found.devices) == len(CONFIG.devices) + 1


def test_a_device_with_a_policy_of_its_own_keeps_it() -> None:
    first = config({**ROW, "device": "reception-1"})
    again = with_allowances(first, SITE, [{**ROW, "device": "reception-1", "name": "other.example"}])
    assert again.devices == first.devices


def test_for_a_zone_or_for_everybody() -> None:
    assert [one.zone for one in config({**ROW, "zone": "pc"}).allowances] == ["pc"]
    everybody = config(ROW)
    assert [one.zone for one in everybody.allowances] == [zone.name for zone in CONFIG.zones]
    assert {one.device for one in everybody.allowances} == {""}
    assert everybody.devices == CONFIG.devices


@pytest.mark.parametrize(
    "row",
    [
        None, 5, [], {}, {**ROW, "name": "a b"}, {**ROW, "name": 5}, {**ROW, "until": "soon"}, {**ROW, "until": True},
        {**ROW, "until": float("nan")}, {**ROW, "device": "gone"}, {**ROW, "zone": "gone"}, {**ROW, "device": ["x"]},
        {**ROW, "zone": {}},
    ],
)  # fmt: skip
def test_what_is_none_or_for_nobody_here_is_left_out(row: Any) -> None:
    assert [one.zone for one in config(row, {**ROW, "zone": "pc"}).allowances] == ["pc"]


@pytest.mark.parametrize("rows", [None, "x", 5, {"a": 1}, []])
def test_no_rows_change_nothing(rows: object) -> None:
    assert with_allowances(CONFIG, SITE, rows) == CONFIG
