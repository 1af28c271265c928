"""From real connections through a gateway, and what its resolver answered, to events."""

import json
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from filters.detect.unresolved import GRACE, SETTLE
from gateway.applied import AppliedSite
from gateway.enforcer.flow_events import open_flows
from gateway.enforcer.kernel_nft import KernelNft
from gateway.events import Happening, Kind
from gateway.sightings import Sightings
from gateway.watcher.detecting import MAX_REMEMBERED, Detecting
from gateway.watcher.dns_events import DnsReport, read_report
from gateway.watcher.sources import Directory
from ruleset.load import load_site
from ruleset.resolved import ResolvedSite
from tests.gateway.enforcer.nets import Net, address
from tests.gateway.resolver.lan import GATEWAY, ROAMING, SITE, Lan
from tests.gateway.watcher.test_flows import event

NOW = 1_800_000_000.0
DAY = "2027-01-15"
TRACKING = """add table inet t
add chain inet t f { type filter hook forward priority 0; }
add rule inet t f ct state new accept
"""
SEND = """import socket, sys
for to in sys.argv[1:]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (to, 443))
"""


def site() -> ResolvedSite:
    found = load_site(SITE.encode(), "site.yaml", datetime(2026, 12, 1, tzinfo=UTC)).resolved
    assert found is not None
    return found


class Clock:
    """One that is never set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def later(judge: Detecting, seconds: float) -> list[Happening]:
    """What is found that much later."""
    assert isinstance(judge._clock, Clock)
    judge._clock.now += seconds
    return judge.judge(NOW, DAY)


def report(kind: str, *rows: list[object], lost: int = 0) -> DnsReport:
    return read_report(json.dumps({"kind": kind, "at": NOW, "lost": lost, "entries": rows}).encode(), NOW)


def detecting(seen: Sightings | None = None) -> Detecting:
    directory = Directory(AppliedSite(1, site()), lambda index: "", seen.device if seen else None)
    clock = Clock()
    made = Detecting(directory, clock)
    made.use(directory, site())
    clock.now = GRACE
    return made


@pytest.fixture
def lan() -> Iterator[Lan]:
    """The laptop behind the gateway has an address nobody declared."""
    made = Lan()
    made.wear(ROAMING)
    made.device.run("ip", "addr", "add", "10.20.20.150/24", "dev", "lan")
    made.device.run("ip", "route", "add", "default", "via", GATEWAY)
    with made.gateway.enter():
        address(made.gateway, "eth0", "203.0.113.2/24")
        made.gateway.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        KernelNft().load(TRACKING)
        yield made
    made.close()


def connect(net: Net, *destinations: str) -> None:
    net.run(sys.executable, "-c", SEND, *destinations)


def take(flows: socket.socket, judge: Detecting, last: str) -> None:
    """Every connection up to the last one."""
    flows.settimeout(10)
    for _ in range(100):
        data = flows.recv(65536)
        judge.connections(data)
        if ip_address(last).packed in data:
            return
    raise AssertionError("the last connection was not told")


@pytest.mark.netns
def test_a_device_that_never_asked_is_an_event_with_its_own_name(lan: Lan) -> None:
    unknown = [f"203.0.113.{number}" for number in range(101, 106)]
    seen, flows = Sightings(), open_flows()
    try:
        seen.adopt(site())
        judge = detecting(seen)
        judge.heard(report("dns_resolved", ["pc", unknown[0], 1]), DAY)
        connect(lan.device, *unknown, "203.0.113.99")
        for _ in range(20):
            if seen.read():
                break
        take(flows, judge, "203.0.113.99")
        (found,) = later(judge, SETTLE)
        assert (found.kind, found.subject) == (Kind.UNRESOLVED_MANY, "roaming")
        assert found.detail == ", ".join(f"{to} udp/443" for to in (*unknown[1:], "203.0.113.99"))
        assert later(judge, SETTLE) == []
    finally:
        seen.close()
        flows.close()


@pytest.mark.netns
def test_a_device_that_asked_is_none(lan: Lan) -> None:
    asked = [f"203.0.113.{number}" for number in range(101, 108)]
    with open_flows() as flows:
        judge = detecting()
        connect(lan.device, *asked)
        take(flows, judge, asked[-1])
        judge.heard(report("dns_resolved", *(["pc", to, 1] for to in asked)), DAY)  # comes after the connections
        assert later(judge, SETTLE) == []


def test_lost_reports_make_it_blind_for_a_while() -> None:
    judge = detecting()
    judge.heard(report("dns_resolved", lost=3), DAY)
    assert judge._unresolved._blind_until == 2 * GRACE


def test_a_calls_stun_is_told_once_a_day_and_device() -> None:
    judge = detecting()
    told = report("dns_stun", ["10.20.20.150", 7], ["192.0.2.1", 1])
    assert judge.heard(told, DAY) == [Happening(Kind.STUN_ON_DNS, NOW, "10.20.20.150", detail="STUN, udp/53")]
    assert judge.heard(told, DAY) == []
    assert len(judge.heard(told, "2027-01-16")) == 1


def test_what_is_no_message_is_counted() -> None:
    assert detecting().connections(bytes.fromhex("14000000 0001 0000 00000000 00000000 02000000")) == 1


def begun(judge: Detecting, *last: int) -> None:
    for number in last:
        judge.connections(event("10.20.20.150", f"203.0.113.{number}"))


def test_a_watcher_that_begins_anew_repeats_no_finding_of_the_day() -> None:
    first, second = detecting(), detecting()
    begun(first, *range(101, 106))
    assert len(later(first, SETTLE)) == 1
    second.recall(first.to_text())
    begun(second, *range(101, 106))
    assert later(second, SETTLE) == []
    begun(second, 106)
    assert isinstance(second._clock, Clock)
    second._clock.now += SETTLE
    assert len(second.judge(NOW, "2027-01-16")) == 1


def test_what_is_remembered_fits_a_fact_and_anything_else_says_nothing() -> None:
    judge = detecting()
    judge._found = [("pc", f"device-{number}", DAY) for number in range(100)]
    assert len(judge.to_text()) <= MAX_REMEMBERED
    assert judge._found[-1] == ("pc", "device-99", DAY)
    for text in (None, "", "{", "3", "[[1]]", "[" * 100_000, '{"a": 1}'):
        judge.recall(text)
    assert "device-99" in judge.to_text()
