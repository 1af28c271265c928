"""Allowing a name for a while: who, what, for whom, why; told to the resolver, written down, and over by itself."""

import time
from dataclasses import replace
from typing import Any

import pytest

from gateway import audit, wire
from gateway.arguments import Arguments
from gateway.enforcer import allow, change, clock, status
from gateway.enforcer.call import Call
from gateway.enforcer.change import Order, Who
from gateway.enforcer.commands import COMMANDS
from gateway.enforcer.core import Core
from gateway.wire import CommandRefused
from tests.gateway.enforcer.nets import SECOND_PERMIT, site
from tests.gateway.enforcer.test_dispatch import ask, caller, dispatcher  # noqa: F401 - a fixture

pytestmark = pytest.mark.netns
WISH = {"name": "bad.example", "device": "reception-1", "reason": "needed today"}


@pytest.fixture
def applied(core: Core, admin: Who) -> Core:
    change.apply(core, Order(site().encode(), "site.yaml", admin, 60))
    change.confirm(core, admin)
    return core


def run(core: Core, who: Who, command: str, **args: Any) -> dict[str, Any]:
    return COMMANDS[command](Call(core, who, Arguments(command, args)))


def refused(core: Core, who: Who, **args: Any) -> CommandRefused:
    with pytest.raises(CommandRefused) as caught:
        run(core, who, "dns_allow", **args)
    return caught.value


def test_an_hour_for_a_device_is_told_with_the_site_and_in_the_status(applied: Core, admin: Who) -> None:
    before = time.time()
    made = run(applied, admin, "dns_allow", **WISH)
    assert made["until"] - made["from"] == pytest.approx(3600)
    assert before - 1 < made["from"] < time.time() + 1
    told = {key: made[key] for key in ("id", "name", "device", "reason", "actor", "from", "until")}
    assert told["actor"] == "admin"
    assert status.site(applied)["allowances"] == [told]
    assert status.status(applied)["allowances"] == [told]
    assert run(applied, admin, "dns_allowances") == {"allowances": [told]}
    assert run(applied, admin, "dns_disallow", id=made["id"]) == told
    assert status.site(applied)["allowances"] == []


@pytest.mark.parametrize(("aim", "there"), [({"zone": "pc"}, {"zone": "pc"}), ({"all": True}, {})])
def test_for_a_zone_or_for_everybody(applied: Core, admin: Who, aim: dict[str, Any], there: dict[str, Any]) -> None:
    made = run(applied, admin, "dns_allow", name="bad.example", reason="x", minutes=5, **aim)
    assert {key: made[key] for key in ("zone", "device") if key in made} == there
    assert made["until"] - made["from"] == pytest.approx(300)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"device": None}, wire.BAD_REQUEST),
        ({"zone": "pc"}, wire.BAD_REQUEST),
        ({"all": True}, wire.BAD_REQUEST),
        ({"device": "nobody"}, wire.NOT_FOUND),
        ({"device": 'x" drop\n'}, wire.NOT_FOUND),
        ({"device": None, "zone": "nowhere"}, wire.NOT_FOUND),
        ({"name": "bad example"}, wire.BAD_REQUEST),
        ({"name": "com"}, wire.BAD_REQUEST),
        ({"name": "\x1b[2J.example"}, wire.BAD_REQUEST),
        ({"reason": None}, wire.BAD_REQUEST),
        ({"reason": "  "}, wire.BAD_REQUEST),
        ({"minutes": 0}, wire.BAD_REQUEST),
        ({"minutes": 1441}, wire.BAD_REQUEST),
        ({"minutes": "60"}, wire.BAD_REQUEST),
    ],
)
def test_what_is_refused(applied: Core, admin: Who, change: dict[str, Any], code: str) -> None:
    error = refused(applied, admin, **{**WISH, **change})
    assert (error.code, error.message.isprintable()) == (code, True)
    assert status.site(applied)["allowances"] == []


def test_without_a_site_nothing_is_blocked(core: Core, admin: Who) -> None:
    assert refused(core, admin, **WISH).code == wire.NOT_FOUND


def test_too_many_is_refused_with_a_way_out(applied: Core, admin: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.enforcer.allowances.MAX_ALLOWANCES", 1)
    run(applied, admin, "dns_allow", **WISH)
    error = refused(applied, admin, **{**WISH, "name": "other.example"})
    assert (error.code, "disallow" in error.hint) == (wire.BUSY, True)
    assert run(applied, admin, "dns_allow", **WISH)["replaced"] == [1]


def test_taking_back_what_is_not_there(applied: Core, admin: Who) -> None:
    with pytest.raises(CommandRefused) as caught:
        run(applied, admin, "dns_disallow", id=7)
    assert caught.value.code == wire.NOT_FOUND


def test_it_outlives_another_policy(applied: Core, admin: Who) -> None:
    run(applied, admin, "dns_allow", **WISH)
    change.apply(applied, Order(site(SECOND_PERMIT).encode(), "site.yaml", admin, 60))
    change.confirm(applied, admin)
    assert [row["name"] for row in status.site(applied)["allowances"]] == ["bad.example"]


def test_it_is_over_by_itself_and_that_is_written_down(applied: Core, admin: Who) -> None:
    run(applied, admin, "dns_allow", **WISH, minutes=10)
    now = clock.now()
    before = applied.audit.anchor.seq
    assert allow.tick(applied, replace(now, wall=now.wall + 599, boot=now.boot + 599)) < 2
    assert applied.audit.anchor.seq == before
    assert allow.tick(applied, replace(now, wall=now.wall + 601, boot=now.boot + 601)) == allow.LONGEST_WAIT
    record = audit.tail(applied.paths.audit, 1)[0]
    assert (record["actor"], record["command"]) == ("enforcer", "dns_allow")
    assert "bad.example for device reception-1" in record["plan"] and "needed today" in record["plan"]
    assert record["outcome"] == "ended: its time is over"
    assert status.site(applied)["allowances"] == []


def test_who_what_why_and_until_when_stand_in_the_journal(applied: Core, dispatcher) -> None:  # noqa: F811
    ask(dispatcher, caller("owner"), "dns_allow", **WISH)
    made = audit.tail(applied.paths.audit, 1)[0]
    assert (made["actor"], made["command"]) == ("alice", "dns_allow")
    for part in ("bad.example", "device reception-1", "needed today", "until 20", "+00:00"):
        assert part in made["plan"], part
    assert made["outcome"].startswith("done: id 1, name bad.example")
    ask(dispatcher, caller("owner"), "dns_disallow", id=1)
    ended = audit.tail(applied.paths.audit, 1)[0]
    assert (ended["command"], "bad.example" in ended["plan"]) == ("dns_disallow", True)
    assert audit.verify(applied.paths).intact
