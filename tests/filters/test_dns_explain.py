"""Explaining: the steps in order, in safe letters, down to the one that decides."""

from filters.dns_explain import explain
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_tools import name
from tests.filters.test_dns_rules import EVENING, OTHER, POLICY, WORK, allowed


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
