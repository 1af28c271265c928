"""Explaining: the steps in order, in safe letters, down to the one that decides."""

import json
from dataclasses import replace

import pytest

from filters.dns_explain import explain, explanation
from filters.dns_rules import ZonePolicy
from filters.lists import compile_list
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_tools import name
from tests.filters.test_dns_rules import DESK, EVENING, GAMES, KEY, MALWARE, OTHER, POLICY, WORK, allowed, names


def test_explain_tells_every_step_to_the_one_that_decides() -> None:
    told = explain(POLICY, "pc", OTHER, name("bad.example"), WORK)
    assert told[0].text == "judged as pc; schedules on: work; lists: malware, games"
    assert told[-1].step == "block_lists"
    assert "list malware, line 1; rule bad.example" in told[-1].text
    assert [one.step for one in told[1:5]] == ["canary", "local_name", "stays_here", "closed"]


def test_explain_names_who_allowed_it_in_safe_letters() -> None:
    text = explain(allowed(actor="owner\n"), "pc", OTHER, name("bad.example"), EVENING)[-1].text
    assert "by owner\\n: \\u5bfe" in text


def test_explain_follows_the_links_of_an_answer() -> None:
    told = explain(POLICY, "pc", OTHER, name("www.example"), EVENING, links=[name("a.example"), name("bad.example")])
    assert told[-1].verdict == Verdict(Action.NXDOMAIN, Reason.LISTED_LINK, "malware", 1, "bad.example")
    clean = explain(POLICY, "pc", OTHER, name("www.example"), EVENING, links=[name("a.example")])
    assert clean[-1].verdict == Verdict(Action.FORWARD, Reason.NOT_LISTED)


def test_explain_knows_strangers() -> None:
    (told,) = explain(POLICY, "nowhere", OTHER, name("www.example"), EVENING)
    assert told.verdict == Verdict(Action.REFUSED, Reason.UNKNOWN_CLIENT)


# --- what else is known


def test_an_explanation_tells_what_did_not_get_its_turn() -> None:
    lists = (MALWARE, GAMES, compile_list("more", [b"# t", b"bad.example"], KEY))
    policy = replace(POLICY, zones={"pc": ZonePolicy(lists, deny=names("example"), only=names("ok.example"))})
    found = explanation(policy, "pc", OTHER, name("bad.example"), EVENING)
    assert found.verdict == Verdict(Action.NXDOMAIN, Reason.DENIED, rule="example")
    assert [one.step for one in found.also] == ["nothing_but", "block_lists", "block_lists"]
    assert [one.text for one in found.also[1:]] == [
        "list malware, line 1 blocks it: bad.example", "list more, line 2 blocks it: bad.example",
    ]  # fmt: skip
    assert (found.view, found.lists, found.schedules) == ("pc", ("malware", "games", "more"), ())


def test_an_explanation_does_not_repeat_the_rule_that_decided() -> None:
    assert explanation(POLICY, "pc", OTHER, name("bad.example"), EVENING).also == ()
    found = explanation(POLICY, "pc", OTHER, name("vendor.example"), EVENING)
    assert (found.verdict.reason, found.protected, found.also) == (Reason.PROTECTED, "vendor.example", ())


def test_an_explanation_names_what_holds_for_the_asker_alone() -> None:
    policy = allowed(device="desk")
    assert [one.device for one in explanation(policy, "pc", DESK, name("x.example"), EVENING).allowances] == ["desk"]
    assert explanation(policy, "pc", OTHER, name("x.example"), EVENING).allowances == ()
    found = explanation(POLICY, "kids", OTHER, name("www.google.com"), WORK)
    assert (found.safe_search, found.schedules) == (True, ("work",))


@pytest.mark.parametrize(
    ("text", "zone", "may"),
    [
        ("bad.example", "pc", True), ("denied.example", "pc", True), ("www.example", "cam", True),
        ("www.google.com", "kids", True), ("www.example", "pc", False), ("vendor.example", "pc", False),
        ("use-application-dns.net", "pc", False), ("x.local", "pc", False), ("x.closed.example", "pc", False),
        ("www.example", "nowhere", False),
    ],
)  # fmt: skip
def test_an_explanation_says_whether_an_allowance_would_help_and_that_is_true(text: str, zone: str, may: bool) -> None:
    told = explanation(POLICY, zone, OTHER, name(text), EVENING).as_dict()
    assert told["verdict"]["may_allow"] is may
    assert json.loads(json.dumps(told)) == told
    after = explanation(allowed(text, zone=zone), zone, OTHER, name(text), EVENING)
    assert (after.verdict.reason is Reason.GRANTED) is may or told["verdict"]["reason"] in ("not_listed", "protected")
