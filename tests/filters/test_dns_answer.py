"""Answers as templates: what reaches which client, how TTLs count down, what fits."""

from ipaddress import ip_address

import dns.edns
import dns.flags
import dns.rcode
import pytest

from filters import dns_answer
from filters.dns_answer import OUR_SIZE, PLAIN_SIZE, STREAM_SIZE
from filters.dns_errors import ExtendedError, option
from filters.dns_message import Query, Rcode, read_query, read_reply
from tests.filters.dns_tools import read, reply_to, texts, wire

SOA = "example. 900 IN SOA ns.example. root.example. 1 7200 900 1209600 300"


def query(name: str = "www.example", qtype: str = "A", **more: object) -> Query:
    found = read_query(wire(name, qtype, **more))
    assert isinstance(found, Query)
    return found


def answer(*records: str, now: float = 100.0, dnssec: bool = False, **more: object) -> dns_answer.Answer:
    data = reply_to(wire("www.example"), *records, **more)
    return dns_answer.from_reply(read_reply(data), data, now, dnssec=dnssec)


def test_one_answer_serves_clients_that_spell_and_number_differently() -> None:
    shared = answer("www.example. 60 IN A 192.0.2.1", "www.example. 90 IN A 192.0.2.2")
    for number, spelling in ((1, "www.example"), (65535, "wWw.eXaMpLe")):
        message = read(shared.render(query(spelling, number=number), 100.0, PLAIN_SIZE))
        assert message.id == number
        assert message.question[0].name.to_text() == spelling + "."
        assert [str(rdata) for rdata in message.answer[0]] == ["192.0.2.1", "192.0.2.2"]
        assert message.flags == dns.flags.QR | dns.flags.RD | dns.flags.RA
        assert message.edns < 0, "a client without EDNS gets none"


def test_ttls_count_down_with_the_seconds_and_stop_at_zero() -> None:
    shared = answer("www.example. 60 IN CNAME web.example.", "web.example. 5 IN A 192.0.2.1")
    for now, ttls in ((100.0, [5, 60]), (100.9, [5, 60]), (103.2, [2, 57]), (130.0, [0, 30]), (102.0, [3, 58])):
        message = read(shared.render(query(), now, PLAIN_SIZE))
        assert sorted(rrset.ttl for rrset in message.answer) == ttls


def test_the_edns_of_a_reply_is_ours_alone() -> None:
    cookie = dns.edns.GenericOption(10, b"01234567")
    shared = answer("www.example. 60 IN A 192.0.2.1")
    message = read(shared.render(query(use_edns=0, payload=4096, options=[cookie]), 100.0, OUR_SIZE))
    assert (message.edns, message.payload, message.options) == (0, OUR_SIZE, ())


def test_the_do_bit_comes_back() -> None:
    shared = answer("www.example. 60 IN A 192.0.2.1", dnssec=True)
    message = read(shared.render(query(use_edns=0, want_dnssec=True), 100.0, OUR_SIZE))
    assert message.ednsflags & dns.flags.DO


@pytest.mark.parametrize("flags", [0x0100, 0x0110])
def test_the_checking_disabled_bit_comes_back(flags: int) -> None:
    message = read(answer().render(query(flags=flags), 100.0, PLAIN_SIZE))
    assert message.flags & dns.flags.CD == flags & dns.flags.CD


def test_a_hint_of_the_upstream_in_the_additional_section_stays_behind() -> None:
    data = bytearray(reply_to(wire("www.example"), "www.example. 60 IN A 192.0.2.1"))
    data[10:12] = b"\x00\x01"
    data += b"\x04evil\x07example\x00\x00\x01\x00\x01\x00\x00\xff\xff\x00\x04\x06\x06\x06\x06"
    shared = dns_answer.from_reply(read_reply(bytes(data)), bytes(data), 0.0, dnssec=False)
    message = read(shared.render(query(), 0.0, PLAIN_SIZE))
    assert not message.additional
    assert texts(message) == ["60 A 192.0.2.1"]


@pytest.mark.parametrize(
    ("dnssec", "records", "kept"),
    [
        (False, ["www.example. 60 IN A 192.0.2.1"], 0),
        (True, ["www.example. 60 IN A 192.0.2.1"], 1),
        (False, [], 1),
        (False, ["www.example. 60 IN CNAME gone.example."], 1),  # the SOA says how long there is nothing behind it
    ],
)
def test_the_authority_section_stays_where_it_says_something(dnssec: bool, records: list[str], kept: int) -> None:
    shared = answer(*records, authority=(SOA,), dnssec=dnssec)
    message = read(shared.render(query(), 100.0, PLAIN_SIZE))
    assert len(message.authority) == kept


def test_what_does_not_fit_is_truncated_whole() -> None:
    shared = answer(*(f"www.example. 60 IN A 192.0.2.{last}" for last in range(1, 60)))
    small = shared.render(query(), 100.0, PLAIN_SIZE)
    message = read(small)
    assert len(small) <= PLAIN_SIZE
    assert message.flags & dns.flags.TC
    assert not message.answer
    assert len(texts(read(shared.render(query(), 100.0, STREAM_SIZE)))) == 59


@pytest.mark.parametrize(("payload", "limit"), [(None, 512), (100, 512), (1000, 1000), (4096, 1232)])
def test_the_limit_is_the_clients_or_ours(payload: int | None, limit: int) -> None:
    asked = query() if payload is None else query(use_edns=0, payload=payload)
    assert dns_answer.limit_of(asked, stream=False) == limit
    assert dns_answer.limit_of(asked, stream=True) == STREAM_SIZE


def test_negative_answers_of_our_own_can_be_remembered_and_say_they_are_policy() -> None:
    blocked = dns_answer.negative(Rcode.NXDOMAIN, 10, dnssec=False, error=option(ExtendedError.BLOCKED, "list x" * 50))
    message = read(blocked.render(query(use_edns=0), 0.0, OUR_SIZE))
    assert message.rcode() == dns.rcode.NXDOMAIN
    assert (message.authority[0].ttl, message.authority[0][0].minimum) == (10, 10)
    (error,) = message.options
    assert (error.otype, error.code, len(error.text)) == (15, 15, 80)
    assert not read(blocked.render(query(), 0.0, PLAIN_SIZE)).options


def test_failures_and_faults_are_messages() -> None:
    bad = dns_answer.failure(Rcode.BADVERS, dnssec=False).render(query(use_edns=0), 0.0, OUR_SIZE)
    assert read(bad).rcode() == dns.rcode.BADVERS
    fault = read(dns_answer.fault(b"\x12\x34\x29\x00" + bytes(8), Rcode.NOTIMP))
    assert (fault.id, fault.rcode(), fault.opcode(), fault.question) == (0x1234, dns.rcode.NOTIMP, 5, [])


def test_our_question_carries_nothing_of_a_client() -> None:
    asked = query("wWw.example", use_edns=0, payload=4000, options=[dns.edns.GenericOption(65001, b"secret")])
    data = dns_answer.question_for(asked.key, 99, dnssec=True, unchecked=True)
    message = read(data)
    assert message.question[0].name.to_text() == "www.example."
    assert (message.id, message.payload, message.options) == (99, OUR_SIZE, ())
    assert message.ednsflags & dns.flags.DO
    assert message.flags == dns.flags.RD | dns.flags.CD
    assert b"secret" not in data


def test_addresses_are_those_the_chain_leads_to() -> None:
    data = reply_to(
        wire("www.example"),
        "www.example. 60 IN CNAME web.example.",
        "other.example. 60 IN A 192.0.2.66",
        "web.example. 60 IN A 192.0.2.1",
        "web.example. 60 IN A 192.0.2.2",
    )
    assert dns_answer.addresses_of(read_reply(data)) == (ip_address("192.0.2.1"), ip_address("192.0.2.2"))
