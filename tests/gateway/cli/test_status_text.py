"""What the enforcer tells, as sentences."""

import time
from zoneinfo import ZoneInfo

from gateway.cli.status_text import generation_lines, isolated_line, moment, status_text

WAITING = {
    "generation": 7,
    "state": "pending",
    "pending": {"generation": 7, "seconds_left": 42.4, "actor": "tech"},
    "drift": ["chain input: a rule is gone"],
    "features": {"flow_offload": False, "nft_log": True},
    "quarantine": [{"device": "camera-1", "since": "2026-11-22T12:10:20+00:00", "actor": "root", "reason": "odd"}],
    "feeds": {"drop": {"entries": 12}},
    "pins": 3,
    "allowances": [
        {"id": 4, "name": "bad.example", "device": "desk", "until": 0, "actor": "alice", "reason": "a\nb"},
        {"id": 5, "name": "b.example", "zone": "pc", "until": 0, "actor": "bob", "reason": "x"},
        {"id": 6, "name": "c.example", "until": 0, "actor": "bob", "reason": "x"},
    ],
    "ended": [{"id": "permit:nvr-view", "ended": 0}],
    "errors": [{"at": 0, "what": "the disk\nis full"}],
}


def test_everything_that_waits_or_is_wrong_is_said():
    text = status_text(WAITING)
    assert "Generation 7 is loaded (pending)." in text
    assert "waits 42 s more for a confirm by tech" in text
    assert "  - chain input: a rule is gone" in text
    assert "has: nft log; it has not: flow offload." in text
    assert "camera-1 since 2026-11-22 12:10 UTC, by root: odd" in text
    assert "  - drop: 12 entries" in text
    assert "  - 4  bad.example for device desk until 1970-01-01" in text and ", by alice: a\\nb" in text
    assert "b.example for zone pc" in text and "c.example for every zone" in text
    assert "  - permit:nvr-view since 1970-01-01" in text
    assert "the disk\\nis full" in text


def test_what_was_changed_by_hand_has_a_remedy():
    assert "`clinicgate apply SITE`." in status_text(WAITING)
    assert "`clinicgate rollback 7`" in status_text({**WAITING, "state": "confirmed"})
    assert "clinicgate apply" not in status_text({**WAITING, "drift": []})


def test_a_moment_tells_its_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert moment(0) == "1970-01-01 09:00:00 JST"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_moments_are_told_in_the_clinics_time():
    tokyo = ZoneInfo("Asia/Tokyo")
    text = status_text(WAITING, tokyo)
    assert "camera-1 since 2026-11-22 21:10 JST" in text and "permit:nvr-view since 1970-01-01 09:00:00 JST" in text
    assert "until 1970-01-01 09:00:00 JST" in text and "UTC" not in text
    assert "1970-01-01 09:00:00 JST" in "".join(generation_lines({"generations": [{"number": 1, "at": 0}]}, tokyo))


def test_what_others_complain_of_is_a_trouble_too():
    text = status_text({"generation": 1, "state": "confirmed"}, None, ["list gone is not in force: no file"])
    assert "Troubles:\n  - list gone is not in force: no file" in text and "Troubles: nothing" not in text


def test_a_box_without_a_policy_says_how_to_begin():
    text = status_text({"generation": 0, "state": "closed"})
    assert text.startswith("No policy is applied") and "Isolated: nobody." in text
    assert "Names allowed for a while: nothing." in text and "left out" not in text


def test_generations_mark_the_loaded_one_and_escape_names():
    rows = [
        {"number": 2, "at": 0, "state": "returned", "actor": "a\x1b[31m", "note": "nobody confirmed"},
        {"number": 1, "at": 0},
    ]
    lines = list(generation_lines({"loaded": 1, "generations": rows}))
    assert [line[0] for line in lines] == [" ", " ", "*"]
    assert "\x1b" not in "".join(lines) and "nobody confirmed" in lines[1]


def test_an_isolated_device_without_a_name_is_shown_by_its_address():
    assert isolated_line({"addresses": ["10.0.0.9"], "reason": "x\ny"}).startswith("10.0.0.9 since")
    assert "\n" not in isolated_line({"addresses": ["10.0.0.9"], "reason": "x\ny"})
