"""The fast path: it answers the common case and agrees with the slow path in every octet, or stays silent."""

import dns.edns
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import dns_answer
from filters.dns_answer import Answer, Subject
from filters.dns_message import Query, Rcode, read_query, read_reply
from filters.dns_wire import FastPath
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_tools import read, reply_to, wire

NAME = "www.example.com"
COOKIE = dns.edns.GenericOption(10, b"01234567")


def filled(records: int = 1, expires: float = 1000.0) -> FastPath:
    table = FastPath()
    for qtype, dnssec in (("A", False), ("A", True), ("HTTPS", False)):
        question = wire(NAME, qtype)
        data = reply_to(question, *(f"{NAME}. 60 IN A 192.0.2.{last}" for last in range(1, records + 1)))
        answer = dns_answer.from_reply(read_reply(data), data, 100.0, dnssec=dnssec)
        answer.keep_until(expires)
        table.keep(question[12:], answer, dnssec=dnssec)
    return table


USUAL = [
    wire(NAME),
    wire("wWw.ExAmPlE.cOm", number=0),
    wire(NAME, "HTTPS"),
    wire(NAME, use_edns=0),
    wire(NAME, use_edns=0, payload=4096),
    wire(NAME, use_edns=0, want_dnssec=True),
    wire(NAME, use_edns=0, options=[COOKIE]),
    wire(NAME)[:3] + b"\x20" + wire(NAME)[4:],  # AD
]


@pytest.mark.parametrize("data", USUAL)
def test_usual_questions_are_answered_as_the_slow_path_would(data: bytes) -> None:
    found = filled().find(data, 107.3)
    assert found is not None
    reply, answer = found
    query = read_query(data)
    assert isinstance(query, Query)
    assert reply == answer.render(query, 107.3, dns_answer.limit_of(query, stream=False))
    assert read(reply).answer[0].ttl == 53


def test_what_was_sent_a_moment_ago_is_sent_again_only_while_it_is_right() -> None:
    table = filled(expires=150.0)
    for step in range(1, 60):
        now = 100.0 + step * 0.9
        for number, data in enumerate(USUAL, step):
            asked = number.to_bytes(2, "big") + data[2:]
            found = table.find(asked, now)
            assert (found is None) == (now >= 150.0)
            if found is not None:
                query = read_query(asked)
                assert isinstance(query, Query)
                assert found[0] == found[1].render(query, now, dns_answer.limit_of(query, stream=False))
                assert read(found[0]).answer[0].ttl == 60 - int(now - 100.0)
                assert read(found[0]).id == number


def test_what_fits_one_client_is_not_sent_to_another_with_less_room() -> None:
    table = filled(records=60)
    large, small = wire(NAME, use_edns=0, payload=1232), wire(NAME, use_edns=0, payload=600)
    for _ in range(2):
        for data, cut in ((large, 0), (small, 2)):
            found = table.find(data, 107.3)
            assert found is not None
            assert found[0][2] & 2 == cut


@pytest.mark.parametrize(
    "data",
    [
        wire("other.example.com"),
        wire(NAME, "AAAA"),
        wire(NAME, "TYPE97"),  # what the letter A of type HTTPS would be in lower case
        wire(NAME, use_edns=1),
        wire(NAME, flags=0),  # RD=0
        wire(NAME, flags=0x0110),
        wire(NAME) + b"\0",
        wire(NAME)[:-1],
        wire(NAME, use_edns=0)[:-1],
        wire(NAME, use_edns=0) + b"\0",
        wire(NAME, use_edns=0, options=[COOKIE])[:-1],
        wire(NAME)[:2] + b"\x81\x80" + wire(NAME)[4:],
        wire(NAME)[:12],
        b"",
    ],
)
def test_everything_else_is_left_to_the_slow_path(data: bytes) -> None:
    assert filled().find(data, 107.3) is None


def test_an_expired_answer_and_one_too_large_are_left_too() -> None:
    for data in (wire(NAME), wire(NAME, use_edns=0)):
        assert filled(expires=107.4).find(data, 107.3) is not None
        assert filled(expires=107.0).find(data, 107.3) is None
    large = filled(records=40)
    cut = large.find(wire(NAME), 107.3)
    assert cut is not None
    assert (cut[0][2] & 2, len(cut[0])) == (2, len(wire(NAME))), "truncated: use TCP"
    assert large.find(wire(NAME, use_edns=0, payload=4096), 107.3) is not None


def test_one_clients_options_never_reach_another() -> None:
    table = filled()
    secret = dns.edns.GenericOption(65001, b"private")
    first = table.find(wire(NAME, use_edns=0, options=[secret]), 107.3)
    second = table.find(wire(NAME, use_edns=0), 107.3)
    assert first is not None
    assert second is not None
    assert b"private" not in first[0] + second[0]


def test_the_table_is_bounded_and_forgets_on_demand() -> None:
    table = FastPath(size=3)
    for number in range(10):
        table.keep(bytes((number,)), Answer(Rcode.NOERROR, (0, 0), b""), dnssec=False)
    assert len(table) == 3
    table.clear()
    assert len(table) == 0


def test_what_is_replaced_or_gone_is_not_sent_again() -> None:
    table = FastPath(size=2)
    question = wire(NAME)
    first, second = Answer(Rcode.NXDOMAIN, (0, 0), b""), Answer(Rcode.NOERROR, (0, 0), b"")
    for answer in (first, second, second, second):
        table.keep(question[12:], answer, dnssec=False)
        for _ in range(2):
            found = table.find(question, 5.0)
            assert found is not None
            assert found[1] is answer
    for number in range(2):
        table.keep(bytes((number,)), Answer(Rcode.NOERROR, (0, 0), b""), dnssec=False)
    assert table.find(question, 5.0) is None
    assert not table._recent
    table.keep(question[12:], first, dnssec=False)
    assert table.find(question, 5.0) is not None
    table.clear()
    assert table.find(question, 5.0) is None


def test_ways_of_asking_that_vary_are_answered_and_not_remembered() -> None:
    table = filled()
    for number in range(100):
        cookie = dns.edns.GenericOption(10, number.to_bytes(8, "big"))
        name = "".join(letter.upper() if number >> at & 1 else letter for at, letter in enumerate(NAME[:7])) + NAME[7:]
        for data in (
            wire(NAME, use_edns=0, options=[cookie]),
            wire(name),
            wire(NAME, use_edns=0, payload=600 + number),
        ):
            assert table.find(data, 107.3) is not None
    assert len(table._recent) <= 2 * len(table)


def test_octets_are_bounded_and_what_goes_is_accounted_for() -> None:
    gone: list[tuple[str, int]] = []
    table = FastPath(octets=4 * 2900, account=lambda subject, count: gone.append((subject.name, count)))
    for number in range(10):
        question = wire(f"n{number}.example")
        answer = Answer(Rcode.NOERROR, (0, 0), bytes(500))
        subject = Subject(f"n{number}.example", "A", Verdict(Action.FORWARD, Reason.NOT_LISTED))
        table.keep(question[12:], answer.about(subject), dnssec=bool(number % 2))
        assert table.find(wire(f"n{number}.example", use_edns=0, want_dnssec=bool(number % 2)), 0.0) is not None
    assert len(table) == 4
    assert len(gone) == 6
    table.harvest()
    table.harvest()
    assert sorted(gone) == [(f"n{number}.example", 1) for number in range(10)]
    table.keep(b"huge", Answer(Rcode.NOERROR, (0, 0), bytes(60_000)), dnssec=False)
    assert len(table) == 2, "what does not fit at all is not kept, nor what stood in its way"


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(USUAL)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 2)):
            case 0 if at < len(data):
                data[at] = draw(st.integers(0, 255))
            case 1:
                data[at:at] = draw(st.binary(min_size=1, max_size=12))
            case _:
                del data[at : at + draw(st.integers(1, 8))]
    return bytes(data)


TABLE = filled()


@given(mutated())
def test_whatever_arrives_both_paths_agree(data: bytes) -> None:
    found = TABLE.find(data, 107.3)
    if found is None:
        return
    query = read_query(data)
    assert isinstance(query, Query), "the fast path answered what the slow path refuses"
    assert found[0] == found[1].render(query, 107.3, dns_answer.limit_of(query, stream=False))
