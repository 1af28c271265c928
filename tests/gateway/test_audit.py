"""The audit log: what was written cannot be changed, cut or thinned out unnoticed."""

import json
from pathlib import Path

import pytest

from gateway import durable
from gateway.audit import Anchor, AuditLog, tail, verify
from gateway.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "state", tmp_path / "run")


@pytest.fixture
def log(paths: Paths) -> AuditLog:
    log = AuditLog(paths.audit, paths.audit_anchors)
    for number in range(1, 6):
        log.append("alice", "local console", "apply", f"plan {number}", "done")
    return log


def test_an_untouched_log_is_intact(paths: Paths, log: AuditLog) -> None:
    outcome = verify(paths)
    assert (outcome.intact, outcome.records) == (True, 5)


def test_every_flipped_byte_is_found_and_its_record_named(paths: Paths, log: AuditLog) -> None:
    original = paths.audit.read_bytes()
    ends = [i for i, byte in enumerate(original) if byte == ord("\n")]
    for at in range(0, len(original), 7):
        paths.audit.write_bytes(original[:at] + bytes([original[at] ^ 1]) + original[at + 1 :])
        outcome = verify(paths)
        assert not outcome.intact, f"byte {at} flipped unnoticed"
        assert outcome.flaws[0].seq == 1 + sum(end < at for end in ends)


def test_a_missing_record_is_a_gap(paths: Paths, log: AuditLog) -> None:
    lines = paths.audit.read_bytes().splitlines(keepends=True)
    paths.audit.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert "record 3 is missing" in verify(paths).flaws[0].what


def test_a_cut_tail_is_missed_by_the_newest_anchor(paths: Paths, log: AuditLog) -> None:
    lines = paths.audit.read_bytes().splitlines(keepends=True)
    paths.audit.write_bytes(b"".join(lines[:-1]))
    flaw = verify(paths).flaws[0]
    assert (flaw.seq, "reached record 5" in flaw.what) == (5, True)


def test_a_removed_log_is_noticed(paths: Paths, log: AuditLog) -> None:
    paths.audit.unlink()
    assert not verify(paths).intact


def test_a_tail_cut_from_log_and_anchors_is_found_by_the_anchor_of_a_generation(paths: Paths, log: AuditLog) -> None:
    meta = paths.generation(1) / "meta.json"
    meta.parent.mkdir(parents=True)
    durable.write_json(meta, {"anchor": {"seq": log.anchor.seq, "hash": log.anchor.hash}})
    for file in (paths.audit, paths.audit_anchors):
        file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:3]))
    assert [flaw.seq for flaw in verify(paths).flaws] == [4]


def test_a_record_written_anew_with_a_fitting_hash_is_found_by_the_next_one(paths: Paths, log: AuditLog) -> None:
    from gateway.audit import Record, sealed

    lines = paths.audit.read_text().splitlines()
    forged = sealed(Record(**{**json.loads(lines[1]), "actor": "mallory", "hash": ""}))
    lines[1] = json.dumps({name: getattr(forged, name) for name in forged.__dataclass_fields__}, sort_keys=True)
    paths.audit.write_text("\n".join(lines) + "\n")
    assert [flaw.seq for flaw in verify(paths).flaws] == [3, 2]  # the chain at 3, the anchor of 2


def test_cutting_the_tail_and_going_on_is_found(paths: Paths, log: AuditLog) -> None:
    paths.audit.write_bytes(b"".join(paths.audit.read_bytes().splitlines(keepends=True)[:4]))
    AuditLog(paths.audit, paths.audit_anchors).append("mallory", "", "status", "", "")
    assert [flaw.seq for flaw in verify(paths).flaws] == [5]


def test_an_unfinished_last_record_is_dropped_and_said(paths: Paths, log: AuditLog) -> None:
    with paths.audit.open("ab") as file:
        file.write(b'{"seq":6,"act')
    AuditLog(paths.audit, paths.audit_anchors)
    assert verify(paths).intact
    assert "dropped 13 bytes" in tail(paths.audit, 1)[0]["outcome"]


def test_control_characters_and_long_texts_stay_one_line_of_ascii(paths: Paths, log: AuditLog) -> None:
    log.append("a\n\x1b[2J", "ü\u2028", "x" * 20_000, "\0", '"}\n{"seq": 7')
    last = paths.audit.read_bytes().splitlines()[-1]
    assert all(0x20 <= byte < 0x7F for byte in last)
    assert json.loads(last)["actor"] == "a\n\x1b[2J"
    assert len(last) < 10_000
    assert verify(paths) == verify(paths, [Anchor(6, json.loads(last)["hash"])])


def test_a_kept_anchor_that_differs_is_a_flaw(paths: Paths, log: AuditLog) -> None:
    assert verify(paths, [Anchor(2, "0" * 64)]).flaws[0].seq == 2


@pytest.mark.parametrize("line", [b"null\n", b"[" * 100_000 + b"\n", b'{"seq": "1"}\n', b"\xff\n", b"{}\n"])
def test_garbage_in_place_of_a_record_is_a_flaw_not_a_traceback(paths: Paths, log: AuditLog, line: bytes) -> None:
    paths.audit.write_bytes(line)
    assert not verify(paths).intact
