"""A trial: what a client would be told, asked by a person, without a trace on that client; answers allowed a while."""

from dataclasses import replace
from ipaddress import ip_address

from filters.dns_exchange import AskUpstream, ClientDatagram, Clock, Command, RequestPin, SendAnswer, Timing, Tried
from filters.dns_rules import Allowance
from filters.dns_schedule import Moment
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_talk import Talk, answered
from tests.filters.dns_tools import name, read, texts, wire
from tests.filters.test_dns_session_policy import CONFIG, POLICY, WEB


def trial(talk: Talk, text: str, client: str = "10.20.20.11") -> list[Command]:
    return talk.say(ClientDatagram(wire(text), ip_address(client), "pc", "trial", stream=True, trial=True))


def tried(commands: list[Command]) -> Tried:
    (found,) = (command for command in commands if isinstance(command, Tried))
    assert not any(isinstance(command, SendAnswer) for command in commands)
    return found


def test_a_trial_tells_the_answer_and_its_verdict() -> None:
    talk = Talk(CONFIG)
    (blocked,) = trial(talk, "bad.example")
    assert isinstance(blocked, Tried)
    assert blocked.verdict == Verdict(Action.NXDOMAIN, Reason.LISTED, "malware", 2, "bad.example")
    (ask,) = trial(talk, "www.example")
    found = tried(talk.answer(ask, f"www.example. 60 IN A {WEB}"))
    assert (found.channel, found.verdict.reason) == ("trial", Reason.NOT_LISTED)
    assert texts(read(found.data)) == [f"60 A {WEB}"]
    assert texts(read(tried(trial(talk, "www.example")).data)) == [f"60 A {WEB}"], "out of the cache"


def test_a_trial_leaves_no_account() -> None:
    talk = Talk(CONFIG)
    trial(talk, "bad.example")
    (ask,) = trial(talk, "www.example")
    talk.answer(ask, f"www.example. 60 IN A {WEB}")
    counted = talk.session.count()
    assert (dict(counted.views), dict(counted.verdicts), sum(counted.latency)) == ({}, {}, 0)


def test_a_trial_pins_nothing() -> None:
    talk = Talk(CONFIG)
    (ask,) = trial(talk, "a.zoom.example")
    assert tried(talk.answer(ask, f"a.zoom.example. 60 IN A {WEB}")).verdict.action is Action.FORWARD
    (real,) = talk.ask("a.zoom.example")
    assert isinstance(real, RequestPin), "the client's own question still waits for its pin"


def test_a_link_that_is_blocked_is_told() -> None:
    talk = Talk(CONFIG)
    (ask,) = trial(talk, "www.example")
    found = tried(talk.answer(ask, "www.example. 60 IN CNAME bad.example.", f"bad.example. 60 IN A {WEB}"))
    assert found.verdict.reason is Reason.LISTED_LINK


def test_trials_take_nothing_of_the_clients_share() -> None:
    talk = Talk(CONFIG, Timing(of_client=1))
    (first,) = trial(talk, "a.example")
    assert isinstance(first, AskUpstream)
    (real,) = talk.ask("b.example")
    assert isinstance(real, AskUpstream), "the client may still ask"
    assert read(tried(trial(talk, "c.example")).data).rcode() == 2, "and trials have a bound of their own"
    talk.answer(first, f"a.example. 60 IN A {WEB}")
    (again,) = trial(talk, "c.example")
    assert isinstance(again, AskUpstream)


def test_what_was_allowed_for_a_while_is_not_remembered_for_longer() -> None:
    grant = Allowance(name("bad.example"), "pc", 3600.0, "owner", "today")
    talk = Talk(replace(CONFIG, policy=replace(POLICY, allowances=(grant,))))
    assert answered(talk.fetch("bad.example", records=(f"bad.example. 86400 IN A {WEB}",))) == (
        "NOERROR",
        [f"30 A {WEB}"],
    )
    table = talk.session.fast_path("pc", ip_address("10.20.20.11"))
    talk.now += 20
    found = table.find(wire("bad.example"), talk.now)
    assert found is not None and texts(read(found[0])) == [f"10 A {WEB}"]
    talk.now += 20
    assert table.find(wire("bad.example"), talk.now) is None
    assert answered(talk.ask("bad.example")) == ("NOERROR", [f"30 A {WEB}"]), "out of the cache, without asking again"
    talk.say(Clock(Moment(0, 3600.0)))
    assert answered(talk.ask("bad.example"))[0] == "NXDOMAIN"
