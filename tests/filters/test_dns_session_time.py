"""Conversations about time: stale answers, prefetch, failures, and fair shares."""

import dns.rcode

from filters.dns_cache import MAX_STALE, STALE_TTL
from filters.dns_exchange import AskUpstream, Command, SendAnswer, Tick, Timing, Told, Upstream, UpstreamLost
from filters.dns_local import LocalNames
from filters.dns_policy import DnsPolicy
from filters.dns_rules import ZonePolicy
from filters.dns_session import SessionConfig
from tests.filters.dns_talk import Talk, answered, sent, told
from tests.filters.dns_tools import wire

CONFIG = SessionConfig(
    DnsPolicy({"pc": ZonePolicy(), "guest": ZonePolicy()}, LocalNames("clinic.example", [], [])),
    (Upstream("198.51.100.53"),),
)
WEB = "www.example. 100 IN A 192.0.2.1"
NEW = "www.example. 100 IN A 192.0.2.2"
SOA = "example. 900 IN SOA ns.example. root.example. 1 7200 900 1209600 50"


def cached(**more: object) -> Talk:
    talk = Talk(CONFIG, **more)
    talk.fetch("www.example", records=(WEB,))
    return talk


def wait(talk: Talk, seconds: float) -> list[Command]:
    heard: list[Command] = []
    for _ in range(round(seconds * 10)):
        talk.now += 0.1
        heard += talk.say(Tick())
    return heard


def codes(commands: list[Command]) -> list[int]:
    (message,) = sent(commands)
    return [int(option.code) for option in message.options]


# --- stale


def test_while_upstreams_are_slow_a_stale_answer_comes_first_and_the_new_one_is_kept() -> None:
    talk = cached()
    talk.now += 500
    (ask,) = talk.ask("www.example", use_edns=0)
    assert not sent(wait(talk, 1.7)), "they have their time"
    heard = wait(talk, 0.2)
    assert answered(heard) == ("NOERROR", [f"{STALE_TTL} A 192.0.2.1"])
    assert codes(heard) == [3]
    assert talk.session.counters.stale == 1
    assert talk.answer(ask, NEW) == [], "who waited was answered"
    assert answered(talk.ask("www.example")) == ("NOERROR", ["100 A 192.0.2.2"])


def test_who_may_ask_no_more_gets_what_is_past_its_time() -> None:
    talk = cached(timing=Timing(of_client=1, exchanges=2))
    talk.now += 500
    talk.ask("first.example")
    heard = talk.ask("www.example", use_edns=0)
    assert answered(heard) == ("NOERROR", [f"{STALE_TTL} A 192.0.2.1"])
    assert (codes(heard), talk.session.counters.overload) == ([3], 1)
    assert answered(talk.ask("never.example"))[0] == "SERVFAIL"


def test_when_upstreams_fail_the_stale_answer_is_given_at_once_and_for_a_while() -> None:
    talk = cached()
    talk.now += 500
    (ask,) = talk.ask("www.example")
    assert isinstance(ask, AskUpstream)
    heard = talk.say(UpstreamLost(ask.token))
    assert answered(heard) == ("NOERROR", [f"{STALE_TTL} A 192.0.2.1"])
    assert [one.told for one in told(heard)] == [Told.UPSTREAMS_SILENT]
    table = talk.session.fast_path("pc")
    assert table.find(wire("www.example"), talk.now + STALE_TTL - 1) is not None, "RFC 8767: not asked again so soon"
    talk.now += 10
    assert answered(talk.ask("www.example", zone="guest"))[1] == [f"{STALE_TTL} A 192.0.2.1"]
    assert talk.session.counters.asked == 2
    talk.now += STALE_TTL - 10
    assert table.find(wire("www.example"), talk.now) is None
    assert isinstance(talk.ask("www.example")[0], AskUpstream)


def test_a_stale_no_is_marked_as_such() -> None:
    talk = Talk(CONFIG)
    (ask,) = talk.ask("none.example")
    talk.answer(ask, rcode="NXDOMAIN", authority=(SOA,))
    talk.now += 60
    (again,) = talk.ask("none.example", use_edns=0)
    heard = talk.say(UpstreamLost(again.token))
    assert answered(heard)[0] == "NXDOMAIN"
    assert codes(heard) == [19]


def test_nothing_is_served_for_ever() -> None:
    talk = cached()
    talk.now += 100 + MAX_STALE
    (ask,) = talk.ask("www.example", use_edns=0)
    heard = talk.say(UpstreamLost(ask.token))
    assert answered(heard)[0] == "SERVFAIL"
    assert codes(heard) == [22]


def test_a_failure_without_a_stale_answer_is_remembered_for_a_moment() -> None:
    talk = Talk(CONFIG)
    (ask,) = talk.ask("www.example")
    talk.say(UpstreamLost(ask.token))
    assert answered(talk.ask("www.example"))[0] == "SERVFAIL"
    talk.now += 5
    assert isinstance(talk.ask("www.example")[0], AskUpstream)


def test_a_client_that_wants_signatures_gets_no_stale_answer_of_another_kind() -> None:
    talk = cached()
    talk.now += 500
    (ask,) = talk.ask("www.example", use_edns=0, want_dnssec=True)
    assert answered(talk.say(UpstreamLost(ask.token)))[0] == "SERVFAIL"


# --- prefetch


def test_a_question_near_the_end_fetches_anew_and_waits_for_nothing() -> None:
    talk = cached()
    talk.now += 89
    table = talk.session.fast_path("pc")
    assert table.find(wire("www.example"), talk.now) is not None
    talk.now += 2
    assert table.find(wire("www.example"), talk.now) is None, "left to the slow path"
    ask, answer = talk.ask("www.example")
    assert isinstance(ask, AskUpstream)
    assert isinstance(answer, SendAnswer)
    assert answered([answer]) == ("NOERROR", ["9 A 192.0.2.1"])
    assert len(talk.ask("www.example")) == 1, "once is enough"
    assert table.find(wire("www.example"), talk.now) is not None, "and fast again meanwhile"
    assert talk.answer(ask, NEW) == []
    talk.now += 10
    assert answered(talk.ask("www.example")) == ("NOERROR", ["90 A 192.0.2.2"])
    assert talk.session.counters.prefetched == 1


def test_a_prefetch_that_fails_spoils_nothing() -> None:
    talk = cached()
    talk.now += 95
    ask, _ = talk.ask("www.example")
    assert isinstance(ask, AskUpstream)
    heard = talk.say(UpstreamLost(ask.token))
    assert (sent(heard), told(heard)) == ([], [])
    assert answered(talk.ask("www.example"))[0] == "NOERROR"


# --- fair shares


def test_a_flood_of_one_leaves_room_for_the_others() -> None:
    talk = Talk(CONFIG, timing=Timing(exchanges=40, of_client=1000))
    for number in range(60):
        talk.ask(f"n{number}.example", client="10.20.20.66")
    assert len(talk.session._asking) == 20
    assert talk.session.counters.overload == 40
    for number in range(4):
        assert isinstance(talk.ask(f"other{number}.example", client="10.20.20.12")[0], AskUpstream)


def test_what_ended_is_given_back() -> None:
    talk = Talk(CONFIG, timing=Timing(of_client=1))
    for number in range(5):
        (ask,) = talk.ask(f"n{number}.example")
        talk.answer(ask, f"n{number}.example. 60 IN A 192.0.2.1")
    (ask,) = talk.ask("lost.example")
    talk.say(UpstreamLost(ask.token))
    talk.now += 500
    (ask,) = talk.ask("n0.example")
    wait(talk, 2.0)
    assert isinstance(talk.ask("after.example")[0], AskUpstream), "also by who was served a stale answer"


def test_a_question_that_found_no_room_takes_none() -> None:
    talk = Talk(CONFIG, timing=Timing(waiters=1, of_client=2))
    assert isinstance(talk.ask("n0.example")[0], AskUpstream)
    assert answered(talk.ask("n0.example"))[0] == "SERVFAIL", "too many wait for it"
    assert isinstance(talk.ask("n1.example")[0], AskUpstream)


def test_one_client_leaves_room_for_others_at_a_name_under_way() -> None:
    talk = Talk(CONFIG)
    talk.ask("portal.example", client="10.20.20.12")
    for number in range(300):
        talk.ask("portal.example", client="10.20.20.12", number=number)
    assert talk.ask("portal.example") == [], "it waits with them"


def test_new_names_have_a_rate_by_client() -> None:
    talk = Talk(CONFIG, timing=Timing(rate=1.0, burst=3))
    for number in range(3):
        (ask,) = talk.ask(f"n{number}.example")
        talk.answer(ask, f"n{number}.example. 60 IN A 192.0.2.1")
    (refused,) = sent(talk.ask("n9.example", use_edns=0))
    assert refused.rcode() == dns.rcode.SERVFAIL
    assert [option.text for option in refused.options] == ["too many questions from this client"]
    assert answered(talk.ask("n1.example"))[0] == "NOERROR", "what is known costs nothing"


# --- accounts


def test_every_answer_is_counted_once_whichever_way_it_took() -> None:
    talk = cached()
    table = talk.session.fast_path("pc")
    for _ in range(5):
        assert table.find(wire("www.example"), talk.now) is not None
    talk.ask("www.example", zone="guest")
    found = talk.session.count().snapshot()
    assert found.views == {"pc": 6, "guest": 1}
    assert found.names[0][:2] == ("www.example", 7)
    assert sum(found.latency) == 7
    assert talk.session.count().snapshot() == found, "looking counts nothing"


def test_a_new_configuration_loses_no_count() -> None:
    talk = cached()
    for _ in range(3):
        talk.session.fast_path("pc").find(wire("www.example"), talk.now)
    talk.session.replace(CONFIG)
    assert talk.session.count().snapshot().views == {"pc": 4}


def test_time_is_counted_from_the_question_to_the_answer() -> None:
    talk = Talk(CONFIG)
    (ask,) = talk.ask("www.example")
    talk.now += 0.03
    talk.answer(ask, WEB)
    assert talk.session.accounts.snapshot().latency[5] == 1
