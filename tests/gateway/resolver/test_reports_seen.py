"""Addresses answered, and STUN on the port of DNS, on their way to the watcher; once through real sockets."""

import json
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from filters.dns_resolved import Resolved
from gateway.resolver.reports_seen import MAX_CLIENTS, STUN_EVERY, Seen
from tests.gateway.resolver.world import CLIENT, GATEWAY, Authority, Running, answers, config, datagram_listener

BINDING = bytes.fromhex("000100002112a442") + b"transaction!"
NOW = 1_800_000_000.0


class Box:
    """What was put: kind -> rows."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Any]] = {}

    def put(self, kind: str, at: float, rows: Any) -> None:
        self.rows[kind] = list(rows)


def test_addresses_go_out_a_second_later_and_stun_once_a_minute() -> None:
    box, resolved = Box(), Resolved()
    seen = Seen(resolved, box.put)
    resolved.add("pc", [ip_address("192.0.2.1")], 60.0)
    seen.stun(CLIENT)
    seen.flush(1.0, NOW)
    assert box.rows == {"dns_resolved": [("pc", "192.0.2.1", 1)], "dns_stun": [(CLIENT, 1)]}
    box.rows.clear()
    seen.stun(CLIENT)
    seen.stun(CLIENT)
    seen.flush(2.0, NOW)
    assert box.rows == {"dns_resolved": []}
    seen.flush(1.0 + STUN_EVERY, NOW)
    assert box.rows["dns_stun"] == [(CLIENT, 2)]


def test_the_clients_told_apart_are_bounded() -> None:
    seen = Seen(Resolved(), Box().put)
    for number in range(MAX_CLIENTS + 3):
        seen.stun(str(number))
    assert seen.unknown == 3


def test_the_watcher_hears_of_a_real_answer_and_of_a_calls_stun(tmp_path: Path, authority: Authority) -> None:
    with datagram_listener(tmp_path / "events.sock") as watcher:
        running = Running(tmp_path)
        try:
            assert running.adopt(config(authority))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as call:
                call.bind((CLIENT, 0))
                call.sendto(BINDING, (GATEWAY, running.port))
                assert answers(running.ask("www.example")) == ["192.0.2.1"]
                call.setblocking(False)
                assert told(watcher, {"dns_resolved", "dns_stun"}) == {
                    "dns_resolved": [["pc", "192.0.2.1", 1]],
                    "dns_stun": [[CLIENT, 1]],
                }
                assert not answered(call), "STUN gets no answer, and no DNS error either"
        finally:
            running.close()


def told(watcher: socket.socket, kinds: set[str]) -> dict[str, Any]:
    """The first report of each kind."""
    found: dict[str, Any] = {}
    for _ in range(100):
        report = json.loads(watcher.recv(65536))
        if report["kind"] in kinds:
            found.setdefault(report["kind"], report["entries"])
        if set(found) == kinds:
            break
    return found


def answered(call: socket.socket) -> bool:
    try:
        return bool(call.recv(512))
    except BlockingIOError:
        return False
