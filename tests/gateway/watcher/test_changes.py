"""Two looks at the enforcer become the events between them, also across a restart of the watcher."""

import pytest

from gateway.events import Kind
from gateway.watcher.changes import Look, changes

AT = 1_800_000_000.0


def kinds(before: Look, after: Look) -> list[tuple[Kind, str]]:
    return [(h.kind, h.subject) for h in changes(before, after, AT)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Look(), Look(1, True), [(Kind.POLICY_APPLIED, "1")]),
        (Look(1, True), Look(1), [(Kind.POLICY_CONFIRMED, "1")]),
        (Look(1), Look(2), [(Kind.POLICY_APPLIED, "2")]),
        (Look(2, True), Look(1), [(Kind.POLICY_ROLLED_BACK, "1")]),
        (Look(2), Look(2), []),
        (Look(2), Look(None), []),
        (Look(2), Look(2, quarantined={"pc-1": "beacon"}), [(Kind.DEVICE_QUARANTINED, "pc-1")]),
        (Look(2, quarantined={"pc-1": ""}), Look(2), [(Kind.DEVICE_RELEASED, "pc-1")]),
    ],
)
def test_what_changed_is_told_once(before: Look, after: Look, expected: list):
    assert kinds(before, after) == expected
    assert kinds(after, after) == []


def test_a_look_survives_being_remembered():
    look = Look(3, True, "owner", {"pc-1": "a reason that was told already", "02:00:00:00:00:01": ""})
    again = Look.from_text(look.to_text())
    assert again is not None
    assert kinds(again, look) == []


@pytest.mark.parametrize("text", [None, "", "{}", "[1]", '["1", true, []]', "[1, true, {}]", "[" * 9999])
def test_a_foreign_text_is_no_look(text: str | None):
    assert Look.from_text(text) is None


def test_the_enforcers_answers_are_read_whatever_is_missing():
    entries = [{"device": "pc-1", "reason": "beacon"}, {"mac": "02:00:00:00:00:01"}, {"addresses": ["10.0.0.9"]}, "?"]
    pending = {"generation": 4, "actor": "technician"}
    look = Look.from_status({"generation": 4, "pending": pending, "quarantine": entries})
    assert (look.generation, look.pending, look.actor) == (4, True, "technician")
    assert look.quarantined == {"pc-1": "beacon", "02:00:00:00:00:01": "", "10.0.0.9": ""}
    assert Look.from_status({"generation": "4", "quarantine": [{}]}) == Look(quarantined={"": ""})
    assert Look.from_status({"generation": 0, "quarantine": {}}) == Look()
