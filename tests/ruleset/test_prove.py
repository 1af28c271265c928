"""The comparison: clean on an honest ruleset, red on any rule that is missing, added or widened."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.prove import prove
from ruleset.prove_questions import questions
from ruleset.resolved import Side
from ruleset.tree import L4, Accept, PortRange
from tests.ruleset.small_clinic import DEVICES, GRANTS, NOW, clinic, device, forward, grant, rule, tcp, udp, zone

UPDATE = grant("pack:update", zone("srv"), Side("internet", "internet", learned=True), tcp(443))
CLINIC = clinic(grants=(*GRANTS, UPDATE), forwards=(forward(),))
WHOLE = compile_ruleset(CLINIC, NOTHING_LIVE, NOW)
ACCEPTING = sorted({r.id for c in WHOLE.chains for r in c.rules for s in r.statements if isinstance(s, Accept)})
NOT_ASKED = (  # the proof asks for new connections of strangers and devices that have an address
    "core:established",
    "core:input:listeners",
    "core:input:loopback",
    "core:input:neighbours",
    "core:input:uplink",
)


def without(ident):
    chains = (replace(c, rules=tuple(r for r in c.rules if r.id != ident)) for c in WHOLE.chains)
    return replace(WHOLE, chains=tuple(chains))


def test_an_honest_ruleset_has_no_difference():
    report = prove(CLINIC, WHOLE, NOW)
    assert report.differences == ()
    assert {row.wanted for row in report.rows} == {"pass", "redirect", "refuse"}


@pytest.mark.parametrize("ident", [i for i in ACCEPTING if not i.startswith(NOT_ASKED)])
def test_any_deleted_permission_turns_it_red(ident):
    report = prove(CLINIC, without(ident), NOW)
    assert report.differences
    assert {row.computed for row in report.differences} == {"refuse"}


@pytest.mark.parametrize("ident", ["refuse:base:smb", "core:dns:redirect"])
def test_a_deleted_refusal_or_redirect_turns_it_red_even_where_everything_is_allowed(ident):
    wide = grant("permit:wide", zone("pc"), zone("internet"), tcp((1, 65535)), udp((1, 65535)))
    resolved = clinic(grants=(*GRANTS, wide))
    rules = compile_ruleset(resolved, NOTHING_LIVE, NOW)
    assert prove(resolved, rules, NOW).differences == ()
    chains = (replace(c, rules=tuple(r for r in c.rules if r.id != ident)) for c in rules.chains)
    report = prove(resolved, replace(rules, chains=tuple(chains)), NOW)
    wanted = "redirect" if ident == "core:dns:redirect" else "refuse"
    assert {(row.wanted, row.computed) for row in report.differences if row.question.source == "pc"} >= {
        (wanted, "pass")
    }


@pytest.mark.parametrize("name", ["pair-pc-to-srv", "pair-pc-to-internet", "input-cam", "forward", "input"])
def test_a_rule_added_by_hand_turns_it_red(name):
    hole = rule("permit:hole", L4("tcp", (PortRange(1, 65535),)), Accept())
    chains = (replace(c, rules=(hole, *c.rules)) if c.name == name else c for c in WHOLE.chains)
    report = prove(CLINIC, replace(WHOLE, chains=tuple(chains)), NOW)
    assert {row.rule_id for row in report.differences} == {"permit:hole"}
    assert {row.wanted for row in report.differences} == {"refuse"}


def test_a_permit_widened_by_one_port_or_one_device_turns_it_red():
    for wider in (
        replace(GRANTS[-1], traffic=(tcp((8443, 8444)),)),
        replace(GRANTS[-1], source=zone("pc")),
        replace(GRANTS[-1], target=zone("srv")),
    ):
        rules = compile_ruleset(clinic(grants=(*GRANTS[:-1], wider)), NOTHING_LIVE, NOW)
        assert prove(clinic(), rules, NOW).differences


def test_a_packet_that_saw_something_else_turns_it_red():
    asked = questions(CLINIC, "live")
    honest = {row.question.id: row.computed for row in prove(CLINIC, WHOLE, NOW, asked).rows}
    assert prove(CLINIC, WHOLE, NOW, asked, honest).differences == ()
    first = next(ident for ident, verdict in honest.items() if verdict == "refuse")
    report = prove(CLINIC, WHOLE, NOW, asked, honest | {first: "pass"})
    assert [row.question.id for row in report.differences] == [first]
    assert "seen pass" in report.text()


def test_a_name_answered_by_the_gateway_may_be_seen_as_passing_but_not_as_refused():
    asked = [q for q in questions(CLINIC) if q.wire == "udp 53" and (q.source, q.target) == ("pc", "internet")]
    assert asked
    for seen, differs in (("pass", False), ("redirect", False), ("refuse", True)):
        report = prove(CLINIC, WHOLE, NOW, asked, {q.id: seen for q in asked})
        assert bool(report.differences) is differs


def test_a_question_nobody_sent_is_not_counted_as_seen():
    asked = questions(CLINIC, "live")
    report = prove(CLINIC, WHOLE, NOW, asked, {asked[0].id: "refuse", "not a question": "pass"})
    assert report.sent == 1
    assert len(report.rows) == len(asked)


def test_what_is_loaded_and_was_not_computed_turns_it_red_without_any_packet():
    report = prove(CLINIC, WHOLE, NOW, drift=("changed by hand: chain forward\x1b",))
    assert not report.differences and not report.holds
    assert report.as_dict()["drift"] == list(report.drift)
    assert "what is loaded is not what was computed" in report.summary()
    assert "changed by hand: chain forward" in report.text() and "\x1b" not in report.text()
    assert prove(CLINIC, WHOLE, NOW).holds


def test_the_matrix_says_who_may_do_what():
    report = prove(CLINIC, WHOLE, NOW)
    assert (report.cell("pc", "internet").extent, report.cell("pc", "internet").services) == ("all", ("http", "https"))
    assert (report.cell("pc", "srv").extent, report.cell("pc", "srv").services) == ("some", ("smb*", "emr-app*"))
    assert report.cell("pc", "pc").extent == "same"
    assert report.cell("cam", "internet").extent == "none"
    assert report.cell("internet", "srv").services == ("udp 51820*",)
    with pytest.raises(KeyError, match="no field moon"):
        report.cell("moon", "pc")


def test_the_report_survives_json_and_its_text_obeys_no_terminal():
    named = replace(CLINIC, site=CLINIC.site.model_copy(update={"clinic": CLINIC.site.clinic.model_copy()}))
    report = replace(prove(named, without("permit:reception-emr"), NOW), label="evil\x1b[2J")
    data = json.loads(json.dumps(report.as_dict()))
    assert data["questions"] == len(report.rows)
    assert len(data["differences"]) == len(report.differences) > 0
    assert "\x1b" not in report.text()
    assert "wanted pass, computed refuse" in report.text()


ENDS = st.sampled_from([zone("pc"), zone("srv"), zone("cam"), device("room-1"), device("emr"), device("camera-1")])
TARGETS = st.one_of(ENDS, st.sampled_from([zone("internet"), zone("gateway")]))
PORTS = st.tuples(st.integers(1, 65535), st.integers(0, 3)).map(lambda p: (p[0], min(65535, p[0] + p[1])))
TRAFFIC = st.one_of(PORTS.map(tcp), PORTS.map(udp))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(ENDS, TARGETS, TRAFFIC, st.booleans()), max_size=4))
def test_wanted_and_computed_agree_for_any_grants(made):
    grants = [
        replace(grant(f"permit:p{i}", source, target, traffic), waived=waived)
        for i, (source, target, traffic, waived) in enumerate(made)
        if source.zone != target.zone
    ]
    resolved = clinic(grants=(*GRANTS, *grants))
    assert prove(resolved, compile_ruleset(resolved, NOTHING_LIVE, NOW), NOW).differences == ()


def test_the_devices_of_the_clinic_are_what_the_grants_mean():
    assert set(DEVICES) == {h.name for h in CLINIC.hosts}
