"""The commands for people: what they tell, and what they refuse with a way out."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pytest

from filters.dns_accounts import Detail
from filters.dns_rules import Allowance
from filters.names import from_text
from gateway import wire
from gateway.arguments import Arguments
from gateway.resolver.config import DeviceConfig
from gateway.resolver.control_commands import COMMANDS, GATE
from gateway.wire import CommandRefused
from ruleset.model_dns import DnsOverlay, Schedule
from tests.gateway.resolver.world import CLIENT, GUEST, OTHER, Authority, Running, config, zone_policy

MONDAY_10 = datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp()


def run(running: Running, command: str, **args: Any) -> dict[str, Any]:
    told = running.do(COMMANDS[command](running.resolver, Arguments(command, args)))
    assert json.loads(json.dumps(told)) == told
    return dict(told)


def test_every_command_stands_at_the_gate() -> None:
    assert set(COMMANDS) == set(GATE)


def test_explain_tells_verdict_steps_and_what_is_known(running: Running) -> None:
    told = run(running, "explain", name="BAD.example.", client=CLIENT, type="aaaa")
    assert (told["name"], told["type"], told["zone"], told["view"]) == ("bad.example", "AAAA", "pc", "pc")
    assert {key: told["verdict"][key] for key in ("action", "reason", "list", "line", "rule", "may_allow")} == {
        "action": "nxdomain", "reason": "listed", "list": "malware", "line": 2, "rule": "bad.example",
        "may_allow": True,
    }  # fmt: skip
    assert told["steps"][-1]["step"] == "block_lists"
    assert told["lists"] == ["malware"]


def test_explain_agrees_with_what_is_answered(running: Running) -> None:
    for name, client in (("bad.example", CLIENT), ("www.example", GUEST), ("nas.clinic.home.arpa", OTHER)):
        explained = run(running, "explain", name=name, client=client)["verdict"]
        assert run(running, "ask", name=name, client=client)["verdict"] == explained


def test_explain_at_another_moment(running: Running, authority: Authority) -> None:
    work = Schedule.model_validate({"days": ["mon"], "from": "08:00", "to": "18:00"})
    zone = replace(config(authority).zones[0], policy=zone_policy(during={"work": {"deny": ["www.example"]}}))
    assert running.adopt(config(authority, zones=(zone,), schedules={"work": work}))
    during = run(running, "explain", name="www.example", client="pc", at=MONDAY_10)
    assert (during["verdict"]["reason"], during["schedules"]) == ("denied", ["work"])
    after = run(running, "explain", name="www.example", client="pc", at=MONDAY_10 + 10 * 3600)
    assert (after["verdict"]["reason"], after["schedules"]) == ("not_listed", [])


def test_explain_names_who_allowed_it_for_how_long(running: Running, authority: Authority) -> None:
    desk = DeviceConfig("desk", "pc", (ip_address(CLIENT),), DnsOverlay.model_validate({}))
    grant = Allowance(from_text("bad.example"), "pc", MONDAY_10, "alice", "today", "desk")
    assert running.adopt(config(authority, devices=(desk,), allowances=(grant,)))
    told = run(running, "explain", name="bad.example", client="desk", at=MONDAY_10 - 1)
    assert told["verdict"]["reason"] == "granted"
    assert told["allowances"] == [
        {"name": "bad.example", "device": "desk", "zone": "pc", "until": MONDAY_10, "actor": "alice", "reason": "today"}
    ]
    assert run(running, "explain", name="bad.example", client="desk", at=MONDAY_10)["verdict"]["reason"] == "listed"
    assert run(running, "explain", name="bad.example", client=OTHER, at=MONDAY_10 - 1)["allowances"] == []


def test_accounts_are_bounded_and_whole(running: Running, authority: Authority) -> None:
    assert running.adopt(config(authority, log="device"))
    for source in (CLIENT, OTHER):
        running.ask("www.example", source=source)
    running.ask("bad.example")
    told = run(running, "accounts", top=1)
    assert told["clients"] == [{"client": CLIENT, "count": 2}]
    assert {"view": "pc", "action": "nxdomain", "reason": "listed", "count": 1} in told["verdicts"]
    assert told["lists"] == [{"view": "pc", "list": "malware", "count": 1}]
    assert told["names"] == [{"name": "www.example", "count": 2, "error": 0}]


@pytest.mark.parametrize("detail", ["zone", "off"])
def test_accounts_tell_no_more_than_the_query_log_may(running: Running, authority: Authority, detail: Detail) -> None:
    desk = DeviceConfig("desk", "pc", (ip_address(CLIENT),), DnsOverlay.model_validate({"deny": ["denied.example"]}))
    assert running.adopt(config(authority, devices=(desk,), log=detail))
    for name, source in (("www.example", CLIENT), ("www.example", OTHER), ("bad.example", CLIENT)):
        running.ask(name, source=source)
    told = run(running, "accounts")
    assert told["views"] == {"pc": 3}
    assert told["lists"] == [{"view": "pc", "list": "malware", "count": 1}]
    assert told["clients"] == []
    names = {one["name"] for one in told["names"] + told["blocked"]}
    assert names == ({"www.example", "bad.example"} if detail == "zone" else set())
    assert "desk" not in json.dumps(told)


@pytest.mark.parametrize("command", ["ask", "explain"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "a b"}, wire.BAD_REQUEST),
        ({"name": "\x1b[2J"}, wire.BAD_REQUEST),
        ({"name": "10.0.0.1"}, wire.BAD_REQUEST),
        ({"name": None}, wire.BAD_REQUEST),
        ({"type": "NONSENSE"}, wire.BAD_REQUEST),
        ({"client": "nobody"}, wire.NOT_FOUND),
        ({"client": None}, wire.BAD_REQUEST),
    ],
)
def test_what_is_refused(running: Running, command: str, change: dict[str, Any], code: str) -> None:
    with pytest.raises(CommandRefused) as refused:
        run(running, command, **{"name": "www.example", "client": CLIENT, **change})
    assert (refused.value.code, refused.value.message.isprintable()) == (code, True)


def test_before_the_first_site_there_is_nothing_to_tell(idle: Running) -> None:
    with pytest.raises(CommandRefused, match="no site is applied"):
        run(idle, "explain", name="www.example", client=CLIENT)
