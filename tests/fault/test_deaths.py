"""Any process of the gateway dies by `kill -9`: packets flow on under the last policy, and it comes back to work."""

import socket
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from gateway.lab import netns
from gateway.lab.live import live_report
from gateway.store.reader import StoreUnavailableError, read
from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from tests.fault.clinic import PLATFORM_TCP, PLATFORM_UDP, Clinic
from tests.fault.flows import Flow, running, wait_until

pytestmark = pytest.mark.netns

PROCESSES = ("resolver", "watcher", "webui", "enforcer")
WORKS_SECONDS = 15.0  # from the kill to the first work of the successor
STRANGER, KNOCKED = "198.51.100.9", 9999
ASK_SECONDS = 0.5


def calls(clinic: Clinic) -> list[Flow]:
    flows = []
    for version in (4, 6):
        flows.append(clinic.flow("medecin-1", "internet", "udp", version, PLATFORM_UDP[0]))
        flows.append(clinic.flow("medecin-1", "dossiers", "tcp", version, 40010))
    return flows


def names_are_answered(clinic: Clinic) -> bool:
    """A doctor's PC asks for an address."""
    server = next(str(s.gateways[0]) for s in clinic.resolved.segments if s.name == "postes")
    try:
        with netns.inside(clinic.namespace("medecin-1")):
            answer = dns.query.udp(dns.message.make_query("www.example.test", "A"), server, timeout=ASK_SECONDS)
    except (OSError, dns.exception.Timeout):
        return False
    return answer.rcode() == dns.rcode.NOERROR and bool(answer.answer)


def page_is_shown(clinic: Clinic) -> bool:
    """The administrator's browser loads the owner's page."""
    try:
        return clinic.resolved.site.clinic.label in clinic.browse()
    except (OSError, HTTPException):
        return False


def knocks_are_written(clinic: Clinic) -> bool:
    """The camera knocks at a stranger's door, and the store knows more knocks than before."""
    before = knocks(clinic)
    with netns.open_socket(clinic.namespace("camera-entree"), socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"knock", (STRANGER, KNOCKED))
    return wait_until(lambda: knocks(clinic) > before, 3.0)


def knocks(clinic: Clinic) -> int:
    def count(connection: sqlite3.Connection) -> int:
        row = connection.execute(
            "SELECT sum(count) FROM blocked WHERE source = ? AND destination = ? AND service = ?",
            ("camera-entree", STRANGER, f"udp/{KNOCKED}"),
        ).fetchone()
        return row[0] or 0

    try:
        return read(clinic.folder.gateway.events_database, count)
    except StoreUnavailableError:
        return 0


def policy_is_kept(clinic: Clinic) -> bool:
    status = clinic.status()
    return (status["state"], status["drift"], status["pending"]) == ("confirmed", [], None)


WORKS: dict[str, Callable[[Clinic], bool]] = {
    "resolver": names_are_answered,
    "watcher": knocks_are_written,
    "webui": page_is_shown,
    "enforcer": policy_is_kept,
}


@pytest.mark.parametrize("name", PROCESSES)
def test_who_is_killed_is_back_at_work_and_no_packet_is_lost(clinic, figure, name):
    with running(calls(clinic)) as traffic:
        assert wait_until(lambda: WORKS[name](clinic), WORKS_SECONDS), f"{name} did not work before"
        killed = time.monotonic()
        clinic.await_successor(name, clinic.kill(name))
        assert wait_until(lambda: WORKS[name](clinic), WORKS_SECONDS), f"{name} does not work again"
        took = time.monotonic() - killed
        assert traffic.finish() == []
    figure(f"kill -9 of the {name}: back at work after {took:.1f} s, no packet lost")
    assert took < WORKS_SECONDS


def test_the_last_policy_holds_while_all_are_dead(clinic, figure):
    """Real packets for every question of the proof: what may pass passes, and nothing else."""
    now = datetime.now(UTC)
    ruleset = compile_ruleset(clinic.resolved, NOTHING_LIVE, now)
    with running(calls(clinic)) as traffic:
        with clinic.nobody_starts_anything():
            victims = {name: clinic.kill(name) for name in PROCESSES}
            assert not names_are_answered(clinic), "the resolver is not dead"
            report = live_report(clinic.resolved, ruleset, now, clinic.lab)
            clinic.flow("medecin-2", "internet", "tcp", 4, PLATFORM_TCP).close()
        for name, victim in victims.items():
            clinic.await_successor(name, victim)
        assert traffic.finish() == []
    assert report.sent > 500
    assert [row.line() for row in report.differences] == []
    assert "the enforcer cannot say what is loaded" in report.drift[0]
    assert all(wait_until(lambda work=work: work(clinic), WORKS_SECONDS) for work in WORKS.values())
    figure(f"all four dead: {report.sent} packets of the proof met the last policy, no packet of running calls lost")
