"""`audit verify` on a journal that is whole, and on one that was touched."""

import json

import pytest

from gateway.audit import AuditLog
from gateway.paths import STATE_VARIABLE, Paths


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    paths = Paths.from_env()
    log = AuditLog(paths.audit, paths.audit_anchors)
    for number in range(3):
        log.append("root", "console", "apply", f"plan {number}", "done")
    return paths


def test_a_whole_journal(journal, clinicgate):
    done = clinicgate("audit", "verify")
    assert done.returncode == 0 and done.stdout == "3 records, all intact\n"


def test_where_no_journal_is_that_is_said(tmp_path, monkeypatch, clinicgate):
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    done = clinicgate("audit", "verify")
    assert done.returncode == 3 and f"no journal at {tmp_path}" in done.stderr and done.stdout == ""


def test_a_journal_that_is_gone_while_anchors_are_left_is_a_flaw(journal, clinicgate):
    assert journal.audit_anchors.exists()
    journal.audit.unlink()
    assert clinicgate("audit", "verify").returncode == 1


def test_a_flipped_byte_is_found_at_its_record(journal, clinicgate):
    journal.audit.write_bytes(journal.audit.read_bytes().replace(b"plan 1", b"plan 7"))
    done = clinicgate("audit", "verify", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and not answer["intact"] and answer["flaws"][0]["record"] == 2


def test_a_cut_tail_is_found(journal, clinicgate):
    lines = journal.audit.read_bytes().splitlines(keepends=True)
    journal.audit.write_bytes(b"".join(lines[:-1]))
    assert clinicgate("audit", "verify").returncode == 1
