"""Conversations with the session: events in, commands out, time in steps."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from filters.dns_exchange import (
    AskUpstream,
    ClientDatagram,
    Command,
    PinDone,
    PinGrant,
    RequestPin,
    SendAnswer,
    Tick,
    Timing,
    Told,
    Upstream,
    UpstreamDatagram,
    UpstreamLost,
)
from filters.dns_local import LocalHost, LocalNames
from filters.dns_policy import DnsPolicy
from filters.dns_rules import ZonePolicy
from filters.dns_session import SessionConfig
from filters.lists import compile_list
from filters.names import SuffixSet
from filters.verdict import Action
from tests.filters import dns_talk
from tests.filters.dns_talk import answered, sent, told
from tests.filters.dns_tools import name, read, texts, wire

KEY = b"tests"
UPSTREAM, CLOSED = Upstream("198.51.100.53"), Upstream("192.0.2.200")
BLOCKED = compile_list("malware", [b"0.0.0.0 bad.example", b"0.0.0.0 portal.health.example"], KEY)
POLICY = DnsPolicy(
    zones={"pc": ZonePolicy((BLOCKED,)), "guest": ZonePolicy((BLOCKED,), Action.NULL), "voip": ZonePolicy()},
    local=LocalNames("clinic.example", [LocalHost("nas", (ip_address("10.20.30.5"),))], [ip_network("10.20.30.0/24")]),
    protected=SuffixSet([name("health.example")]),
    key=KEY,
)
CONFIG = SessionConfig(
    POLICY,
    (UPSTREAM,),
    routes={name("closed.example"): (CLOSED,), name("unrouted.example"): ()},
    pins=(PinGrant("pc", frozenset((name("zoom.example"),))),),
)
SOA = "example. 900 IN SOA ns.example. root.example. 1 7200 900 1209600 300"


class Talk(dns_talk.Talk):
    """A session with CONFIG unless told otherwise."""

    def __init__(self, config: SessionConfig = CONFIG, timing: Timing | None = None) -> None:
        super().__init__(config, timing)


def test_forward_then_cache_then_expiry() -> None:
    talk = Talk()
    assert answered(talk.fetch("www.example", records=("www.example. 60 IN A 192.0.2.1",))) == (
        "NOERROR", ["60 A 192.0.2.1"],
    )  # fmt: skip
    talk.now += 20
    assert answered(talk.ask("WWW.example", number=5)) == ("NOERROR", ["40 A 192.0.2.1"])
    talk.now += 40
    (ask,) = talk.ask("www.example")
    assert isinstance(ask, AskUpstream)
    assert not talk.session.counters.faults


def test_equal_questions_of_two_zones_cost_one_upstream_question_and_keep_their_own_ids() -> None:
    talk = Talk()
    (ask,) = talk.ask("www.example", number=1, channel="a")
    assert talk.ask("wWw.example", number=2, channel="b", zone="voip", client="10.20.90.5") == []
    commands = talk.answer(ask, "www.example. 60 IN A 192.0.2.1")
    assert [command.channel for command in commands if isinstance(command, SendAnswer)] == ["a", "b"]
    assert [(message.id, str(message.question[0].name)) for message in sent(commands)] == [
        (1, "www.example."), (2, "wWw.example."),
    ]  # fmt: skip


def test_a_dnssec_client_and_a_plain_one_do_not_share_an_answer() -> None:
    talk = Talk()
    talk.fetch("www.example", records=("www.example. 60 IN A 192.0.2.1",))
    (ask,) = talk.ask("www.example", use_edns=0, want_dnssec=True)
    assert isinstance(ask, AskUpstream)
    assert read(ask.data).ednsflags & dns.flags.DO
    (unchecked,) = talk.ask("www.example", flags=0x0110)
    assert isinstance(unchecked, AskUpstream)


def test_a_blocked_name_is_answered_by_zone_and_told_with_list_and_line() -> None:
    talk = Talk()
    commands = talk.ask("bad.example")
    assert answered(commands) == ("NXDOMAIN", [])
    (account,) = told(commands)
    assert (account.told, account.zone, str(account.client)) == (Told.BLOCKED, "pc", "10.20.20.11")
    subject = account.subject
    assert (subject.name, subject.type) == ("bad.example", "A")
    assert (subject.verdict.list, subject.verdict.line) == ("malware", 1)
    assert answered(talk.ask("bad.example", zone="guest"))[1] == ["10 A 0.0.0.0"]
    assert isinstance(talk.ask("bad.example", zone="voip")[0], AskUpstream)


def test_a_list_that_hits_a_protected_name_is_told_and_not_obeyed() -> None:
    talk = Talk()
    commands = talk.ask("portal.health.example")
    assert [account.told for account in told(commands)] == [Told.PROTECTED_HIT]
    assert isinstance(commands[-1], AskUpstream)


def test_own_names_never_go_upstream() -> None:
    talk = Talk()
    assert answered(talk.ask("nas.clinic.example")) == ("NOERROR", ["60 A 10.20.30.5"])
    assert answered(talk.ask("nobody.clinic.example")) == ("NXDOMAIN", [])
    assert answered(talk.ask("5.30.20.10.in-addr.arpa", "PTR"))[1] == ["60 PTR nas.clinic.example."]
    assert answered(talk.ask("x", zone="nowhere")) == ("REFUSED", [])
    assert talk.session.counters.asked == 0


def test_names_of_a_closed_network_are_asked_there_or_nowhere() -> None:
    talk = Talk()
    (ask,) = talk.ask("a.closed.example")
    assert isinstance(ask, AskUpstream)
    assert ask.upstream == CLOSED
    assert answered(talk.ask("a.unrouted.example"))[0] == "SERVFAIL"


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "NOERROR"])
def test_a_negative_answer_is_kept_as_long_as_its_soa_says(rcode: str) -> None:
    talk = Talk()
    (ask,) = talk.ask("none.example")
    commands = talk.answer(ask, rcode=rcode, authority=(SOA,))
    assert answered(commands) == (rcode, [])
    assert len(sent(commands)[0].authority) == 1
    talk.now += 299
    assert answered(talk.ask("none.example")) == (rcode, [])
    talk.now += 1
    assert isinstance(talk.ask("none.example")[0], AskUpstream)


def test_a_reply_with_ttl_zero_serves_who_asked_and_nobody_else() -> None:
    talk = Talk()
    assert answered(talk.fetch("www.example", records=("www.example. 0 IN A 192.0.2.1",)))[1] == ["0 A 192.0.2.1"]
    assert isinstance(talk.ask("www.example")[0], AskUpstream)


def test_silence_ends_in_servfail_which_is_remembered_for_a_moment() -> None:
    talk = Talk()
    talk.ask("www.example")
    heard: list[Command] = []
    for _ in range(60):
        talk.now += 0.1
        heard += talk.say(Tick())
    assert answered(heard)[0] == "SERVFAIL"
    assert [account.told for account in told(heard)] == [Told.UPSTREAMS_SILENT]
    assert not talk.session.busy
    assert answered(talk.ask("www.example"))[0] == "SERVFAIL"
    talk.now += 5
    assert isinstance(talk.ask("www.example")[0], AskUpstream)


def test_a_lost_upstream_is_an_end_too() -> None:
    talk = Talk()
    (ask,) = talk.ask("www.example")
    assert isinstance(ask, AskUpstream)
    assert answered(talk.say(UpstreamLost(ask.token)))[0] == "SERVFAIL"


def test_large_answers_are_truncated_for_udp_and_whole_for_tcp() -> None:
    talk = Talk()
    records = tuple(f"www.example. 60 IN A 192.0.2.{last}" for last in range(1, 60))
    (small,) = sent(talk.fetch("www.example", records=records))
    assert small.flags & dns.flags.TC
    (whole,) = sent(talk.ask("www.example", stream=True))
    assert not whole.flags & dns.flags.TC
    assert len(texts(whole)) == 59


def test_garbage_gets_formerr_or_nothing() -> None:
    talk = Talk()
    client = ip_address("10.20.20.11")
    assert talk.say(ClientDatagram(b"\x00" * 5, client, "pc", "c")) == []
    (command,) = talk.say(ClientDatagram(b"\x12\x34\x01\x00" + bytes(8), client, "pc", "c"))
    assert isinstance(command, SendAnswer)
    assert command.data[:4] == b"\x12\x34\x81\x81"
    assert talk.session.counters.faults == 2


def test_one_client_cannot_fill_the_house() -> None:
    talk = Talk(timing=Timing(of_client=3))
    for number in range(3):
        assert isinstance(talk.ask(f"n{number}.example")[0], AskUpstream)
    assert answered(talk.ask("n3.example"))[0] == "SERVFAIL"
    (other,) = talk.ask("n3.example", client="10.20.20.12")
    talk.answer(other, "n3.example. 60 IN A 192.0.2.1")
    assert talk.session.counters.overload == 1
    talk.now += 60
    talk.say(Tick())
    assert isinstance(talk.ask("n4.example")[0], AskUpstream), "what ended is given back"


# --- pins

ZOOM = ("eu.zoom.example. 60 IN CNAME edge.cdn.example.", "edge.cdn.example. 60 IN A 192.0.2.7")


def test_an_approved_platform_is_pinned_before_the_answer_leaves() -> None:
    talk = Talk()
    (pin,) = talk.fetch("eu.zoom.example", records=ZOOM)
    assert isinstance(pin, RequestPin)
    assert (str(pin.client), pin.addresses, pin.name) == (
        "10.20.20.11", (ip_address("192.0.2.7"),), "eu.zoom.example",
    )  # fmt: skip
    assert talk.session.busy
    assert answered(talk.say(PinDone(pin.token, ok=True)))[0] == "NOERROR"
    assert not talk.session.busy


def test_a_cache_hit_of_another_client_waits_for_its_own_pin() -> None:
    talk = Talk()
    (pin,) = talk.fetch("eu.zoom.example", records=ZOOM)
    talk.say(PinDone(pin.token, ok=True))
    assert answered(talk.ask("eu.zoom.example"))[0] == "NOERROR"
    (second,) = talk.ask("eu.zoom.example", client="10.20.20.12")
    assert isinstance(second, RequestPin)
    assert str(second.client) == "10.20.20.12"


def test_a_pinned_name_never_enters_the_fast_path() -> None:
    talk = Talk()
    talk.fetch("eu.zoom.example", records=ZOOM)
    talk.fetch("eu.zoom.example", records=ZOOM, zone="voip", client="10.20.90.5", use_edns=0, want_dnssec=True)
    assert len(talk.session.fast_path("pc")) == len(talk.session.fast_path("voip")) == 0


def test_a_client_without_a_grant_needs_no_pin() -> None:
    talk = Talk()
    assert answered(talk.fetch("eu.zoom.example", records=ZOOM, zone="guest"))[0] == "NOERROR"


@pytest.mark.parametrize("silent", [True, False])
def test_an_answer_leaves_without_its_pin_when_the_enforcer_fails_and_that_is_told(silent: bool) -> None:
    talk = Talk()
    (pin,) = talk.fetch("eu.zoom.example", records=ZOOM)
    talk.now += 0.3
    commands = talk.say(Tick() if silent else PinDone(pin.token, ok=False))
    assert answered(commands)[0] == "NOERROR"
    assert [account.told for account in told(commands)] == [Told.PIN_FAILED]
    assert isinstance(talk.ask("eu.zoom.example")[0], RequestPin), "and it is tried again"


def test_an_answer_that_finds_no_room_to_wait_for_its_pin_is_told_too() -> None:
    talk = Talk(timing=Timing(held=0))
    commands = talk.fetch("eu.zoom.example", records=ZOOM)
    assert answered(commands)[0] == "NOERROR"
    assert [account.told for account in told(commands)] == [Told.PIN_FAILED]
    assert (talk.session.counters.pins, talk.session.counters.pins_failed) == (0, 1)


# --- the fast path's tables, and new configurations


def test_the_fast_path_learns_answers_and_blocks() -> None:
    talk = Talk()
    talk.fetch("www.example", records=("www.example. 60 IN A 192.0.2.1",))
    talk.ask("bad.example")
    table = talk.session.fast_path("pc")
    found = table.find(wire("www.example", number=9), talk.now + 10)
    assert found is not None
    assert texts(read(found[0])) == ["50 A 192.0.2.1"]
    blocked = table.find(wire("bad.example"), talk.now)
    assert blocked is not None
    assert (found[1].told, blocked[1].told) == (False, True)
    assert blocked[1].subject is not None
    assert blocked[1].subject.verdict.list == "malware"
    assert talk.session.fast_path("guest").find(wire("www.example"), talk.now) is None, "another zone, another table"


def test_answers_for_clients_that_check_themselves_stay_out_of_the_fast_path() -> None:
    talk = Talk()
    talk.fetch("www.example", records=("www.example. 60 IN A 192.0.2.1",), flags=0x0110)
    assert len(talk.session.fast_path("pc")) == 0


def test_a_new_configuration_counts_at_once_and_drops_no_question() -> None:
    talk = Talk()
    (ask,) = talk.ask("new.example")
    talk.ask("bad.example")
    blocking = compile_list("fresh", [b"new.example"], KEY)
    policy = replace(POLICY, zones={"pc": ZonePolicy((blocking,))})
    talk.session.replace(replace(CONFIG, policy=policy))
    assert answered(talk.answer(ask, "new.example. 60 IN A 192.0.2.1"))[0] == "NOERROR", "asked before, answered"
    table = talk.session.fast_path("pc")
    assert table.find(wire("new.example"), talk.now) is None, "but judged by the old lists, so not kept"
    assert table.find(wire("bad.example"), talk.now) is None
    assert answered(talk.ask("new.example"))[0] == "NXDOMAIN"
    assert isinstance(talk.ask("bad.example")[0], AskUpstream)


def test_pins_live_through_a_new_configuration_and_can_be_forgotten() -> None:
    talk = Talk()
    (pin,) = talk.fetch("eu.zoom.example", records=ZOOM)
    talk.session.replace(replace(CONFIG))
    talk.say(PinDone(pin.token, ok=True))
    assert isinstance(talk.ask("eu.zoom.example")[0], SendAnswer)
    talk.session.forget_pins()
    assert isinstance(talk.ask("eu.zoom.example")[0], RequestPin)


def test_an_answer_that_fails_validation_says_so_and_nobody_is_called_silent() -> None:
    talk = Talk()
    (ask,) = talk.ask("www.example", use_edns=0)
    assert isinstance(ask, AskUpstream)
    reply = dns.message.make_response(read(ask.data))
    reply.set_rcode(dns.rcode.SERVFAIL)
    reply.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS, "text from outside")])
    heard = talk.say(UpstreamDatagram(ask.token, ask.upstream, reply.to_wire()))
    (answer,) = sent(heard)
    assert answer.rcode() == dns.rcode.SERVFAIL
    assert [option.to_text() for option in answer.options] == ["EDE 6 (DNSSEC Bogus)"], "the code, without their text"
    assert told(heard) == []
