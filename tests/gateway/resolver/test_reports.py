"""Blocked names on the way to the watcher: counted together, sent as datagrams, losses told."""

import json
from pathlib import Path

import pytest

from filters.dns_answer import Answer, Subject
from filters.verdict import Action, Reason, Verdict
from gateway.resolver.reports import MAX_ENTRIES, Reports
from gateway.watcher.dns_events import read_report
from tests.gateway.resolver.world import CLIENT, Running, datagram_listener

AT = 1_800_000_000.0


def subject(name: str = "bad.example") -> Subject:
    return Subject(name, "A", Verdict(Action.NXDOMAIN, Reason.LISTED, "malware", 12, name))


def blocked(name: str = "bad.example") -> Answer:
    answer = Answer(3, (0, 0), b"")
    answer.subject = subject(name)
    return answer


def test_one_datagram_tells_how_often_one_client_asked_for_one_name(tmp_path: Path) -> None:
    reports, answer = Reports(tmp_path / "events.sock"), blocked()
    with datagram_listener(tmp_path / "events.sock") as watcher:
        reports.add(CLIENT, subject())
        for _ in range(3):
            reports.fast(CLIENT, answer)
        reports.flush(AT)
        assert json.loads(watcher.recv(8192)) == {
            "kind": "dns_blocked", "at": AT, "client": CLIENT, "name": "bad.example", "qtype": "A",
            "list": "malware", "line": 12, "reason": "listed", "count": 4, "lost": 0,
        }  # fmt: skip
    reports.close()


def test_what_the_watcher_could_not_hear_is_told_later(tmp_path: Path) -> None:
    reports = Reports(tmp_path / "events.sock")
    for _ in range(5):
        reports.add(CLIENT, subject())
    reports.flush(AT)
    assert reports.lost == 5
    reports.add(CLIENT, subject())
    reports.flush(AT)
    assert reports.lost == 6
    with datagram_listener(tmp_path / "events.sock") as watcher:
        reports.add(CLIENT, subject("worse.example"))
        reports.flush(AT + 1)
        told = read_report(watcher.recv(8192), AT)
        assert (told.name, told.count, told.lost) == ("worse.example", 1, 6)
    assert reports.lost == 0
    reports.close()


@pytest.mark.parametrize("fast", [True, False])
def test_different_entries_are_bounded_and_the_rest_counted(tmp_path: Path, fast: bool) -> None:
    reports = Reports(tmp_path / "events.sock")
    for number in range(MAX_ENTRIES + 7):
        if fast:
            reports.fast(CLIENT, blocked(f"n{number}.example"))
        else:
            reports.add(CLIENT, subject(f"n{number}.example"))
    assert reports.lost == 7
    reports.close()


def test_blocks_of_both_paths_reach_the_watcher(running: Running) -> None:
    with datagram_listener(running.run_folder / "events.sock") as watcher:
        for _ in range(3):
            running.ask("bad.example")
        assert running.resolver.desk.fast == 2
        count = 0
        while count < 3:
            report = read_report(watcher.recv(8192), AT)
            assert (str(report.client), report.name, report.rule) == (CLIENT, "bad.example", "list:malware")
            count += report.count
        assert count == 3
