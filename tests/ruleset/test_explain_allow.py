"""What an answer advises works: written into the site file as shown, the checks take it and the packet passes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ruleset.compile import compile_ruleset
from ruleset.explain import Question, explain
from ruleset.live import NOTHING_LIVE, LiveState, Quarantined
from ruleset.load import load_site
from ruleset.packet import quarantine_facts

NOW = datetime(2026, 6, 1, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "ruleset" / "examples" / "naika-clinic.yaml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def loaded(text):
    result = load_site(text.encode(), "site.yaml", NOW)
    assert result.resolved is not None, [problem.line() for problem in result.problems]
    return result.resolved


SITE = loaded(TEXT)
RULES = compile_ruleset(SITE, NOTHING_LIVE, NOW)


def ask(source, target, protocol, port, site=SITE, rules=RULES):
    return explain(site, rules, Question(source, target, protocol, port))


def written(lines):
    """The example with those lines in it, each entry below its part of the file, their placeholders filled in."""
    text = TEXT
    for line in lines:
        part, _, entries = line.replace("YYYY-MM-DD", "2027-03-31").partition(": ")
        known = f"\n{part}:\n" in text
        below = text.replace(f"\n{part}:\n", f"\n{part}:\n  {entries[1:-1]}\n")
        text = below if known else f"{text}\n{part}: {entries}\n"
    return text


@pytest.mark.parametrize(
    ("source", "target", "protocol", "port", "service", "waiver"),
    [
        ("camera-1", "internet", "tcp", 443, "https", "cam to internet is closed by the default policy"),
        ("camera-1", "198.51.100.9", "tcp", 443, "https", "cam to internet is closed by the default policy"),
        ("reception-1", "camera-1", "tcp", 554, "rtsp", ""),
        ("reception-1", "camera-1", "echo", 0, "echo", "pc to cam allows http, https, rtsp, not 'echo'"),
        ("reception-1", "emr", "tcp", 9999, "new-service", ""),
        ("pc", "internet", "tcp", 25, "smtp", "'smtp' is always refused towards the internet (mail-relay)"),
        ("reception-1", "gateway", "tcp", 8080, "ui", ""),
        ("guest", "gateway", "tcp", 22, "ssh", "guest to gateway allows dns, not 'ssh'"),
        ("10.10.20.77", "camera-1", "tcp", 443, "https", ""),
    ],
)
def test_what_is_advised_is_taken_and_works(source, target, protocol, port, service, waiver):
    answer = ask(source, target, protocol, port)
    assert answer.verdict == "refuse"
    assert answer.allow is not None
    assert f"services: [{service}]" in " ".join(answer.allow.lines)
    assert waiver in answer.allow.waiver
    assert bool(waiver) == bool(answer.allow.waiver) == any(x.startswith("waivers:") for x in answer.allow.lines)
    site = loaded(written(answer.allow.lines))
    changed = ask(source, target, protocol, port, site, compile_ruleset(site, NOTHING_LIVE, NOW))
    assert changed.verdict == "accept"
    assert changed.allow is None


def test_the_answer_ends_with_the_advice():
    text = ask("camera-1", "internet", "tcp", 443).text().splitlines()
    assert text[-3].startswith("  To allow it: a permit and a waiver, because cam to internet is closed")
    assert text[-2].startswith("    permits: {new-permit: {from: camera-1, to: internet, services: [https], ")
    assert text[-1].startswith("    waivers: {new-permit: {covers: new-permit, ")
    assert "  To allow it: a permit is enough" in ask("reception-1", "camera-1", "tcp", 554).text().splitlines()


@pytest.mark.parametrize(
    ("source", "target"),
    [("internet", "gateway"), ("internet", "emr"), ("pc", "10.10.30.1"), ("pc", "127.0.0.1"), ("pc", "pc")],
)
def test_where_no_permit_can_help_none_is_advised(source, target):
    answer = ask(source, target, "tcp", 22)
    assert answer.verdict != "accept"
    assert answer.allow is None
    assert "To allow it" not in answer.text()


def test_isolation_is_not_answered_with_a_permit():
    live = LiveState((Quarantined("reception-1", "", ("10.10.20.11",), "worm", "owner", NOW),))
    question = Question("reception-1", "internet", "tcp", 443)
    answer = explain(SITE, compile_ruleset(SITE, live, NOW), question, quarantine_facts(live))
    assert answer.checks[0].outcome.rule_id == "core:quarantine"
    assert answer.allow is None
    assert not [note for note in answer.notes if "isolated devices" in note]


def test_an_answer_from_the_site_file_says_that_it_knows_of_no_isolation():
    note = "  note: computed from the site file; isolated devices are not considered"
    assert note in ask("pc", "internet", "tcp", 443).text().splitlines()
    assert note not in ask("pc", "pc", "tcp", 443).text().splitlines()
