"""Asking as a client through the running session: the whole answer, and no trace on the client."""

from ipaddress import ip_address
from typing import Any

import dns.rdatatype
import pytest

from filters.dns_exchange import Timing
from filters.names import from_text
from gateway.resolver.asker import Asker
from gateway.resolver.trial import ask_as, type_of
from tests.gateway.resolver.world import CLIENT, GUEST, STRANGER, Authority, FakeEnforcer, Running, answers, config

A, HTTPS, ANY = (dns.rdatatype.from_text(text) for text in ("A", "HTTPS", "ANY"))


def tried(running: Running, text: str, qtype: Any = A, *, zone: str = "pc", client: str = CLIENT) -> dict[str, Any]:
    asker = Asker(zone, ip_address(client), "device")
    return running.do(ask_as(running.resolver, asker, from_text(text), qtype))


def test_a_blocked_name_is_told_with_its_rule_and_its_extended_error(running: Running) -> None:
    told = tried(running, "bad.example")
    assert (told["rcode"], told["answers"]) == ("NXDOMAIN", [])
    assert told["errors"] == [{"code": 15, "text": "list malware line 2"}]
    assert {key: told["verdict"][key] for key in ("reason", "list", "line")} == {
        "reason": "listed", "list": "malware", "line": 2,
    }  # fmt: skip
    assert (told["zone"], told["client"], told["from_cache"]) == ("pc", CLIENT, False)
    assert tried(running, "bad.example", zone="guest", client=GUEST)["answers"] == ["bad.example. 10 IN A 0.0.0.0"]


def test_an_answer_comes_from_upstream_and_then_from_the_cache(running: Running, authority: Authority) -> None:
    first, second = tried(running, "www.example"), tried(running, "www.example")
    assert first["answers"] == ["www.example. 60 IN A 192.0.2.1"]
    assert (first["from_cache"], second["from_cache"]) == (False, True)
    assert first["milliseconds"] > 0
    assert authority.asked == [("www.example", "udp")]


def test_a_trial_leaves_no_trace_on_the_client(running: Running, authority: Authority, enforcer: FakeEnforcer) -> None:
    authority.records["us.zoom.example"] = ["203.0.113.9"]
    enforcer.answers["pin"] = lambda args: {"pinned": 1, "refused": []}
    for text in ("www.example", "bad.example", "us.zoom.example"):
        tried(running, text)
    assert enforcer.calls == []

    async def look() -> Any:
        return running.resolver.snapshot()

    found = running.do(look())
    assert (found.views, found.clients, found.verdicts, found.blocked) == ({}, {}, {}, ())
    assert answers(running.ask("us.zoom.example")) == ["203.0.113.9"]
    assert [command for command, _ in enforcer.calls] == ["pin"]


def test_a_stranger_is_refused_and_silence_is_told(tmp_path: Any, authority: Authority) -> None:
    running = Running(tmp_path, Timing(attempt=0.05, whole=0.3, attempts=3))
    try:
        assert running.adopt(config(authority))
        assert tried(running, "www.example", zone="", client=STRANGER)["rcode"] == "REFUSED"
        authority.silent = True
        told = tried(running, "www.example")
        assert (told["rcode"], [error["code"] for error in told["errors"]]) == ("SERVFAIL", [22])
        assert told["milliseconds"] >= 300
    finally:
        running.close()


def test_a_question_that_is_not_taken_has_no_verdict(running: Running) -> None:
    told = tried(running, "www.example", ANY)
    assert told["verdict"] is None
    assert "HINFO" in told["answers"][0]


@pytest.mark.parametrize(("text", "number"), [("A", 1), ("aaaa", 28), ("TYPE65", 65), ("HTTPS", 65)])
def test_types(text: str, number: int) -> None:
    assert type_of(text) == number


@pytest.mark.parametrize("text", ["", "B", "TYPE", "TYPE70000", "65", "\n", "A" * 90, "Ａ"])
def test_what_is_no_type(text: str) -> None:
    with pytest.raises(ValueError, match="is no record type"):
        type_of(text)
