"""What is told about names, as sentences: every reason has words, and nothing from outside reaches the terminal raw."""

import json
from typing import Any

import pytest

from filters.dns_explain import ALLOWABLE, verdict_dict
from filters.verdict import Action, Reason, Verdict
from gateway.cli.dns_text import NO_HELP, WHY, answer_text, explain_text, headline, why
from gateway.cli.status_text import allowance_line

EVIL = "x\x1b[2J\n\u202ey"


def told(reason: Reason = Reason.LISTED, action: Action = Action.NXDOMAIN, **more: Any) -> dict[str, Any]:
    verdict = verdict_dict(Verdict(action, reason, "malware", 7, "||bad.example^"))
    values = {
        "name": "bad.example", "type": "A", "from": "reception-1", "kind": "device", "zone": "pc",
        "client": "10.20.20.11", "at": 1_795_428_000.0, "timezone": "Asia/Tokyo", "file": "malware.hosts",
        "verdict": verdict, "view": "pc", "schedules": ["work"], "lists": ["malware"], "safe_search": False,
        "protected": "", "steps": [{"step": "block_lists", "text": "yes"}], "also": [], "allowances": [],
    }  # fmt: skip
    return {**values, **more}


def test_every_reason_has_words() -> None:
    assert set(WHY) == {str(reason) for reason in Reason}
    assert not NO_HELP & {str(reason) for reason in ALLOWABLE}
    for reason in Reason:
        assert "{" not in why(verdict_dict(Verdict(Action.FORWARD, reason, "malware", 1, "rule")))


def test_a_blocked_name_is_told_with_its_rule_and_the_command_that_would_allow_it() -> None:
    text = explain_text(told(), "0.0.0.0 bad.example # since May")
    assert "bad.example A, asked by reception-1 (10.20.20.11, zone pc), Mon 2026-11-23 19:00 JST" in text
    assert "schedules on: work" in text
    assert "BLOCKED, answered with NXDOMAIN: list malware names it." in text
    assert "list malware (malware.hosts), line 7, rule ||bad.example^" in text
    assert "that line now reads: 0.0.0.0 bad.example # since May" in text
    assert "clinicgate dns allow bad.example --for 1h --device reception-1 --reason" in text
    assert "for good, in the site file: add bad.example to `allow` of dns.zones.pc" in text


def test_for_a_zone_or_an_address_the_command_names_the_zone() -> None:
    for kind in ("zone", "address"):
        assert "--zone pc --reason" in explain_text(told(kind=kind))


def test_for_good_is_what_the_check_accepts() -> None:
    assert "add bad.example to `only` of dns.zones.pc" in explain_text(told(Reason.NOT_ALLOWED))
    for reason in (Reason.DENIED, Reason.DENIED_LINK):
        text = explain_text(told(reason))
        assert "take ||bad.example^ out of `deny` of dns.zones.pc" in text and "to `allow`" not in text


def test_who_cannot_ask_and_what_could_not_be_read_are_told_first() -> None:
    refused = told(not_asked="camera-1 may not ask the gateway for names: zone cam, refused by x (y).")
    assert "(y). What it would get:\nBLOCKED" in explain_text(refused)
    assert answer_text(refused | {"rcode": "NXDOMAIN"}).startswith("camera-1 may not ask")
    text = explain_text(told(Reason.NOT_LISTED, Action.FORWARD, undecided=["a", "b"]))
    assert "UNDECIDED: list a, b could not be read; without it: no rule is about it." in text
    assert "PASSES" not in text


def test_allowances_are_told_in_the_clinics_time() -> None:
    row = {"name": "ok.example", "zone": "pc", "until": 0.0, "actor": "alice", "reason": "today"}
    assert "until 1970-01-01 09:00:00 JST" in explain_text(told(allowances=[row]))


@pytest.mark.parametrize("reason", sorted(NO_HELP))
def test_where_nobody_can_help_no_command_is_offered(reason: str) -> None:
    text = explain_text(told(Reason(reason)))
    assert "Nobody can allow it" in text and "dns allow" not in text


def test_a_name_without_a_rule_points_to_the_real_question() -> None:
    text = explain_text(told(Reason.NOT_LISTED, Action.FORWARD))
    assert "PASSES THE FILTER: no rule is about it." in text
    assert "`clinicgate dns test bad.example --from reception-1` asks" in text


def test_what_else_is_known_is_told() -> None:
    row = {"name": "ok.example", "device": "", "zone": "pc", "until": 0.0, "actor": "alice", "reason": "today"}
    also = [{"step": "block_lists", "text": "list more, line 2 blocks it"}]
    known = {"also": also, "allowances": [row], "protected": "health.example", "safe_search": True}
    text = explain_text(told(**known, missing=["x: y"]))
    for part in ("list more, line 2 blocks it", "ok.example for zone pc until 1970-01-01", "by alice: today",
                 "Protected: health.example. Safe search: on.", "List not read: x: y"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("reason", "action", "words"),
    [
        (Reason.LISTED, Action.PAGE, "BLOCKED, answered with the block page's address"),
        (Reason.CANARY, Action.NXDOMAIN, "ANSWERED HERE"),
        (Reason.SAFE_SEARCH, Action.SAFE, "ANSWERED HERE"),
        (Reason.UNKNOWN_CLIENT, Action.REFUSED, "REFUSED"),
        (Reason.GRANTED, Action.FORWARD, "PASSES THE FILTER: a person allowed it"),
    ],
)
def test_headlines(reason: Reason, action: Action, words: str) -> None:
    assert headline(verdict_dict(Verdict(action, reason))).startswith(words)
    assert headline(None).startswith("NOT TAKEN")


def test_a_test_tells_the_whole_answer() -> None:
    values = told() | {
        "rcode": "NXDOMAIN", "answers": ["a. 1 IN A 192.0.2.1"], "milliseconds": 1.25, "from_cache": True,
        "errors": [{"code": 15, "text": "list malware line 7"}],
    }  # fmt: skip
    text = answer_text(values)
    assert "NXDOMAIN after 1.2 ms, from the cache" in text
    assert "  a. 1 IN A 192.0.2.1" in text
    assert "extended error 15 (RFC 8914) list malware line 7" in text
    assert "list malware, line 7" in text
    assert "clinicgate dns allow bad.example --for 1h --device reception-1" in text
    passed = answer_text(told(Reason.NOT_LISTED, Action.FORWARD, rcode="NXDOMAIN"))
    assert "\nPASSES THE FILTER: no rule is about it.\n" in passed and "To allow" not in passed


def test_nothing_from_outside_reaches_the_terminal_raw() -> None:
    def spoil(value: Any) -> Any:
        if isinstance(value, str):
            return value + EVIL
        if isinstance(value, dict):
            return {key: spoil(one) for key, one in value.items()}
        return [spoil(one) for one in value] if isinstance(value, list) else value

    row = {"id": 1, "name": "ok.example", "device": "d", "until": 0.0, "actor": "alice", "reason": "today"}
    values = told(allowances=[row], also=[{"step": "s", "text": "t"}], missing=["m"]) | {
        "rcode": "X", "answers": ["a"], "errors": [{"code": 1, "text": "t"}],
    }  # fmt: skip
    spoilt = spoil(json.loads(json.dumps(values)))
    for text in (explain_text(spoilt, EVIL), answer_text(spoilt), allowance_line(spoil(row))):
        assert all(line.isprintable() for line in text.split("\n"))
        assert len(text.split("\n")) < 40
