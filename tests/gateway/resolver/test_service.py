"""The resolver on real sockets: both transports, both families, zones, reload, concurrency, silence."""

import asyncio
import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from filters.dns_accounts import Detail, Snapshot
from filters.dns_exchange import Timing, Upstream
from filters.dns_rules import Allowance
from filters.lists import compile_list
from filters.names import from_text
from gateway.resolver.config import DeviceConfig, ZoneConfig
from ruleset.model_dns import DnsOverlay, Schedule
from tests.gateway.resolver.world import (
    CLIENT,
    GATEWAY,
    GUEST,
    GUEST_GATEWAY,
    KEY,
    OTHER,
    PATIENCE,
    STRANGER,
    Authority,
    Running,
    answers,
    config,
    ended,
    zone_policy,
)


@pytest.mark.parametrize("tcp", [False, True])
def test_forwards_over_udp_and_tcp_then_answers_from_the_cache(
    running: Running, authority: Authority, tcp: bool
) -> None:
    assert answers(running.ask("www.example", tcp=tcp)) == ["192.0.2.1"]
    assert answers(running.ask("WWW.Example", source=OTHER)) == ["192.0.2.1"]
    assert answers(running.ask("www.example", tcp=not tcp)) == ["192.0.2.1"]
    assert authority.asked == [("www.example", "udp")]


def test_the_second_question_of_a_zone_takes_the_fast_path(running: Running) -> None:
    running.ask("www.example")
    running.ask("www.example", use_edns=0)
    assert running.resolver.desk.fast == 1


def test_blocks_by_the_zone_of_the_client_whichever_address_it_asks(running: Running) -> None:
    for at in (GATEWAY, GUEST_GATEWAY):
        assert running.ask("bad.example", at=at).rcode() == dns.rcode.NXDOMAIN
        assert answers(running.ask("bad.example", at=at, source=GUEST)) == ["0.0.0.0"]
        assert running.ask("www.example", at=at, source=STRANGER).rcode() == dns.rcode.REFUSED


def test_local_names_and_canaries_stay_here(running: Running, authority: Authority) -> None:
    assert answers(running.ask("nas.clinic.home.arpa")) == ["127.20.20.40"]
    assert answers(running.ask("40.20.20.127.in-addr.arpa", "PTR")) == ["nas.clinic.home.arpa."]
    assert running.ask("nobody.clinic.home.arpa").rcode() == dns.rcode.NXDOMAIN
    assert running.ask("use-application-dns.net").rcode() == dns.rcode.NXDOMAIN
    resolver_arpa = running.ask("_dns.resolver.arpa", "SVCB")
    assert (resolver_arpa.rcode(), resolver_arpa.answer) == (dns.rcode.NOERROR, [])
    assert authority.asked == []


def test_silence_is_servfail_within_the_bound(tmp_path: object, authority: Authority) -> None:
    running = Running(tmp_path, Timing(attempt=0.05, whole=0.3, attempts=3))
    try:
        assert running.adopt(config(authority))
        authority.silent = True
        assert running.ask("www.example").rcode() == dns.rcode.SERVFAIL
        assert 2 <= len(authority.asked) <= 3
        assert not running.resolver.session.busy
    finally:
        running.close()


def test_without_upstreams_own_names_and_blocks_still_work(idle: Running, authority: Authority) -> None:
    assert idle.adopt(config(authority, upstreams=()))
    assert answers(idle.ask("nas.clinic.home.arpa")) == ["127.20.20.40"]
    assert idle.ask("bad.example").rcode() == dns.rcode.NXDOMAIN
    assert idle.ask("www.example").rcode() == dns.rcode.SERVFAIL


def test_many_clients_at_once_all_hear_their_own_answer(running: Running, authority: Authority) -> None:
    authority.records.update({f"n{number}.example": [f"192.0.2.{number}"] for number in range(1, 41)})
    wrong: list[str] = []

    def client(offset: int) -> None:
        for step in range(60):
            number = 1 + (step * 7 + offset) % 40
            found = answers(running.ask(f"n{number}.example", source=f"127.20.20.{20 + offset}", tcp=step % 10 == 9))
            if found != [f"192.0.2.{number}"]:
                wrong.append(f"n{number}: {found}")

    threads = [threading.Thread(target=client, args=(offset,)) for offset in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert len(authority.asked) == 40, "one upstream question a name"


def test_a_new_configuration_changes_verdicts_and_loses_no_question(running: Running, authority: Authority) -> None:
    other = {"malware": compile_list("malware", [b"0.0.0.0 www.example"], KEY)}
    authority.records["bad.example"] = ["192.0.2.66"]
    allowed = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
    seen: set[tuple[int, ...]] = set()
    for turn in range(20):
        assert running.adopt(config(authority), other if turn % 2 else None)
        seen.add((running.ask("www.example").rcode(), running.ask("bad.example").rcode()))
    assert seen == {(dns.rcode.NOERROR, dns.rcode.NXDOMAIN), (dns.rcode.NXDOMAIN, dns.rcode.NOERROR)}
    assert {code for pair in seen for code in pair} == allowed


def test_addresses_come_and_go_with_the_configuration(running: Running, authority: Authority) -> None:
    moved = ZoneConfig("pc", (ip_network("127.20.20.0/24"),), (ip_address("127.20.20.2"),))
    assert running.adopt(config(authority, zones=(moved,)))
    assert answers(running.ask("www.example", at="127.20.20.2")) == ["192.0.2.1"]
    with pytest.raises(OSError, match="refused"):
        dns.query.tcp(dns.message.make_query("www.example", "A"), GATEWAY, PATIENCE, running.port, source=CLIENT)


def test_an_address_in_use_is_told_and_the_others_are_served(
    idle: Running, authority: Authority, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((GATEWAY, idle.port))
        assert not idle.adopt(config(authority))
        assert answers(idle.ask("www.example", at=GUEST_GATEWAY)) == ["192.0.2.1"]
    assert "cannot be served" in capfd.readouterr().err
    assert idle.adopt(config(authority)), "and it is served as soon as it is free"


def test_an_address_that_is_not_there_yet_can_be_served(idle: Running, authority: Authority) -> None:
    base = config(authority)
    later = replace(base.zones[0], addresses=(ip_address("10.255.255.1"), ip_address("2001:db8::1")))
    assert idle.adopt(replace(base, zones=(later,)))


def test_closing_ends_everything_at_once(running: Running) -> None:
    connection = socket.create_connection((GATEWAY, running.port), PATIENCE, source_address=(CLIENT, 0))
    running.ask("www.example", tcp=True)

    async def close_twice() -> int:
        await running.resolver.close()
        return len(asyncio.all_tasks())

    assert running.do(close_twice()) <= 3
    connection.settimeout(PATIENCE)
    with connection:
        assert ended(connection)


def test_the_journal_says_when_upstreams_fall_silent_and_when_they_are_back(
    running: Running, authority: Authority, capfd: pytest.CaptureFixture[str]
) -> None:
    async def look() -> None:
        running.resolver._upstream_health()

    nobody = Upstream("127.99.0.54", authority.upstream.port)
    for name, upstream in (("a.example", nobody), ("b.example", nobody), ("www.example", authority.upstream)):
        running.adopt(config(authority, upstreams=(upstream,)))
        running.ask(name)
        running.do(look())
    said = [line for line in capfd.readouterr().err.splitlines() if "upstreams" in line]
    assert said == ["resolver: upstreams: none of them answers", "resolver: upstreams: answer"]


@pytest.mark.parametrize("detail", ["off", "zone"])
def test_the_journal_names_what_was_asked_only_where_names_are_kept(
    running: Running, authority: Authority, capfd: pytest.CaptureFixture[str], detail: Detail
) -> None:
    running.adopt(config(authority, protected=("example",), log=detail))
    running.ask("bad.example")
    said = [line for line in capfd.readouterr().err.splitlines() if "not obeyed" in line]
    assert all("protected as example" in line for line in said)
    assert ("bad.example" in said[-1]) is (detail == "zone")


def test_an_allowance_reaches_a_client_that_is_known_already(running: Running, authority: Authority) -> None:
    authority.records["bad.example"] = ["192.0.2.66"]
    desk = DeviceConfig("desk", "pc", (ip_address(CLIENT),), DnsOverlay.model_validate({}))

    def allow(*allowances: Allowance) -> None:
        assert running.adopt(config(authority, devices=(desk,), allowances=allowances))

    assert running.ask("bad.example").rcode() == dns.rcode.NXDOMAIN
    until = time.time() + 3600
    allow(Allowance(from_text("bad.example"), "pc", until, "owner", "needed today", "desk"))
    assert answers(running.ask("bad.example")) == ["192.0.2.66"]
    fast = running.resolver.desk.fast
    assert answers(running.ask("bad.example")) == ["192.0.2.66"]
    assert running.resolver.desk.fast == fast + 1, "out of a table of its own"
    assert running.ask("bad.example", source=OTHER).rcode() == dns.rcode.NXDOMAIN
    allow()
    assert running.ask("bad.example").rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize("on", [True, False])
def test_a_schedule_counts_from_the_first_question(running: Running, authority: Authority, on: bool) -> None:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] if on else [_other_day()]
    always = Schedule.model_validate({"days": days, "from": "00:00", "to": "00:00"})
    zone = replace(config(authority).zones[0], policy=zone_policy(during={"always": {"deny": ["www.example"]}}))
    assert running.adopt(config(authority, zones=(zone,), schedules={"always": always}))
    assert abs(running.resolver.session._moment.epoch - time.time()) < 60
    assert (running.ask("www.example").rcode() == dns.rcode.NXDOMAIN) is on


def _other_day() -> str:
    """Neither today nor tomorrow, so that a test at midnight means the same."""
    return ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(datetime.now(UTC).weekday() + 3) % 7]


def test_a_snapshot_tells_zones_clients_and_lists(running: Running) -> None:
    for _ in range(3):
        running.ask("www.example")
    running.ask("bad.example", source=GUEST)

    async def look() -> Snapshot:
        return running.resolver.snapshot()

    found = running.do(look())
    assert found.views == {"pc": 3, "guest": 1}
    assert found.lists == {("guest", "malware"): 1}
    assert found.clients == {CLIENT: 3, GUEST: 1}
