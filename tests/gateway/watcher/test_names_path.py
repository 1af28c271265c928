"""A name's whole way: a camera asks the real resolver, the watcher hears, the store keeps, the page tells."""

import time

import pytest

from gateway.report import names, summary
from tests.gateway.watcher.world import SITE, ended, said, world
from tests.webui.asking import ask
from webui.app import create_app

pytestmark = pytest.mark.netns
ASK = """import sys, dns.message, dns.query
for name in sys.argv[1:]:
    answer = dns.query.udp(dns.message.make_query(name, "A"), "10.10.60.1", timeout=20)
    print(name, answer.rcode())
"""


def site(detail: str) -> str:
    """The example with a list for its cameras, in a zone that may ask for names, as cameras may not."""
    text = SITE.read_text().replace(
        "    pc: {lists: [malware]}", "    pc: {lists: [malware]}\n    cam: {lists: [malware]}"
    )
    text = text.replace("cam: {role: cam,", "cam: {role: prn,")
    return text.replace("dns:\n", f"dns:\n  log: {{detail: {detail}, days: 3}}\n", 1)


def test_from_a_cameras_question_to_the_owners_page():
    with world() as clinic:
        lists = clinic.paths.lists
        lists.mkdir()
        (lists / "malware.hosts").write_text("0.0.0.0 bad.example www.bad.example\n")
        clinic.enforcer(site("device"))
        watcher = clinic.watcher()
        said(watcher, "packet log open")
        resolver = clinic.resolver()
        said(resolver, "address 10.10.60.1")
        clinic.camera_runs(ASK, *["bad.example"] * 3, "camera-1.clinic.home.arpa", "www.bad.example")
        assert ended(resolver) == 0
        assert ended(watcher) == 0
        now = time.time()
        days = [bar.label for bar in summary(clinic.paths.events_database, now).days]
        found = names(clinic.paths.events_database, days)
        told = {(one.name, one.reason, one.list): (one.count, one.askers[0].source) for one in found.names}
        assert told == {
            ("bad.example", "listed", "malware"): (3, "camera-1"),
            ("www.bad.example", "listed", "malware"): (1, "camera-1"),
        }
        assert (found.blocked, found.unlisted, found.reasons.get("listed")) == (4, 0, 4)
        assert found.asked == sum(count for _, count in found.latency) == 5
        assert [zone for zone, _ in found.top] == ["cam"]
        page = ask(create_app(clinic.paths, lambda: now), "/names?lang=en").text
        assert "www.bad.example" in page
        assert "Camera “待合室カメラ” (3)" in page
