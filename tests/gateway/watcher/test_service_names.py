"""The watcher writes names once a minute at most, as the applied site's switch says, and erases what it forbids."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.paths import Paths
from gateway.watcher.service import Watcher
from tests.gateway.watcher.test_service_counts import SITE
from tests.webui.seed import enforcer
from tests.webui.seed_names import seed_names

ROW = ["pc", "", "www.example", "forward", "not_listed", "", "", 3]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path)


def site(detail: str, days: int = 30) -> dict[str, object]:
    text = SITE.replace("dns:\n", f"dns:\n  log: {{detail: {detail}, days: {days}}}\n", 1)
    return {"generation": 7, "site_text": text}


@contextmanager
def watching(paths: Paths, **answers: object) -> Iterator[Watcher]:
    """A watcher that has seen the site, if an enforcer answers with one."""
    with enforcer(paths.enforcer_socket, **answers):  # type: ignore[arg-type]
        watcher = Watcher(paths)
        try:
            watcher._ask_enforcer()
            yield watcher
        finally:
            watcher._finish()


def rows(paths: Paths, sql: str) -> list[tuple]:
    with sqlite3.connect(paths.events_database) as connection:
        return connection.execute(sql).fetchall()


def test_names_are_written_once_a_minute_however_often_events_are(paths: Paths):
    with watching(paths, site=site("zone")) as watcher:
        watcher._do_due_chores()
        report = {"kind": "dns_log", "at": time.time(), "lost": 0, "entries": [ROW]}
        watcher._collector.dns(json.dumps(report).encode(), time.time())
        minutely = [chore for chore in watcher._chores if chore.do == watcher._write_names]
        assert [chore.interval for chore in minutely] == [60.0]
        for chore in watcher._chores:
            chore.due = chore.due if chore in minutely else 0.0
        watcher._do_due_chores()
        assert rows(paths, "SELECT count(*) FROM dns_name") == [(0,)]
        minutely[0].due = 0.0
        watcher._do_due_chores()
        assert rows(paths, "SELECT name, count FROM dns_name") == [("www.example", 3)]
        assert not watcher._collector.names


@pytest.mark.parametrize(
    ("detail", "named", "devices"), [("device", True, True), ("zone", True, False), ("off", False, False)]
)
def test_a_site_with_a_coarser_switch_erases_what_is_finer(paths: Paths, detail: str, named: bool, devices: bool):
    seed_names(paths, "device", time.time())
    with watching(paths, site=site(detail)):
        assert (rows(paths, "SELECT count(*) > 0 FROM dns_name") == [(1,)]) is named
        for sql in (
            "SELECT count(*) > 0 FROM dns_name WHERE source <> ''",
            "SELECT count(*) > 0 FROM blocked WHERE source <> ''",
        ):
            assert (rows(paths, sql) == [(1,)]) is devices
        assert rows(paths, "SELECT sum(count) FROM blocked WHERE kind = 'name_blocked'") == [(3568,)]


def test_the_switch_is_remembered_while_nobody_tells_the_site(paths: Paths):
    with watching(paths, site=site("off")):
        pass
    with watching(paths) as watcher:
        row = ["10.10.20.11", "bad.example", "A", "nxdomain", "listed", "malware", "", 2]
        report = {"kind": "dns_blocked", "at": time.time(), "lost": 0, "entries": [row]}
        watcher._collector.dns(json.dumps(report).encode(), time.time())
    assert rows(paths, "SELECT source, destination, count FROM blocked") == [("", "", 2)]
    assert rows(paths, "SELECT count(*) FROM dns_name") == [(0,)]


def test_names_are_erased_after_the_days_that_the_site_says(paths: Paths):
    seed_names(paths, "device", time.time())
    with watching(paths, site=site("device", 2)) as watcher:
        watcher._expire()
        assert rows(paths, "SELECT count(DISTINCT day) FROM dns_name") == [(2,)]
        assert rows(paths, "SELECT count(DISTINCT day) FROM dns_answered") == [(7,)]
