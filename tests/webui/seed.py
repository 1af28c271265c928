"""A clinic with a past, for pages to show: a seeded store, the watcher's sign of life, somebody who answers commands.

`Answers` speaks the enforcer's protocol on a real socket with fixed answers: states of the enforcer that a page must
show and that cannot be made in a test without a kernel (a policy on trial, devices in quarantine).
"""

import contextlib
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.events import Blocked, Happening, Kind, Label, Loss, LossCause, Source
from gateway.health import write_sign_of_life
from gateway.paths import Paths
from gateway.store.batch import Batch, day_in
from gateway.store.writer import EventWriter
from gateway.wire import FrameReader, encode

TOKYO = ZoneInfo("Asia/Tokyo")
NOON = datetime(2026, 11, 22, 16, 40, tzinfo=TOKYO).timestamp()
FACTS = {
    "clinic": "内科クリニック(例)", "languages": "ja,en", "timezone": "Asia/Tokyo", "domain": "clinic.home.arpa",
    "technician": "保守業者", "technician_phone": "+81 3 0000 0002",
}  # fmt: skip
LABELS = [
    *(Label("zone", *words) for words in (
        ("mgmt", "管理", "mgmt"), ("pc", "診察・受付PC", "pc"), ("srv", "サーバー", "srv"), ("med", "医療機器", "med"),
        ("prn", "複合機", "prn"), ("cam", "カメラ", "cam"), ("guest", "来院者Wi-Fi", "guest"),
    )),
    Label("list", "malware", "マルウェア配布サイト", ""),
    *(Label("rule", *words) for words in (
        ("pack:base:pc-internet-web", "", "web"), ("pack:base:pc-internet-mail", "", "mail"),
        ("pack:base:guest-internet-web", "", "guest_web"), ("pack:base:pc-prn-print", "", "printing"),
        ("pack:base:med-srv-store", "", "images"), ("pack:base:prn-srv-scan", "", "scans"),
        ("permit:emr-clients", "受付と診察室から電子カルテを使う", "permit"),
        ("video:consultations:zoom", "Zoom", "video"),
    )),
    *(Label("device", *words) for words in (
        ("camera-1", "待合室", "camera", "cam"), ("camera-2", "玄関", "camera", "cam"),
        ("reception-1", "受付PC 1", "pc", "pc"), ("consult-1", "診察室PC", "pc", "pc"),
        ("xray", "X線装置", "modality", "med"), ("mfp", "複合機", "mfp", "prn"),
        ("emr", "電子カルテ", "emr", "srv"), ("files", "ファイル", "file-server", "srv"),
    )),
]  # fmt: skip
STATUS: dict[str, Any] = {"generation": 7, "pending": None}
ON_TRIAL: dict[str, Any] = {
    "generation": 8,
    "pending": {"generation": 8, "previous": 7, "actor": "technician", "seconds_left": 60.0},
}
ISOLATED = [
    {"device": "consult-1", "mac": "", "addresses": [], "reason": "不審な通信", "since": "2026-11-22T05:12:00+00:00"}
]
HOSTILE = (
    '<script>alert("x")</script>\'; DROP TABLE blocked;--\n\tadd rule inet clinicgate input accept {{ 7*7 }} {count}'
)


def packet(source: Source, target: str, destination: str, service: str, rule: str, **more: Any) -> Blocked:
    return Blocked(
        Kind.PACKET_REFUSED, more.get("at", NOON), source, destination, target, service, rule, more.get("count", 1)
    )


def name(source: Source, asked: str, **more: Any) -> Blocked:
    return Blocked(
        Kind.NAME_BLOCKED, more.get("at", NOON), source, asked, "", "A", "list:malware", more.get("count", 1)
    )


def _one_day(batch: Batch, noon: float, busy: int) -> None:
    camera, door = Source("cam", "camera-1"), Source("cam", "camera-2")
    for hour in range(-7, 1):
        at = noon + hour * 3600
        push = busy * (9 + hour)
        batch.blocked(packet(camera, "internet", "198.51.100.7", "tcp/443", "core:refused:cam", at=at, count=4 * push))
        batch.blocked(packet(door, "internet", "198.51.100.7", "udp/10001", "core:refused:cam", at=at, count=push))
        batch.blocked(
            name(Source("pc", "reception-1"), f"cdn{hour % 3}.bad.example", at=at, count=1 + (hour % 4) * busy)
        )
    batch.blocked(
        packet(Source("pc", "consult-1"), "srv", "emr", "tcp/3389", "core:refused:pc", at=noon - 900, count=3)
    )
    batch.blocked(
        packet(Source("pc", "10.10.20.147"), "srv", "files", "tcp/445", "core:refused:pc", at=noon - 700, count=12)
    )
    batch.blocked(
        packet(Source("prn", "mfp"), "internet", "203.0.113.90", "tcp/25", "refuse:base:mail-relay", at=noon, count=2)
    )
    batch.blocked(
        packet(Source("guest"), "gateway", "10.10.80.1", "tcp/8080", "core:refused:guest", at=noon - 4000, count=5)
    )
    for number in range(40):
        stranger = Source("internet", f"192.0.2.{number}")
        batch.blocked(
            packet(stranger, "gateway", "203.0.113.2", "tcp/22", "core:refused:internet", at=noon - 90 * number)
        )


def seed_busy(path: Path, now: float = NOON) -> None:
    """A week of an ordinary clinic: cameras that knock, a PC that meets bad names, strangers at the door."""
    writer = EventWriter(path)
    batch = Batch(day_in(TOKYO))
    for days_ago in range(7):
        _one_day(batch, now - days_ago * 86400, 1 + days_ago % 3)
    batch.happened(Happening(Kind.POLICY_APPLIED, now - 2 * 86400, "7", "technician"))
    batch.happened(Happening(Kind.POLICY_CONFIRMED, now - 2 * 86400 + 40, "7"))
    batch.lost(Loss(LossCause.KERNEL_GAP, now - 86400, 14))
    writer.write(batch)
    writer.facts(FACTS)
    writer.labels(LABELS)
    writer.kernel_counters("2026-11-01", now, {"core:refused:cam": 0})
    packets = 0
    for step in range(7 * 8):  # the cameras' log budget was used up, the kernel counted on
        at = now - 6 * 86400 + (step // 8) * 86400 + (step % 8 - 7) * 3600
        packets += 60 + 30 * (step % 8) + 20 * (step // 8) % 90
        writer.kernel_counters(day_in(TOKYO)(at), at, {"core:refused:cam": packets})
    rules = [label.id for label in LABELS if label.type == "rule"]
    writer.let_through("2026-11-01", dict.fromkeys(rules, 0))
    for day in range(7):
        busy = {rule: (day + 1) * (412 >> index) for index, rule in enumerate(rules)}
        writer.let_through(day_in(TOKYO)(now - (6 - day) * 86400), busy)
    writer.close()


def seed_empty(path: Path) -> None:
    """A clinic on its first morning."""
    writer = EventWriter(path)
    writer.facts(FACTS)
    writer.labels(LABELS)
    writer.close()


def seed_hostile(path: Path, now: float = NOON) -> None:
    """Everything that comes from outside, at its worst."""
    writer = EventWriter(path)
    batch = Batch(day_in(TOKYO))
    batch.blocked(packet(Source("cam", "camera-1"), "internet", "198.51.100.7", HOSTILE, "core:refused:cam", at=now))
    batch.blocked(name(Source("pc", HOSTILE), HOSTILE, at=now))
    batch.blocked(name(Source("pc", "reception-1"), "a" * 63 + ".\\000\\255" * 100, at=now))
    batch.blocked(packet(Source(HOSTILE, HOSTILE), HOSTILE, HOSTILE, HOSTILE, HOSTILE, at=now))
    batch.happened(Happening(Kind.DEVICE_QUARANTINED, now, HOSTILE, HOSTILE, HOSTILE))
    writer.write(batch)
    writer.facts({**FACTS, "clinic": HOSTILE, "technician": HOSTILE, "technician_phone": "+1<script>2"})
    hostile = [Label("device", "camera-1", HOSTILE, HOSTILE, "cam"), Label("zone", "cam", HOSTILE, HOSTILE)]
    hostile += [Label("rule", "permit:x", HOSTILE, "permit"), Label("rule", "permit:y", HOSTILE, HOSTILE)]
    writer.labels(hostile)
    for connections in (0, 3):
        writer.let_through(day_in(TOKYO)(now), dict.fromkeys(("permit:x", "permit:y", HOSTILE), connections))
    writer.close()


def alive(paths: Paths, now: float = NOON) -> None:
    """The watcher's sign of life at `now`."""
    write_sign_of_life(
        paths.run,
        {"heartbeat": str(now), "resolver_answered": str(now), "log": "open", "disk_free_percent": "71.0"},
    )


@contextlib.contextmanager
def enforcer(
    path: Path,
    status: Mapping[str, Any] = STATUS,
    isolated: list[dict[str, Any]] | None = None,
    site: Mapping[str, Any] | None = None,
    counters: Iterable[Mapping[str, int]] = (),
    explain: Mapping[str, Any] | None = None,
) -> Iterator[None]:
    """Answers `status`, `site` and `explain` when there is one, `counters` one after the other, on `path` until left.

    Any other command is refused.
    """
    answers: dict[str, Mapping[str, Any]] = {"status": {**status, "quarantine": isolated or []}}
    answers |= {"site": site} if site else {}
    answers |= {"explain": explain} if explain else {}
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    thread = threading.Thread(target=_serve, args=(listener, answers, iter(counters)))
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()
        path.unlink()


def _serve(
    listener: socket.socket, answers: Mapping[str, Mapping[str, Any]], counters: Iterator[Mapping[str, int]]
) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            reader = FrameReader()
            while data := connection.recv(65536):
                for message in reader.feed(data):
                    known = answers.get(message["command"])
                    if message["command"] == "counters":
                        known = {"counters": next(counters, {})}
                    answer = (
                        {"ok": True, **known} if known else {"ok": False, "code": "not-found", "message": "no site"}
                    )
                    connection.sendall(encode(answer))
