"""What the enforcer tells about itself."""

import json
from datetime import UTC, datetime

import pytest

from gateway.enforcer import change, status
from gateway.enforcer.change import Order, Who
from gateway.enforcer.core import Core
from gateway.enforcer.kernel_nft import KernelNft
from gateway.wire import CommandRefused
from tests.gateway.enforcer.nets import site

pytestmark = pytest.mark.netns


def apply(core: Core, who: Who) -> None:
    change.apply(core, Order(site().encode(), "clinic.yaml", who, 60))


def test_the_state_follows_the_policy(core: Core, admin: Who) -> None:
    states = [status.status(core)["state"]]
    apply(core, admin)
    states.append(status.status(core)["state"])
    waiting = status.status(core)["pending"]
    change.confirm(core, admin)
    states.append(status.status(core)["state"])
    core.loaded.policy = None
    states.append(status.status(core)["state"])
    assert states == ["closed", "pending", "confirmed", "stand-in"]
    assert (waiting["generation"], waiting["previous"], waiting["actor"]) == (1, 0, "admin")
    assert 50 < waiting["seconds_left"] <= 60


def test_a_rule_deleted_by_hand_is_drift(core: Core, admin: Who) -> None:
    apply(core, admin)
    assert status.status(core)["drift"] == []
    KernelNft().load("flush chain inet clinicgate forward")
    assert "chain forward" in status.status(core)["drift"][0]


def test_a_table_of_somebody_else_is_named(core: Core) -> None:
    KernelNft().load("add table ip other")
    assert status.status(core)["other_tables"] == ["ip other"]


def test_the_applied_site_comes_back(core: Core, admin: Who) -> None:
    with pytest.raises(CommandRefused):
        status.site(core)
    apply(core, admin)
    told = status.site(core)
    assert (told["generation"], told["site_text"], told["site_path"]) == (1, site(), "clinic.yaml")


def test_a_permit_past_its_last_day_is_named(core: Core, admin: Who, monkeypatch) -> None:
    apply(core, admin)
    assert status.status(core)["ended"] == []
    monkeypatch.setattr(core, "sensible_now", lambda now: datetime(2099, 1, 3, tzinfo=UTC))
    (ended,) = status.status(core)["ended"]
    assert ended == {"id": "permit:view", "ended": datetime(2099, 1, 2, tzinfo=UTC).timestamp()}


def test_counters_are_counted(core: Core, net) -> None:
    net.run("ping", "-c", "1", "-W", "1", "127.0.0.1", check=False)
    found = status.counters(core)["counters"]
    assert found["closed.loopback"]["packets"] + found["closed.established"]["packets"] > 0


def test_everything_told_is_plain_json(core: Core, admin: Who) -> None:
    apply(core, admin)
    core.trouble("something")
    for told in (status.status(core), status.generations(core), status.site(core), status.counters(core)):
        assert json.loads(json.dumps(told)) == told
    assert status.generations(core)["generations"][0]["state"] == "pending"
