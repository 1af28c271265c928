"""What the resolver tells the watcher: blocked names at once, the rest once a minute, as far as the switch allows."""

import socket
from collections import Counter
from ipaddress import ip_address
from pathlib import Path

import pytest

from filters.dns_accounts import Accounts, Detail
from filters.dns_answer import Answer, Subject
from filters.verdict import Action, Reason, Verdict
from gateway.resolver.reports import MAX_ENTRIES, MINUTE, Reports
from gateway.watcher.dns_events import DnsReport, Told, read_report
from tests.gateway.resolver.world import CLIENT, GUEST, Authority, Running, config, datagram_listener

AT = 1_800_000_000.0
PLAIN = Subject("www.example", "A", Verdict(Action.FORWARD, Reason.NOT_LISTED))


def subject(name: str = "bad.example") -> Subject:
    return Subject(name, "A", Verdict(Action.NXDOMAIN, Reason.LISTED, "malware", 12, name))


def answer(about: Subject) -> Answer:
    made = Answer(3, (0, 0), b"")
    made.subject = about
    return made


def made(folder: Path, detail: Detail = "zone") -> tuple[Reports, Accounts]:
    accounts = Accounts()
    accounts.log.adopt(detail)
    return Reports(folder / "events.sock", accounts, lambda: None, lambda: None), accounts


def heard(watcher: socket.socket) -> list[DnsReport]:
    """Every datagram that is there."""
    watcher.setblocking(False)
    found = []
    try:
        while True:
            found.append(read_report(watcher.recv(65536), AT))
    except BlockingIOError:
        return found


def a_minute(reports: Reports) -> None:
    for second in range(MINUTE):
        reports.flush(AT + second)


def test_one_row_tells_how_often_one_client_asked_for_one_name(tmp_path: Path) -> None:
    reports, _ = made(tmp_path)
    told = answer(subject())
    with datagram_listener(tmp_path / "events.sock") as watcher:
        reports.add(f"{CLIENT}%eth0", subject())
        for _ in range(3):
            reports.fast(CLIENT, told)
        reports.flush(AT)
        (report,) = heard(watcher)
    assert (report.kind, report.at, report.lost) == ("dns_blocked", AT, 0)
    assert Counter({row.client: row.count for row in report.rows}) == {ip_address(CLIENT): 3}
    assert sum(row.count for row in report.rows) == 4
    assert report.rows[0] == Told(
        1, "", ip_address(CLIENT), "bad.example", "A", "nxdomain", "listed", "malware", "bad.example"
    )
    reports.close(AT)


def test_the_watcher_is_told_later_when_it_is_away(tmp_path: Path) -> None:
    reports, _ = made(tmp_path)
    reports.add(CLIENT, subject(), 5)
    reports.flush(AT)
    reports.add(CLIENT, subject("worse.example"))
    reports.flush(AT + 1)
    assert (reports.waiting, reports.lost) == (2, 0)
    with datagram_listener(tmp_path / "events.sock") as watcher:
        reports.flush(AT + 2)
        assert [(one.at, one.rows[0].name, one.rows[0].count) for one in heard(watcher)] == [
            (AT, "bad.example", 5), (AT + 1, "worse.example", 1),
        ]  # fmt: skip
    reports.close(AT)


@pytest.mark.parametrize("fast", [True, False])
def test_different_entries_are_bounded_and_the_rest_counted_and_told(tmp_path: Path, fast: bool) -> None:
    reports, _ = made(tmp_path)
    for number in range(MAX_ENTRIES + 7):
        if fast:
            reports.fast(CLIENT, answer(subject(f"n{number}.example")))
        else:
            reports.add(CLIENT, subject(f"n{number}.example"))
    assert reports.lost == 7
    with datagram_listener(tmp_path / "events.sock") as watcher:
        rows, lost = 0, 0
        while reports.lost or reports.waiting or not rows:
            reports.flush(AT)
            for report in heard(watcher):
                rows, lost = rows + len(report.rows), lost + report.lost
    assert (rows, lost) == (MAX_ENTRIES, 7)
    reports.close(AT)


def test_lines_of_the_log_that_found_no_room_are_no_lost_blocks(tmp_path: Path) -> None:
    reports, accounts = made(tmp_path, "device")
    with datagram_listener(tmp_path / "events.sock") as watcher:
        for _ in range(MAX_ENTRIES + 5):
            reports.fast(CLIENT, answer(PLAIN))  # another answer each time
        accounts.lost += 2
        assert reports.lost == 5
        a_minute(reports)
        told = {report.kind: (sum(row.count for row in report.rows), report.lost) for report in heard(watcher)}
        assert told == {"dns_log": (MAX_ENTRIES, 7)}
    reports.close(AT)


def test_by_zone_an_answer_that_was_still_told_is_not_counted_twice(tmp_path: Path) -> None:
    reports, accounts = made(tmp_path)
    with datagram_listener(tmp_path / "events.sock") as watcher:
        reports.fast(CLIENT, answer(PLAIN))
        accounts.fast("pc", PLAIN, 1)
        a_minute(reports)
        assert [row.count for report in heard(watcher) if report.kind == "dns_log" for row in report.rows] == [1]
    reports.close(AT)


def test_accounts_and_the_log_go_once_a_minute_as_what_grew(tmp_path: Path) -> None:
    reports, accounts = made(tmp_path)
    with datagram_listener(tmp_path / "events.sock") as watcher:
        accounts.add("pc/reception-1", PLAIN, 0.003, ip_address(CLIENT))
        accounts.fast("pc", PLAIN, 6)
        accounts.add("pc", subject(), 9.0, ip_address(CLIENT))
        accounts.client(CLIENT, 8)
        for second in range(MINUTE - 1):
            reports.flush(AT + second)
        assert heard(watcher) == [], "not before the minute is over"
        reports.flush(AT)
        first = {report.kind: report.rows for report in heard(watcher)}
        a_minute(reports)
        assert heard(watcher) == [], "nothing grew"
        accounts.fast("pc", PLAIN, 2)
        a_minute(reports)
        second_minute = {report.kind: report.rows for report in heard(watcher)}
    assert first == {
        "dns_verdicts": (
            Told(7, "pc", action="forward", reason="not_listed"), Told(1, "pc", action="nxdomain", reason="listed"),
        ),
        "dns_lists": (Told(1, "pc", list="malware"),),
        "dns_latency": (Told(6, bucket=0), Told(1, bucket=2), Told(1, bucket=12)),
        "dns_log": (Told(7, "pc", name="www.example", action="forward", reason="not_listed"),),
    }  # fmt: skip
    assert second_minute["dns_verdicts"] == (Told(2, "pc", action="forward", reason="not_listed"),)
    assert second_minute["dns_log"] == (Told(2, "pc", name="www.example", action="forward", reason="not_listed"),)
    reports.close(AT)


def test_clients_are_told_only_by_device_and_never_for_the_time_before(tmp_path: Path) -> None:
    reports, accounts = made(tmp_path)
    with datagram_listener(tmp_path / "events.sock") as watcher:
        accounts.client(CLIENT, 8)
        a_minute(reports)
        accounts.log.adopt("device")
        accounts.client(CLIENT, 3)
        a_minute(reports)
        assert [report.rows for report in heard(watcher)] == [(Told(3, client=ip_address(CLIENT)),)]
    reports.close(AT)


def test_the_last_words_are_sent_at_the_end(tmp_path: Path) -> None:
    reports, accounts = made(tmp_path)
    with datagram_listener(tmp_path / "events.sock") as watcher:
        accounts.fast("pc", PLAIN, 6)
        reports.add(CLIENT, subject())
        reports.close(AT)
        assert {report.kind for report in heard(watcher)} == {"dns_blocked", "dns_verdicts", "dns_latency", "dns_log"}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("off", {}),
        ("zone", {("pc", None, "www.example"): 4, ("guest", None, "www.example"): 1}),
        ("device", {("", CLIENT, "www.example"): 4, ("", GUEST, "www.example"): 1}),
    ],
)
def test_the_switch_says_whom_the_log_names(
    running: Running, authority: Authority, detail: Detail, expected: dict[tuple[str, str | None, str], int]
) -> None:
    """The whole resolver, over its sockets: a slow answer, fast ones, another client, a blocked name on both paths."""
    assert running.adopt(config(authority, log=detail))
    with datagram_listener(running.run_folder / "events.sock") as watcher:
        for _ in range(4):
            running.ask("www.example")
        running.ask("www.example", source=GUEST)
        for _ in range(3):
            running.ask("bad.example")
        assert running.resolver.desk.fast >= 5

        async def last_words() -> None:
            running.resolver.desk.tell()
            for _ in range(MINUTE):
                running.resolver.reports.flush(AT)

        running.do(last_words())
        found: dict[str, Counter[object]] = {}
        for report in heard(watcher):
            for row in report.rows:
                client = None if row.client is None else str(row.client)
                found.setdefault(report.kind, Counter())[row.zone, client, row.name] += row.count
    assert found.get("dns_log", {}) == expected
    assert found["dns_blocked"] == {("", CLIENT, "bad.example"): 3}
    assert sum(found["dns_verdicts"].values()) == 8
    assert set(found.get("dns_clients", {})) == ({("", CLIENT, ""), ("", GUEST, "")} if detail == "device" else set())
