"""Questions people ask, and every part of the answer."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ruleset.compile import compile_ruleset
from ruleset.evaluate import evaluate
from ruleset.explain import Question, explain
from ruleset.live import NOTHING_LIVE, LiveState, Quarantined
from ruleset.packet import Facts, quarantine_facts
from ruleset.resolved import Side, VideoNames
from tests.ruleset.small_clinic import DEVICES, GRANTS, NOW, clinic, device, forward, grant, tcp

VIDEO = grant("video:consult:zoom", device("reception-1"), Side("internet", "zoom", learned=True), tcp(8801))
NAMES = VideoNames("video:consult", "pc", device("reception-1").networks, ("zoom.us",))
CLINIC = clinic(grants=(*GRANTS, VIDEO), forwards=(forward(),), video_names=(NAMES,))
RULES = compile_ruleset(CLINIC, NOTHING_LIVE, NOW)


def ask(source, target, protocol="tcp", port=443, facts=None):
    return explain(CLINIC, RULES, Question(source, target, protocol, port), facts or Facts())


@pytest.mark.parametrize(
    ("source", "target", "protocol", "port", "verdict"),
    [
        ("reception-1", "emr", "tcp", 8443, "accept"),
        ("reception-1", "emr", "tcp", 443, "refuse"),
        ("camera-1", "198.51.100.7", "tcp", 443, "refuse"),
        ("pc", "internet", "tcp", 443, "accept"),
        ("pc", "internet", "tcp", 445, "refuse"),
        ("pc", "example.org", "tcp", 443, "accept"),
        ("pc", "example.org", "udp", 53, "accept"),
        ("camera-1", "gateway", "echo", 0, "accept"),
        ("camera-1", "gateway", "tcp", 8080, "refuse"),
        ("admin", "gateway", "tcp", 8080, "accept"),
        ("internet", "gateway", "udp", 51820, "accept"),
        ("internet", "emr", "udp", 51820, "refuse"),
        ("198.51.100.9", "gateway", "tcp", 22, "refuse"),
        ("room-1", "reception-1", "tcp", 445, "same-zone"),
        ("internet", "198.51.100.9", "tcp", 445, "same-zone"),
        ("gateway", "internet", "tcp", 443, "not-filtered"),
        ("nobody", "internet", "tcp", 443, "unknown"),
        ("reception-1", "no such place", "tcp", 443, "unknown"),
    ],
)
def test_verdicts(source, target, protocol, port, verdict):
    assert ask(source, target, protocol, port).verdict == verdict


def test_both_families_are_asked_when_both_ends_have_them():
    assert [c.packet.family for c in ask("reception-1", "emr").checks] == [4, 6]
    assert [c.packet.family for c in ask("reception-1", "files").checks] == [4]


def test_the_deciding_rule_comes_with_its_line_and_reason():
    check = ask("reception-1", "emr", "tcp", 8443).checks[0]
    assert check.outcome.rule_id == "permit:reception-emr"
    assert (check.origin.file, check.origin.line, check.origin.why) == ("site.yaml", 40, "because")


def test_a_refusal_names_the_nearest_permission_and_what_differs():
    answer = ask("reception-1", "emr", "tcp", 443)
    assert answer.nearest[0].grant_id == "permit:reception-emr"
    assert "it allows tcp 8443, you asked tcp 443" in answer.text()
    assert ask("reception-1", "emr", "tcp", 8443).nearest == ()


def test_translation_is_part_of_the_answer():
    assert "answered by the gateway itself, at 10.20.20.1 port 53" in ask("pc", "example.org", "udp", 53).text()
    assert "sent on, at 10.20.30.10 port 51820" in ask("internet", "gateway", "udp", 51820).text()
    assert "leaves under the gateway's own address" in ask("pc", "internet").text()


def test_an_approved_name_passes_as_a_learned_address_and_others_do_not():
    assert ask("reception-1", "us04.zoom.us", "tcp", 8801).verdict == "accept"
    assert ask("room-1", "us04.zoom.us", "tcp", 8801).verdict == "refuse"
    assert ask("reception-1", "example.org", "tcp", 8801).verdict == "refuse"
    assert "learned" in ask("reception-1", "us04.zoom.us", "tcp", 8801).text()


def test_devices_that_get_another_answer_than_their_zone_are_named():
    answer = ask("pc", "srv", "tcp", 8443)
    assert [(e.source, e.target, e.verdict) for e in answer.exceptions] == [("reception-1", "emr", "accept")]
    assert ask("reception-1", "emr", "tcp", 8443).exceptions == ()


def test_what_is_known_of_quarantine_changes_the_answer():
    live = LiveState((Quarantined("reception-1", "", ("10.20.20.11",), "worm", "owner", NOW),))
    rules = compile_ruleset(CLINIC, live, NOW)
    question = Question("reception-1", "emr", "tcp", 8443)
    answer = explain(CLINIC, rules, question, quarantine_facts(live))
    assert answer.verdict == "mixed"
    assert answer.checks[0].outcome.rule_id == "core:quarantine"
    assert explain(CLINIC, rules, question).verdict == "accept"


def test_a_device_without_a_common_family_gets_no_verdict():
    only6 = replace(CLINIC, hosts=tuple(replace(h, addresses=h.addresses[1:]) for h in CLINIC.hosts))
    answer = explain(only6, RULES, Question("reception-1", "files"))
    assert answer.verdict == "unknown"
    assert "no address family in common" in answer.text()


def test_an_answer_survives_json():
    for answer in (ask("reception-1", "emr"), ask("internet", "gateway", "udp", 51820), ask("x", "y")):
        data = json.loads(json.dumps(answer.as_dict()))
        assert data["verdict"] == answer.verdict
        assert len(data["checks"]) == len(answer.checks)


def test_many_exceptions_are_counted_not_listed():
    answer = ask("pc", "srv", "tcp", 8443)
    many = replace(answer, exceptions=answer.exceptions * 20)
    assert "and 8 more such pairs" in many.text()


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_word_makes_a_traceback_or_a_control_character(source, target):
    answer = ask(source, target)
    assert answer.verdict in ("unknown", "same-zone", "accept", "refuse", "mixed", "not-filtered")
    assert all(c.isprintable() or c == "\n" for c in answer.text())


WORDS = st.sampled_from([*DEVICES, "mgmt", "pc", "srv", "cam", "internet", "10.20.20.77", "198.51.100.9"])


@settings(max_examples=60)
@given(
    WORDS, st.one_of(WORDS, st.just("gateway")), st.sampled_from(["tcp", "udp"]), st.sampled_from([22, 53, 443, 8443])
)
def test_the_verdict_is_the_evaluators(source, target, protocol, port):
    answer = ask(source, target, protocol, port)
    for check in answer.checks:
        assert evaluate(RULES, CLINIC, check.packet).passed == check.outcome.passed
    if answer.checks:
        passed = {c.outcome.passed for c in answer.checks}
        assert answer.verdict == ("mixed" if len(passed) == 2 else "accept" if passed == {True} else "refuse")


def test_the_zone_word_and_its_free_address_agree():
    stranger = ask("pc", "srv", "tcp", 8443).checks[0].packet.src
    assert ask(str(stranger), "srv", "tcp", 8443).verdict == ask("pc", "srv", "tcp", 8443).verdict
