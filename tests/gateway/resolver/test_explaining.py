"""Explaining from a configuration alone: what was asked is told back as it was understood, and the moment counts."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from filters.lists import compile_list
from gateway.arguments import Arguments
from gateway.resolver.config import ResolverConfig, ZoneConfig
from gateway.resolver.explaining import explain_in, question_of
from gateway.resolver.policy import session_config
from gateway.wire import CommandRefused
from ruleset.model_dns import DnsZone, Schedule

NETWORK, GATEWAY = ip_network("10.20.20.0/24"), ip_address("10.20.20.1")
WORDS = {"lists": ["malware"], "during": {"work": {"deny": ["www.example"]}}}
CONFIG = ResolverConfig(
    "home.arpa",
    (ZoneConfig("pc", (NETWORK,), (GATEWAY,), DnsZone.model_validate(WORDS)),),
    (),
    lists={"malware": "lists/malware.hosts"},
    schedules={"work": Schedule.model_validate({"days": ["mon"], "from": "08:00", "to": "18:00"})},
    timezone="Asia/Tokyo",
)
POLICY = session_config(CONFIG, {"malware": compile_list("malware", [b"0.0.0.0 bad.example"], b"k")}, b"k").policy
MONDAY_9_IN_TOKYO = datetime(2026, 11, 23, 0, tzinfo=UTC).timestamp()


def explained(now: float = 0.0, **args: Any) -> dict[str, Any]:
    return explain_in(CONFIG, POLICY, Arguments("explain", {"client": "pc", **args}), now)


def test_what_was_understood_is_told_back() -> None:
    told = explained(name="Bad.EXAMPLE.", type="aaaa")
    assert {key: told[key] for key in ("name", "type", "from", "kind", "zone", "client", "file", "timezone")} == {
        "name": "bad.example", "type": "AAAA", "from": "pc", "kind": "zone", "zone": "pc", "client": "10.20.20.1",
        "file": "lists/malware.hosts", "timezone": "Asia/Tokyo",
    }  # fmt: skip


def test_the_moment_is_the_clinics_own() -> None:
    for now, at in ((MONDAY_9_IN_TOKYO, None), (0.0, MONDAY_9_IN_TOKYO)):
        told = explained(now, name="www.example", at=at)
        assert (told["at"], told["verdict"]["reason"]) == (MONDAY_9_IN_TOKYO, "denied")
    assert explained(MONDAY_9_IN_TOKYO - 7200, name="www.example")["verdict"]["reason"] == "not_listed"


def test_an_international_name_is_told_in_ascii() -> None:
    args = Arguments("ask", {"name": "日本.example", "client": "10.20.20.7"})
    assert question_of(CONFIG, POLICY, args).about["name"] == "xn--wgv71a.example"


@pytest.mark.parametrize("change", [{"name": "a b"}, {"client": "x"}, {"type": "?"}, {"at": "soon"}, {"more": 1}])
def test_what_is_wrong_is_refused_with_a_way_out(change: dict[str, Any]) -> None:
    with pytest.raises(CommandRefused) as refused:
        explained(**{"name": "www.example", **change})
    assert refused.value.message.isprintable()
