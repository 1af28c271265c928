"""Asking upstreams: joining, retries, TCP, and the replies that are not believed."""

import itertools

import dns.edns
import dns.message
import dns.rcode
import pytest

from filters.dns_asking import Asking, Question, Settled
from filters.dns_exchange import AskUpstream, Command, Counters, ForgetUpstream, Timing, Upstream, UpstreamDatagram
from tests.filters.dns_tools import read, reply_to, wire

FIRST, SECOND = Upstream("198.51.100.53"), Upstream("198.51.100.54")
TIMING = Timing()
KEY = wire("www.example")[12:]
QUESTION = Question(KEY, dnssec=False, unchecked=False, upstreams=(FIRST, SECOND))
A = "www.example. 60 IN A 192.0.2.1"


class Conversation:
    """An Asking with a clock of its own; what it says is taken apart."""

    def __init__(self, question: Question = QUESTION, timing: Timing = TIMING) -> None:
        self.counters, self.now = Counters(), 1000.0
        ids = itertools.count(7000)
        self.asking: Asking[str] = Asking(timing, self.counters, lambda: next(ids), lambda who: who)
        self.question = question

    def ask(self, waiter: str = "client") -> list[Command]:
        commands = self.asking.ask(self.question, waiter, self.now)
        assert commands is not None
        return commands

    def hear(
        self, ask: AskUpstream, data: bytes, source: Upstream | None = None
    ) -> tuple[list[Command], Settled | None]:
        return self.asking.hear(UpstreamDatagram(ask.token, source or ask.upstream, data), self.now)

    def wait(self, seconds: float) -> list[tuple[list[Command], Settled | None]]:
        self.now += seconds
        return list(self.asking.tick(self.now))


def one(commands: list[Command]) -> AskUpstream:
    (command,) = commands
    assert isinstance(command, AskUpstream)
    return command


def test_a_question_goes_to_the_first_upstream_with_the_given_id() -> None:
    ask = one(Conversation().ask())
    assert (ask.upstream, ask.stream) == (FIRST, False)
    assert read(ask.data).id == 7000
    assert ask.data[12:-11] == KEY


@pytest.mark.parametrize(("code", "told"), [(6, 6), (9, 9), (22, None), (15, None)])
def test_an_answer_that_fails_validation_is_told_from_silence(code: int, told: int | None) -> None:
    talk = Conversation()
    first = one(talk.ask())
    broken = failing(first.data, dns.edns.EDEOption(dns.edns.EDECode(code), "text from outside"))
    (_, second), _ = talk.hear(first, broken)
    assert isinstance(second, AskUpstream)
    assert second.upstream == SECOND, "another may know better"
    _, settled = talk.hear(second, failing(second.data))
    assert settled is not None
    assert (settled.reply, settled.error) == (None, told)
    assert talk.counters.failed == (told is None)


def failing(data: bytes, *options: dns.edns.Option) -> bytes:
    reply = dns.message.make_response(read(data))
    reply.set_rcode(dns.rcode.SERVFAIL)
    reply.use_edns(0, options=list(options))
    return reply.to_wire()


def test_equal_questions_share_one_exchange_and_all_hear_its_end() -> None:
    talk = Conversation()
    ask = one(talk.ask("a"))
    assert talk.ask("b") == []
    commands, settled = talk.hear(ask, reply_to(ask.data, A))
    assert commands == [ForgetUpstream(ask.token)]
    assert settled is not None
    assert settled.waiters == ["a", "b"]
    assert settled.reply is not None
    assert (talk.counters.joined, talk.counters.answered, talk.counters.failed) == (1, 1, 0)
    assert len(talk.asking) == 0


def test_silence_asks_the_next_upstream_and_a_late_answer_still_counts() -> None:
    talk = Conversation()
    first = one(talk.ask())
    assert talk.wait(TIMING.attempt / 2) == []
    ((commands, _),) = talk.wait(TIMING.attempt)
    second = one(commands)
    assert second.upstream == SECOND
    assert read(second.data).id != read(first.data).id
    commands, settled = talk.hear(first, reply_to(first.data, A))
    assert settled is not None
    assert set(commands) == {ForgetUpstream(first.token), ForgetUpstream(second.token)}


def test_after_silence_the_other_upstream_is_asked_first_for_a_while() -> None:
    talk = Conversation()
    talk.ask()
    ((commands, _),) = talk.wait(TIMING.attempt)
    second = one(commands)
    talk.hear(second, reply_to(second.data, A))
    again = one(talk.ask())
    assert again.upstream == SECOND
    talk.hear(again, reply_to(again.data, A))
    talk.now += TIMING.sick
    assert one(talk.ask()).upstream == FIRST


def test_it_gives_up_after_the_whole_time_with_bounded_attempts() -> None:
    talk = Conversation()
    talk.ask()
    asked, settled = 1, None
    for _ in range(200):
        for commands, end in talk.wait(0.1):
            asked += sum(isinstance(command, AskUpstream) for command in commands)
            settled = settled or end
    assert settled is not None
    assert settled.reply is None
    assert 4 <= asked <= TIMING.attempts
    assert len(talk.asking) == 0


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"])
def test_an_error_moves_on_at_once_and_ends_when_all_have_failed(rcode: str) -> None:
    talk = Conversation()
    first = one(talk.ask())
    commands, settled = talk.hear(first, reply_to(first.data, rcode=rcode))
    assert settled is None
    assert commands[0] == ForgetUpstream(first.token)
    second = one(commands[1:])
    assert second.upstream == SECOND
    _, settled = talk.hear(second, reply_to(second.data, rcode=rcode))
    assert settled is not None
    assert settled.reply is None


def test_an_error_without_a_question_section_counts_as_one() -> None:
    talk = Conversation()
    first = one(talk.ask())
    bare = first.data[:2] + b"\x80\x01" + bytes(8)
    commands, _ = talk.hear(first, bare)
    assert one(commands[1:]).upstream == SECOND


def test_nxdomain_is_an_answer() -> None:
    talk = Conversation()
    ask = one(talk.ask())
    _, settled = talk.hear(ask, reply_to(ask.data, rcode="NXDOMAIN"))
    assert settled is not None
    assert settled.reply is not None


def test_an_upstream_that_cannot_be_reached_is_left_at_once() -> None:
    talk = Conversation()
    first = one(talk.ask())
    commands, _ = talk.asking.lost(first.token, talk.now)
    second = one(commands[1:])
    _, settled = talk.asking.lost(second.token, talk.now)
    assert settled is not None
    assert settled.reply is None


def test_truncation_asks_the_same_upstream_by_tcp() -> None:
    talk = Conversation()
    first = one(talk.ask())
    cut = bytearray(reply_to(first.data, A))
    cut[2] |= 0x02
    commands, settled = talk.hear(first, bytes(cut))
    assert commands[0] == ForgetUpstream(first.token)
    again = one(commands[1:])
    assert settled is None
    assert (again.upstream, again.stream) == (FIRST, True)
    assert talk.wait(TIMING.attempt) == [], "TCP may take longer"
    _, settled = talk.hear(again, reply_to(again.data, A))
    assert settled is not None
    assert settled.reply is not None


def test_truncation_without_tcp_ends_when_nobody_is_left() -> None:
    talk = Conversation(Question(KEY, False, False, (FIRST,)))
    first = one(talk.ask())
    cut = bytearray(reply_to(first.data, A))
    cut[2] |= 0x02
    commands, _ = talk.hear(first, bytes(cut))
    _, settled = talk.asking.lost(one(commands[1:]).token, talk.now)
    assert settled is not None
    assert settled.reply is None
    assert len(talk.asking) == 0


def test_truncation_with_no_attempt_left_is_an_end() -> None:
    talk = Conversation(timing=Timing(attempts=1))
    first = one(talk.ask())
    cut = bytearray(reply_to(first.data, A))
    cut[2] |= 0x02
    assert talk.hear(first, bytes(cut))[1] is not None


def other_id(data: bytes) -> bytes:
    return bytes((data[0] ^ 1,)) + data[1:]


@pytest.mark.parametrize(
    ("forge", "source"),
    [
        (lambda ask: other_id(reply_to(ask.data, A)), FIRST),
        (lambda ask: reply_to(ask.data, A), SECOND),
        (lambda ask: reply_to(ask.data, A), Upstream(FIRST.address, 5353)),
        (lambda ask: reply_to(ask.data[:2] + wire("other.example")[2:], "other.example. 60 IN A 192.0.2.66"), FIRST),
        (lambda ask: reply_to(ask.data[:2] + wire("www.example", "AAAA")[2:]), FIRST),
        (lambda ask: ask.data, FIRST),
        (lambda ask: reply_to(ask.data, A)[:-1], FIRST),
        (lambda ask: reply_to(ask.data, A)[:2] + b"\x81\x80" + bytes(8), FIRST),
        (lambda ask: b"", FIRST),
    ],
)
def test_a_forged_or_broken_reply_is_counted_and_changes_nothing(forge: object, source: Upstream) -> None:
    talk = Conversation()
    ask = one(talk.ask())
    assert talk.hear(ask, forge(ask), source) == ([], None)
    assert talk.counters.strangers + talk.counters.garbage == 1
    _, settled = talk.hear(ask, reply_to(ask.data, A))
    assert settled is not None
    assert settled.reply is not None, "the true answer still counts"


def test_the_letter_case_of_the_echoed_question_does_not_matter() -> None:
    talk = Conversation()
    ask = one(talk.ask())
    data = reply_to(ask.data, A)
    _, settled = talk.hear(ask, data[:12] + data[12:24].upper() + data[24:])
    assert settled is not None


def test_a_reply_to_nothing_is_a_stranger() -> None:
    talk = Conversation()
    assert talk.asking.hear(UpstreamDatagram(99, FIRST, b"x"), talk.now) == ([], None)
    assert talk.asking.lost(99, talk.now) == ([], None)
    assert talk.counters.strangers == 1


def test_waiters_and_exchanges_are_bounded() -> None:
    talk = Conversation(timing=Timing(exchanges=1, waiters=2))
    talk.ask("a")
    talk.ask("b")
    assert talk.asking.ask(QUESTION, "c", talk.now) is None
    other = Question(wire("other.example")[12:], False, False, (FIRST,))
    assert talk.asking.ask(other, "d", talk.now) is None


def test_one_client_never_fills_the_waiters_of_a_name_that_others_ask_too() -> None:
    talk = Conversation(timing=Timing(waiters=10, of_waiters=3))
    asked = [talk.asking.ask(talk.question, "guest", talk.now) for _ in range(9)]
    assert [one is None for one in asked] == [False] * 3 + [True] * 6
    assert talk.ask("pc") == []


def test_without_upstreams_there_is_nobody_to_ask() -> None:
    talk = Conversation()
    assert talk.asking.ask(Question(KEY, False, False, ()), "a", talk.now) is None
