"""`prove --live` is clean on every shipped example, and red when one rule is deleted by hand or one permit widened."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from gateway.cli.status_text import status_text
from gateway.lab import netns
from gateway.lab.live import live_report
from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.prove import Report
from tests.fault.clinic import EXAMPLES, Clinic, running

pytestmark = pytest.mark.netns


@dataclass(frozen=True)
class Example:
    """A shipped site; `permit` is a rule in `chain`, `narrow` and `wide` a permit as it is and as it must not be."""

    name: str
    chain: str
    permit: str
    narrow: str
    wide: str


SHIPPED = (
    Example(
        "cabinet-fr",
        "pair-serveur-to-medical",
        "permit:lecture-carte",
        "from: dossiers, to: lecteur-vitale",
        "from: dossiers, to: medical",
    ),
    Example("naika-clinic", "pair-pc-to-srv", "permit:emr-clients", "from: reception-1, to: nvr", "from: pc, to: nvr"),
    Example("dental-imaging", "pair-rooms-to-servers", "permit:records-web", "to: records,", "to: servers,"),
)
UNASKED = (  # what no packet of a proof can meet: it asks once each, as an honest device that begins a connection
    ("forward", "core:established"),
    ("translate-source", "core:srcnat:masquerade"),
    ("input", "core:quarantine"),
)


def test_every_shipped_example_is_proved_here():
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == {example.name for example in SHIPPED}


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda example: example.name)
def example(request) -> Example:
    return request.param


@pytest.fixture(scope="module")
def standing_clinic(example) -> Iterator[Clinic]:
    with running("tred", (EXAMPLES / f"{example.name}.yaml").read_text(encoding="utf-8")) as clinic:
        yield clinic


def proof(clinic: Clinic) -> Report:
    """What `clinicgate prove SITE --live` prints for the clinic's own file."""
    now = datetime.now(UTC)
    return live_report(clinic.resolved, compile_ruleset(clinic.resolved, NOTHING_LIVE, now), now, clinic.lab)


def delete_rules(clinic: Clinic, chain: str, ident: str, most: int | None = None) -> int:
    """What a hand with `nft` does: every rule of that id, or the first ones. Answer: how many."""

    def nft(*words: str) -> str:
        with netns.inside(clinic.namespace("gateway")):
            return subprocess.run(["nft", *words], capture_output=True, text=True, check=True).stdout

    listing = nft("--handle", "list", "chain", "inet", "clinicgate", chain).splitlines()
    handles = [line.rsplit("# handle ", 1)[1] for line in listing if f'comment "{ident}" #' in line][:most]
    for handle in handles:
        nft("delete", "rule", "inet", "clinicgate", chain, "handle", handle)
    return len(handles)


def test_clean_as_applied(clinic, figure):
    report = proof(clinic)
    assert report.holds, report.text()
    assert clinic.status()["drift"] == []
    assert report.sent == len(report.rows) > 150
    figure(f"proof of {clinic.resolved.site.clinic.label}: {report.summary()}")


def test_one_deleted_redirect_of_names_is_met_by_packets(clinic):
    assert delete_rules(clinic, "translate-destination", "core:dns:redirect", 1) == 1
    assert {(row.question.wire, row.wanted, row.seen) for row in proof(clinic).differences} == {
        ("udp 53", "redirect", "refuse")
    }


def test_one_deleted_permit_is_met_by_packets(clinic, example):
    assert delete_rules(clinic, example.chain, example.permit, 1) == 1
    report = proof(clinic)
    assert report.differences, report.text()
    assert {(row.rule_id, row.wanted, row.seen) for row in report.differences} == {(example.permit, "pass", "refuse")}
    assert "Changed by hand since it was loaded:\n  - chain " + example.chain in status_text(clinic.status())


@pytest.mark.parametrize(("chain", "ident"), UNASKED)
def test_one_deleted_rule_that_no_packet_asks_about_is_red_all_the_same(clinic, chain, ident):
    assert delete_rules(clinic, chain, ident, 1) == 1
    report = proof(clinic)
    assert not report.holds
    assert [line for line in report.drift if chain in line] == list(report.drift) != []
    assert any(chain in line for line in clinic.status()["drift"])


def test_one_widened_permit_is_red(clinic, example):
    assert clinic.text.count(example.narrow) == 1
    clinic.apply(clinic.text.replace(example.narrow, example.wide))
    clinic.confirm()
    report = proof(clinic)
    assert {(row.wanted, row.computed, row.seen) for row in report.differences} == {("refuse", "refuse", "pass")}
    assert "is another policy" in report.drift[0]
    assert clinic.status()["drift"] == [], "what was applied properly was not changed by hand"
