"""Rows wait for the watcher within a bound, go out in datagrams of a bounded size, and are never lost in silence."""

import json
from pathlib import Path

from gateway.resolver.reports_outbox import MAX_OCTETS, MAX_ROWS, MAX_WAITING, ROWS_A_TURN, Outbox
from gateway.watcher.dns_events import MAX_DATAGRAM
from tests.gateway.resolver.world import datagram_listener


def test_rows_of_one_kind_and_moment_share_a_datagram(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "events.sock")
    with datagram_listener(tmp_path / "events.sock") as watcher:
        outbox.put("dns_log", 5.0, [("a", 1), ("b", 2)])
        outbox.put("dns_log", 6.0, [("c", 3)], lost=4)
        outbox.put("dns_lists", 6.0, [("d", 5)])
        assert outbox.send()
        told = [json.loads(watcher.recv(65536)) for _ in range(3)]
    assert told == [
        {"kind": "dns_log", "at": 5.0, "lost": 4, "entries": [["a", 1], ["b", 2]]},
        {"kind": "dns_log", "at": 6.0, "lost": 0, "entries": [["c", 3]]},
        {"kind": "dns_lists", "at": 6.0, "lost": 0, "entries": [["d", 5]]},
    ]
    assert (len(outbox), outbox.lost.total()) == (0, 0)
    outbox.close()


def test_one_turn_makes_a_few_datagrams_of_a_bounded_size(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "events.sock")
    with datagram_listener(tmp_path / "events.sock") as watcher:
        outbox.put("dns_log", 5.0, [("x" * 1000, number) for number in range(20 * MAX_ROWS)])
        assert outbox.send(150)
        sent = 20 * MAX_ROWS - len(outbox)
        datagrams = [watcher.recv(65536) for _ in range(5)]
    assert all(MAX_OCTETS // 2 < len(data) <= MAX_DATAGRAM for data in datagrams)
    assert sum(len(json.loads(data)["entries"]) for data in datagrams) == sent
    assert 150 <= sent < 150 + MAX_ROWS <= ROWS_A_TURN
    outbox.close()


def test_what_finds_no_room_is_counted_by_what_it_stood_for_and_told_once(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "events.sock")
    outbox.put("dns_log", 5.0, [("a", 1)] * MAX_WAITING)
    outbox.put("dns_log", 6.0, [("b", 7), ("c", 2)])
    assert not outbox.send(), "nobody is there"
    assert (len(outbox), outbox.lost) == (MAX_WAITING, {"dns_log": 9})
    with datagram_listener(tmp_path / "events.sock") as watcher:
        assert outbox.send(2 * MAX_ROWS)
        assert [json.loads(watcher.recv(65536))["lost"] for _ in range(2)] == [9, 0]
    outbox.close()


def test_a_full_queue_of_the_system_keeps_rows_for_later(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "events.sock")
    rows = 400 * MAX_ROWS // 5
    with datagram_listener(tmp_path / "events.sock") as watcher:
        outbox.put("dns_log", 5.0, [(f"{number:0150}", number) for number in range(1, rows + 1)][:MAX_WAITING])
        whole, heard = len(outbox), 0
        assert not outbox.send(whole), "nobody reads, so the system's queue fills up"
        while heard < whole:
            heard += len(json.loads(watcher.recv(65536))["entries"])
            outbox.send(1)
    assert (heard, len(outbox), outbox.lost.total()) == (whole, 0, 0)
    outbox.close()
