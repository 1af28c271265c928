"""The proof with real packets: clean for what was applied, red for a rule that went and a permit that grew."""

import subprocess
from datetime import UTC, datetime

import pytest

from gateway.lab import live, netns
from gateway.lab.errors import LabError
from gateway.lab.person import apply_and_confirm
from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from tests.gateway.lab.conftest import SMALL, resolve

pytestmark = pytest.mark.netns


def report(clinic, resolved=None):
    site, now = resolved or clinic.resolved, datetime.now(UTC)
    return live.live_report(site, compile_ruleset(site, NOTHING_LIVE, now), now, clinic.lab)


def nft(clinic, *words):
    with netns.inside_named(clinic.namespace("gateway")):
        return subprocess.run(["nft", *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def mended(clinic):
    """Whatever a test does to the kernel by hand, the next apply puts right."""
    yield clinic
    apply_and_confirm(clinic.site, clinic.lab)


def test_what_was_applied_is_what_packets_meet(clinic):
    found = report(clinic)
    assert found.sent > 150
    assert [row.line() for row in found.differences] == []


def test_a_rule_deleted_by_hand_is_seen(mended):
    listing = nft(mended, "--handle", "list", "chain", "inet", "clinicgate", "pair-pc-to-srv")
    handles = [line.rsplit("# handle ", 1)[1] for line in listing.splitlines() if "permit:pc-emr" in line]
    assert handles
    for handle in handles:
        nft(mended, "delete", "rule", "inet", "clinicgate", "pair-pc-to-srv", "handle", handle)
    differences = report(mended).differences
    assert {row.question.packet.dport for row in differences} == {8443}
    assert all((row.wanted, row.seen) == ("pass", "refuse") for row in differences)


def test_a_permit_widened_by_hand_is_seen(mended):
    nft(mended, "insert", "rule", "inet", "clinicgate", "pair-pc-to-srv", "tcp", "dport", "1-65535", "accept")
    differences = report(mended).differences
    assert differences
    assert all((row.wanted, row.seen) == ("refuse", "pass") for row in differences)


def test_a_permit_widened_in_the_file_alone_is_seen(clinic):
    wider = resolve(SMALL.replace("from: pc, to: emr", "from: [pc, admin], to: emr"))
    differences = report(clinic, wider).differences
    assert {(row.question.source, row.wanted, row.seen) for row in differences} == {("mgmt", "pass", "refuse")}


def test_a_lab_of_another_site_is_refused(clinic, bare):
    other = resolve(SMALL.replace("vlan: 30", "vlan: 31"))
    with pytest.raises(LabError, match="another site"):
        report(clinic, other)
    with pytest.raises(LabError, match="no lab none"), live.attached("none"):
        pass


def test_a_table_of_another_program_is_no_clean_proof(mended):
    nft(mended, "add", "table", "ip", "foreign")
    try:
        told = report(mended).drift
    finally:
        nft(mended, "delete", "table", "ip", "foreign")
    assert told == ("a table of another program, which may drop or redirect: ip foreign",)
    assert report(mended).drift == ()
