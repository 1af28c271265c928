"""Conversations about policy: schedules, allowances, devices, safe search, links, addresses that point inside."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.dns_exchange import (
    AskUpstream,
    Clock,
    PinDone,
    PinGrant,
    RequestPin,
    SendAnswer,
    Told,
    Upstream,
    ViewsChanged,
)
from filters.dns_local import LocalHost, LocalNames
from filters.dns_policy import DnsPolicy
from filters.dns_rules import Allowance, DevicePolicy, Overlay, ZonePolicy
from filters.dns_schedule import Moment, hours
from filters.dns_session import SessionConfig
from filters.dns_shape import Shaping
from filters.lists import compile_list
from filters.names import SuffixSet
from filters.verdict import Action, Reason
from tests.filters.dns_talk import Talk, answered, sent, told
from tests.filters.dns_tools import name, read, texts, wire

KEY = b"tests"
MALWARE = compile_list("malware", [b"# t", b"bad.example"], KEY)
GAMES = compile_list("games", [b"# t", b"play.example"], KEY)
DESK = ip_address("10.20.20.11")
WORK = (("work", Overlay(lists=(MALWARE, GAMES))),)
POLICY = DnsPolicy(
    zones={
        "pc": ZonePolicy((MALWARE,), allow=SuffixSet([name("ok.example")]), during=WORK),
        "page": ZonePolicy((MALWARE,), Action.PAGE, page=(ip_address("10.20.60.1"),)),
        "kids": ZonePolicy(safe_search=True),
    },
    local=LocalNames("clinic.example", [LocalHost("nas", (ip_address("10.20.30.5"),))], []),
    protected=SuffixSet([name("health.example")]),
    key=KEY,
    closed=SuffixSet([name("closed.example")]),
    schedules={"work": hours(["mon"], "08:00", "18:00")},
)
CONFIG = SessionConfig(
    POLICY,
    (Upstream("198.51.100.53"),),
    routes={name("closed.example"): (Upstream("192.0.2.200"),)},
    pins=(PinGrant("pc", frozenset((name("zoom.example"),))),),
    shaping=Shaping(own=(ip_network("203.0.113.0/24"),)),
)
WEB = "192.0.2.1"


def fast(talk: Talk, text: str, zone: str = "pc", client: str = "10.20.20.11", **more: object) -> bool:
    return talk.session.fast_path(zone, ip_address(client)).find(wire(text, **more), talk.now) is not None


def test_a_schedule_begins_and_ends_by_the_clock_alone() -> None:
    talk = Talk(CONFIG)
    talk.fetch("play.example", records=("play.example. 600 IN A 192.0.2.1",))
    assert fast(talk, "play.example")
    assert talk.say(Clock(Moment(7 * 60 + 59))) == []
    assert fast(talk, "play.example"), "nothing changed, nothing forgotten"
    assert talk.say(Clock(Moment(8 * 60))) == [ViewsChanged()]
    assert not fast(talk, "play.example")
    assert answered(talk.ask("play.example"))[0] == "NXDOMAIN"
    assert fast(talk, "play.example")
    assert talk.say(Clock(Moment(18 * 60))) == [ViewsChanged()]
    assert answered(talk.ask("play.example")) == ("NOERROR", ["600 A 192.0.2.1"]), "the cache lived on"


def test_an_answer_judged_before_a_change_does_not_enter_the_tables_after_it() -> None:
    talk = Talk(CONFIG)
    (ask,) = talk.ask("play.example")
    talk.say(Clock(Moment(8 * 60)))
    assert answered(talk.answer(ask, "play.example. 600 IN A 192.0.2.1"))[0] == "NOERROR", "asked before"
    assert not fast(talk, "play.example")
    assert answered(talk.ask("play.example"))[0] == "NXDOMAIN"


def test_an_allowance_for_one_device_is_its_own_and_ends() -> None:
    policy = replace(POLICY, devices={DESK: DevicePolicy("desk", "pc", Overlay())})
    talk = Talk(replace(CONFIG, policy=policy))
    assert answered(talk.ask("bad.example"))[0] == "NXDOMAIN"
    grant = Allowance(name("bad.example"), "pc", 3600.0, "owner", "a supplier's page", "desk")
    talk.session.replace(replace(CONFIG, policy=replace(policy, allowances=(grant,))))
    assert answered(talk.fetch("bad.example", records=(f"bad.example. 60 IN A {WEB}",)))[0] == "NOERROR"
    assert fast(talk, "bad.example")
    assert answered(talk.ask("bad.example", client="10.20.20.12"))[0] == "NXDOMAIN"
    assert talk.say(Clock(Moment(0, 3599.0))) == []
    assert talk.say(Clock(Moment(0, 3600.0))) == [ViewsChanged()]
    assert answered(talk.ask("bad.example"))[0] == "NXDOMAIN"


def test_a_devices_table_is_its_own() -> None:
    policy = replace(POLICY, devices={DESK: DevicePolicy("desk", "pc", Overlay(only=SuffixSet()))})
    talk = Talk(replace(CONFIG, policy=policy))
    talk.fetch("www.example", client="10.20.20.12", records=(f"www.example. 60 IN A {WEB}",))
    assert fast(talk, "www.example", client="10.20.20.12")
    assert not fast(talk, "www.example", client="10.20.20.11")
    commands = talk.ask("www.example", client="10.20.20.11")
    assert answered(commands)[0] == "NXDOMAIN"
    assert told(commands)[0].subject.verdict.reason is Reason.NOT_ALLOWED


def test_a_block_page_has_the_zones_own_address() -> None:
    assert answered(Talk(CONFIG).ask("bad.example", zone="page")) == ("NOERROR", ["10 A 10.20.60.1"])


# --- safe search


def test_a_search_engine_is_answered_with_its_safe_name() -> None:
    talk = Talk(CONFIG)
    (ask,) = talk.ask("www.GOOGLE.co.jp", zone="kids", use_edns=0)
    assert isinstance(ask, AskUpstream)
    assert b"\x0fforcesafesearch\x06google\x03com" in ask.data
    commands = talk.answer(ask, "forcesafesearch.google.com. 100 IN A 192.0.2.9")
    (message,) = sent(commands)
    assert texts(message) == ["100 A 192.0.2.9", "100 CNAME forcesafesearch.google.com."]
    assert [rrset.name.to_text() for rrset in message.answer] == ["www.GOOGLE.co.jp.", "forcesafesearch.google.com."]
    assert [option.code for option in message.options] == [4]
    assert fast(talk, "www.google.co.jp", "kids")
    talk.now += 40
    assert "60 A 192.0.2.9" in answered(talk.ask("www.google.fr", zone="kids"))[1], "one question for all of them"
    assert not fast(talk, "www.google.co.jp", "pc")
    assert isinstance(talk.ask("www.google.co.jp")[0], AskUpstream)


@pytest.mark.parametrize(("given", "after"), [(100, 70), (5000, 270)])
def test_a_safe_answer_gets_older_on_the_fast_path_too(given: int, after: int) -> None:
    talk = Talk(CONFIG)
    (ask,) = talk.ask("www.google.com", zone="kids")
    talk.answer(ask, f"forcesafesearch.google.com. {given} IN A 192.0.2.9")
    table = talk.session.fast_path("kids", DESK)
    found = table.find(wire("www.google.com"), talk.now + 30)
    assert found is not None
    lines = [f"{after} A 192.0.2.9", f"{after} CNAME forcesafesearch.google.com."]
    assert texts(read(found[0])) == lines
    assert table.find(wire("www.google.com"), talk.now + min(given, 300)) is None


def test_a_safe_name_without_service_records_needs_no_question() -> None:
    talk = Talk(CONFIG)
    assert answered(talk.ask("www.bing.com", "HTTPS", zone="kids")) == ("NOERROR", ["300 CNAME strict.bing.com."])
    assert talk.session.counters.asked == 0


# --- where answers lead


def test_a_blocked_link_blocks_and_is_told() -> None:
    talk = Talk(CONFIG)
    records = (
        "www.example. 60 IN CNAME cdn.example.",
        "cdn.example. 60 IN CNAME bad.example.",
        f"bad.example. 60 IN A {WEB}",
    )
    commands = talk.fetch("www.example", records=records)
    assert answered(commands) == ("NXDOMAIN", [])
    (account,) = told(commands)
    verdict = account.subject.verdict
    assert (account.told, account.subject.name) == (Told.BLOCKED, "www.example")
    assert (verdict.reason, verdict.list, verdict.line, verdict.rule) == (
        Reason.LISTED_LINK, "malware", 2, "bad.example",
    )  # fmt: skip
    assert fast(talk, "www.example")
    assert answered(talk.ask("www.example", zone="kids"))[0] == "NOERROR", "by each zone's own lists, from one cache"
    talk.now += 60
    assert not fast(talk, "www.example"), "no longer than the answer that led there"


def test_a_service_alias_is_a_link_too() -> None:
    talk = Talk(CONFIG)
    commands = talk.fetch("www.example", "HTTPS", records=("www.example. 60 IN HTTPS 0 bad.example.",))
    assert answered(commands)[0] == "NXDOMAIN"


@pytest.mark.parametrize("head", ["ok.example", "portal.health.example"])
def test_an_allowed_or_protected_head_wins(head: str) -> None:
    talk = Talk(CONFIG)
    records = (f"{head}. 60 IN CNAME bad.example.", f"bad.example. 60 IN A {WEB}")
    assert answered(talk.fetch(head, records=records))[0] == "NOERROR"


@pytest.mark.parametrize("address", ["10.20.30.5", "127.0.0.1", "203.0.113.9"])
def test_a_public_name_may_not_point_inside(address: str) -> None:
    talk = Talk(CONFIG)
    commands = talk.fetch("evil.example", records=(f"evil.example. 60 IN A {address}",))
    assert answered(commands) == ("NXDOMAIN", [])
    assert told(commands)[0].subject.verdict.reason is Reason.REBINDING
    assert talk.session.counters.rebound == 1
    ok = talk.fetch("ok.example", records=(f"ok.example. 60 IN A {address}",))
    assert answered(ok)[0] == "NXDOMAIN", "not even a name the site allows"


def test_closed_networks_and_own_names_may() -> None:
    talk = Talk(CONFIG)
    (ask,) = talk.ask("app.closed.example")
    assert isinstance(ask, AskUpstream)
    assert ask.upstream == Upstream("192.0.2.200")
    ech = 'app.closed.example. 60 IN HTTPS 1 . ech="AApzZWNyZXQtZWNo"'
    assert answered(talk.answer(ask, "app.closed.example. 60 IN A 10.99.0.1"))[1] == ["60 A 10.99.0.1"]
    assert "ech" in answered(talk.fetch("app.closed.example", "HTTPS", records=(ech,)))[1][0], "nothing is taken out"
    assert answered(talk.ask("nas.clinic.example"))[1] == ["60 A 10.20.30.5"]


def test_a_closed_network_without_a_resolver_is_asked_of_nobody() -> None:
    talk = Talk(replace(CONFIG, routes={name("closed.example"): ()}))
    (message,) = sent(talk.ask("app.closed.example", use_edns=0))
    assert [option.code for option in message.options] == [22]
    assert (talk.session.counters.asked, talk.session.counters.unrouted) == (0, 1)


def test_what_was_answered_by_another_way_is_forgotten_with_it() -> None:
    talk = Talk(replace(CONFIG, routes={}))
    (late,) = talk.ask("late.closed.example")
    talk.fetch("app.closed.example", records=(f"app.closed.example. 600 IN A {WEB}",))
    talk.session.replace(CONFIG)
    talk.answer(late, f"late.closed.example. 600 IN A {WEB}")
    for text in ("app.closed.example", "late.closed.example"):
        (ask,) = talk.ask(text)
        assert isinstance(ask, AskUpstream)
        assert ask.upstream == Upstream("192.0.2.200")


def test_lists_may_change_without_the_cache() -> None:
    talk = Talk(CONFIG)
    talk.fetch("www.example", records=(f"www.example. 600 IN A {WEB}",))
    talk.session.replace(replace(CONFIG, policy=replace(POLICY, zones={"pc": ZonePolicy()})))
    assert answered(talk.ask("www.example"))[0] == "NOERROR"
    assert talk.session.counters.asked == 1


def test_hints_of_an_approved_platform_are_pinned_like_addresses() -> None:
    talk = Talk(CONFIG)
    record = "eu.zoom.example. 60 IN HTTPS 1 . ipv4hint=192.0.2.7 ipv6hint=2001:db8::7"
    (pin,) = talk.fetch("eu.zoom.example", "HTTPS", records=(record,))
    assert isinstance(pin, RequestPin)
    assert pin.addresses == (ip_address("192.0.2.7"), ip_address("2001:db8::7"))
    assert answered(talk.say(PinDone(pin.token, ok=True)))[0] == "NOERROR"


# --- both paths


QUESTIONS = ["www.example", "bad.example", "link.example", "inside.example", "www.google.com", "nas.clinic.example"]


STEPS = st.tuples(st.sampled_from(QUESTIONS), st.sampled_from(["pc", "page", "kids"]), st.integers(0, 40))


@given(st.lists(STEPS, max_size=12))
@settings(deadline=None)
def test_the_fast_path_says_in_every_octet_what_the_slow_path_says(asked: list[tuple[str, str, int]]) -> None:
    """Two sessions hear the same; one answers fast where it can."""
    quick, slow = Talk(CONFIG), Talk(CONFIG)
    for text, zone, pause in asked:
        for talk in (quick, slow):
            talk.now += pause
        data = wire(text, use_edns=0, number=pause)
        found = quick.session.fast_path(zone, DESK).find(data, quick.now)
        octets = _octets(slow, text, zone, pause)
        assert (_octets(quick, text, zone, pause) if found is None else found[0]) == octets


def _octets(talk: Talk, text: str, zone: str, number: int) -> bytes:
    records = {
        "link.example": ("link.example. 30 IN CNAME bad.example.",),
        "inside.example": ("inside.example. 30 IN A 10.0.0.1",),
        "www.google.com": ("forcesafesearch.google.com. 30 IN A 192.0.2.9",),
    }.get(text, (f"{text}. 30 IN A 192.0.2.1",))
    commands = talk.ask(text, zone=zone, use_edns=0, number=number)
    for command in list(commands):
        if isinstance(command, AskUpstream):
            commands += talk.answer(command, *records)
    (data,) = [command.data for command in commands if isinstance(command, SendAnswer)]
    return data
