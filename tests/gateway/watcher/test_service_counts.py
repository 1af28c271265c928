"""The watcher keeps what the kernel counted: refused and let through apart, and nothing of what the gateway answers."""

import time
from pathlib import Path

from gateway.paths import Paths
from gateway.report import Passed, summary
from gateway.watcher.service import Watcher
from tests.webui.seed import enforcer

SITE = (Path(__file__).parents[3] / "ruleset" / "examples" / "naika-clinic.yaml").read_text()
FIRST = {"permit.emr-clients": 700, "pack.base.pc-gateway-infra": 9, "core.refused.cam": 4}
LATER = {"permit.emr-clients": 703, "pack.base.pc-gateway-infra": 99, "core.refused.cam": 6, "permit.unknown": 5}


def test_let_through_is_kept_apart_from_refused_and_from_the_gateways_own(tmp_path: Path):
    paths = Paths(tmp_path, tmp_path)
    site = {"generation": 7, "site_text": SITE}
    with enforcer(paths.enforcer_socket, site=site, counters=[FIRST, LATER]):
        watcher = Watcher(paths)
        watcher._ask_enforcer()  # learns the site, then reads the counters for the first time
        watcher._finish()  # reads them once more
    past = summary(paths.events_database, time.time())
    assert past.through.rows == (Passed("permit", "受付と診察室から電子カルテを使う", 3, 3),)
    assert (past.today.packets, past.through.today) == (2, 3)
