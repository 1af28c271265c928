"""A clinic's week of names for pages to show, written as the watcher and the updates write it."""

import json
from pathlib import Path
from typing import Any

from filters.verdict import Reason
from gateway.events import Blocked, Kind, Label, Loss, LossCause, Source
from gateway.paths import Paths
from gateway.report_lists import PUBLIC
from gateway.store.batch import Batch, day_in
from gateway.store.names_batch import Detail, NamesBatch
from gateway.store.writer import EventWriter
from tests.webui.seed import FACTS, HOSTILE, LABELS, NOON, STATUS, TOKYO

RECEPTION, CONSULT, GUEST = Source("pc", "reception-1"), Source("pc", "consult-1"), Source("guest")
CAMERA, STRANGER = Source("cam", "camera-1"), Source("pc", "10.10.20.147")
IDN = "xn--e1awd7f.xn--80akhbyknj4f"
LIST_LABELS = [
    Label("list", "malware", "マルウェア配布サイト", "malware"), Label("list", "ads", "広告と行動追跡", "tracking"),
    Label("list", "doh", "DoH resolvers", "doh"), Label("list", "own", "当院のリスト", ""),
]  # fmt: skip
WEEK: tuple[tuple[str, str, str, Source, int, tuple[int, ...]], ...] = (
    ("login.bad-invoice.example", "listed", "malware", RECEPTION, 3, (0, 2)),
    ("login.bad-invoice.example", "listed", "malware", GUEST, 1, (0,)),
    ("metrics.tracker.example", "listed", "ads", RECEPTION, 24, (0, 1, 2, 3, 4)),
    ("metrics.tracker.example", "listed", "ads", CONSULT, 17, (0, 1, 3)),
    ("shop.example", "listed_link", "ads", GUEST, 6, (1,)),
    ("dns.resolver.example", "listed", "doh", STRANGER, 9, (0,)),
    (IDN, "listed", "malware", GUEST, 2, (0,)),
    ("games.example", "denied", "", CONSULT, 5, (3, 5)),
    ("cdn.games.example", "denied_link", "", CONSULT, 1, (5,)),
    ("p2p.camera-cloud.example", "not_allowed", "", CAMERA, 480, (0, 1, 2, 3, 4, 5, 6)),
    ("rebind.example", "rebinding", "", GUEST, 2, (4,)),
)
ANSWERS = {"not_listed": 6210, "local_name": 412, "protected": 96, "safe_search": 51, "canary": 3, "special_use": 20}
ALLOWED = [
    {"id": 3, "name": "shop.example", "zone": "pc", "reason": "備品の注文", "actor": "technician",
     "from": NOON - 600, "until": NOON + 3000},
    {"id": 4, "name": "video.example", "device": "consult-1", "reason": "", "actor": "", "from": NOON,
     "until": NOON + 60},
    {"id": 5, "name": "all.example", "reason": "x", "actor": "owner", "from": NOON, "until": NOON + 60},
]  # fmt: skip
WITH_ALLOWED: dict[str, Any] = {**STATUS, "allowances": ALLOWED}
LISTS: list[dict[str, Any]] = [
    {"name": "malware", "label": "マルウェア配布サイト", "category": "malware", "licence": "CC0", "hours": 24,
     "url": "https://lists.example/malware.txt", "since": "2026-11-22T01:00:00+00:00",
     "fresh": "2026-11-22T01:00:00+00:00", "about": {"rules": 120_514, "protected": []}},
    {"name": "ads", "label": "広告と行動追跡", "category": "tracking", "licence": "GPL-3.0", "hours": 24, "held": True,
     "url": "https://ads.example/list", "since": "2026-11-02T01:00:00+00:00", "fresh": "2026-11-02T01:00:00+00:00",
     "trouble": "12 rules instead of 43012: if this is right, say --accept-change",
     "about": {"rules": 43_012, "protected": ["update.vendor.example"]}},
    {"name": "doh", "label": "DoH resolvers", "category": "doh", "hours": 24, "url": "https://doh.example/",
     "trouble": "doh.example does not answer", "about": None},
    {"name": "own", "label": "当院のリスト", "since": "2026-09-01T00:00:00+00:00", "about": {"rules": 1}},
]  # fmt: skip


def seed_names(paths: Paths, detail: Detail = "device", now: float = NOON) -> None:
    """A week over whatever the store holds already, and the lists' facts beside it."""
    writer = EventWriter(paths.events_database)
    names, events = NamesBatch(day_in(TOKYO), detail), Batch(day_in(TOKYO))
    for name, reason, list_, who, count, days_ago in WEEK:
        for ago in days_ago:
            at = now - ago * 86400 - 60 * ago
            source, told = names.known_as(who, name)
            names.asked(at, who, name, ("nxdomain", reason, list_), name if list_ else "", count)
            names.answered[names.day_of(at), who.zone, "nxdomain", reason] += count
            rule = f"list:{list_}" if list_ else f"dns:{reason}"
            events.blocked(Blocked(Kind.NAME_BLOCKED, at, source, told, "", "A", rule, count))
    for ago in range(7):
        at = now - ago * 86400
        for reason, count in ANSWERS.items():
            names.answered[names.day_of(at), "pc", "forward", reason] += count
        names.latency.update(
            {(names.day_of(at), ms): n for ms, n in ((1, 9300), (5, 420), (50, 250), (500, 25), (0, 5))}
        )
        for number, asked in enumerate(("www.clinic-software.example", "mail.example", "www.example")):
            names.asked(at, RECEPTION, asked, ("forward", "not_listed", ""), "", 300 // (number + 1))
    protected = ("forward", Reason.PROTECTED.value, "ads")
    names.asked(now, RECEPTION, "update.vendor.example", protected, "update.vendor.example", 4)
    events.lost(Loss(LossCause.LOG_FULL, now, 12))
    writer.names(names)
    writer.write(events)
    writer.facts({**FACTS, "dns_log": detail, "dns_days": "30"})
    writer.labels([*LABELS, *LIST_LABELS])
    writer.close()
    write_lists(paths.lists, LISTS)


def seed_hostile_names(paths: Paths) -> None:
    """Names, rules, lists and zones that want to be more than words."""
    writer = EventWriter(paths.events_database)
    names = NamesBatch(day_in(TOKYO), "device")
    for reason in (one.value for one in Reason):
        names.asked(NOON, Source(HOSTILE, HOSTILE), HOSTILE, (HOSTILE, reason, HOSTILE), HOSTILE, 7)
        names.answered[names.day_of(NOON), HOSTILE[:60], "x", reason] += 7
    for odd in ("a" * 63 + ".\\000\\255" * 60, "xn--.example", "-x.example", "xn--ls8h.example", "'; rm -rf / #"):
        names.asked(NOON, RECEPTION, odd, ("nxdomain", "listed", "malware"), "||x^", 1)
    names.latency[names.day_of(NOON), 99] = 3
    writer.names(names)
    writer.facts({**FACTS, "dns_log": HOSTILE, "dns_days": HOSTILE, "technician": HOSTILE})
    writer.labels([Label("list", HOSTILE[:64], HOSTILE, HOSTILE)])
    writer.close()
    texts = dict.fromkeys(("label", "category", "licence", "trouble"), HOSTILE)
    write_lists(
        paths.lists, [{"name": HOSTILE, **texts, "url": f"https://{HOSTILE}/", "about": {"protected": [HOSTILE]}}]
    )


def write_lists(folder: Path, rows: list[dict[str, Any]]) -> None:
    file = folder / PUBLIC
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"lists": rows}))
