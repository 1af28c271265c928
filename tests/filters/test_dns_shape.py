"""What becomes of an upstream's reply: TTLs, encrypted hello keys, links, addresses."""

from ipaddress import ip_address, ip_network

import dns.flags
import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.dns_answer import OUR_SIZE, Answer
from filters.dns_message import BadMessageError, Query, read_query, read_reply
from filters.dns_shape import Shaping, shape
from filters.names import to_text
from tests.filters.dns_tools import read, reply_to, texts, wire

QUESTION = wire("www.example", "HTTPS", use_edns=0)
ECH = 'www.example. 60 IN HTTPS 1 . alpn="h3" ipv4hint="192.0.2.1" ech="AApzZWNyZXQtZWNo" ipv6hint="2001:db8::1"'
PLAIN = '60 HTTPS 1 . alpn="h3" ipv4hint="192.0.2.1" ipv6hint="2001:db8::1"'
SOA = "example. 900 IN SOA ns.example. root.example. 1 7200 900 1209600 300"


DEFAULT = Shaping()


def shaped(data: bytes, shaping: Shaping = DEFAULT, *, dnssec: bool = False, now: float = 100.0) -> Answer:
    return shape(read_reply(data), data, now, shaping, dnssec=dnssec)


def message(answer: Answer, question: bytes = QUESTION, now: float = 100.0) -> dns.message.Message:
    query = read_query(question)
    assert isinstance(query, Query)
    return read(answer.render(query, now, OUR_SIZE))


def test_ech_is_removed_and_the_rest_stays() -> None:
    data = reply_to(QUESTION, "www.example. 50 IN CNAME web.example.", ECH.replace("www.example", "web.example", 1))
    found = message(shaped(data))
    assert texts(found) == ["50 CNAME web.example.", PLAIN]
    assert b"secret-ech" not in found.to_wire()
    assert texts(message(shaped(data), now=120.0)) == ["30 CNAME web.example.", PLAIN.replace("60", "40", 1)]


def test_ech_stays_where_the_site_wants_it() -> None:
    (text,) = texts(message(shaped(reply_to(QUESTION, ECH), Shaping(remove_ech=False))))
    assert 'ech="AApzZWNyZXQtZWNo"' in text


def test_a_signature_over_what_was_changed_goes_too() -> None:
    signature = "www.example. 60 IN RRSIG HTTPS 13 2 60 20300101000000 20200101000000 1 example. AAAA"
    other = "www.example. 60 IN RRSIG CNAME 13 2 60 20300101000000 20200101000000 1 example. AAAA"
    data = reply_to(QUESTION, ECH, signature, other)
    found = texts(message(shaped(data, dnssec=True)))
    assert len(found) == 2
    assert not any("RRSIG HTTPS" in text for text in found)
    assert len(texts(message(shaped(data, Shaping(remove_ech=False), dnssec=True)))) == 3


def test_names_behind_the_cut_keep_their_meaning() -> None:
    """Compressed names of every kind behind an edited record, in both sections, that point behind it too."""
    data = reply_to(
        QUESTION,
        ECH,
        "www.example. 60 IN MX 10 mail.far.test.",
        "www.example. 60 IN SRV 1 2 3 a.far.test.",
        authority=(SOA, "example. 900 IN NS ns.far.test."),
    )  # fmt: skip
    answer = shaped(data, dnssec=True)
    found = message(answer)
    assert texts(found) == [PLAIN, "60 MX 10 mail.far.test.", "60 SRV 1 2 3 a.far.test."]
    assert sorted(str(rdata) for rrset in found.authority for rdata in rrset) == [
        "ns.example. root.example. 1 7200 900 1209600 300", "ns.far.test.",
    ]  # fmt: skip


def test_a_malformed_record_is_left_out() -> None:
    data = reply_to(QUESTION, r"www.example. 60 IN TYPE65280 \# 5 0001000004", "www.example. 60 IN A 192.0.2.9")
    data = data.replace(b"\xff\x00\x00\x01", b"\x00\x41\x00\x01")
    assert texts(message(shaped(data))) == ["60 A 192.0.2.9"]


def test_links_and_addresses_are_told() -> None:
    found = shaped(reply_to(
        QUESTION, "www.example. 60 IN CNAME a.example.", "a.example. 60 IN HTTPS 0 svc.example.",
        "svc.example. 60 IN HTTPS 1 . ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
    ))  # fmt: skip
    assert [to_text(one) for one in found.links] == ["a.example", "svc.example"]
    assert found.addresses == (ip_address("192.0.2.1"), ip_address("2001:db8::1"))
    assert not found.inside


def test_records_of_names_the_question_does_not_lead_to_are_left_out() -> None:
    question = wire("a.old.example")
    signature = "60 20300101000000 20200101000000 1 example. AAAA"
    data = reply_to(
        question,
        "www.bank.example. 60 IN A 192.0.2.66",
        "b.new.example. 60 IN A 192.0.2.1",
        "a.new.example. 60 IN CNAME b.new.example.",
        "old.example. 60 IN DNAME new.example.",
        f"old.example. 60 IN RRSIG DNAME 13 2 {signature}",
        "a.old.example. 60 IN CNAME a.new.example.",
        "elsewhere.example. 60 IN DNAME new.example.",
        "bank.example. 60 IN CNAME b.new.example.",
    )
    answer = shaped(data, dnssec=True)
    owners = [str(rrset.name) for rrset in message(answer, question).answer]
    assert owners == ["b.new.example.", "a.new.example.", "old.example.", "old.example.", "a.old.example."]
    assert [to_text(one) for one in answer.links] == ["b.new.example", "a.new.example"]


@pytest.mark.parametrize(
    "record",
    [
        "www.example. 60 IN A 10.0.0.1",
        "elsewhere.example. 60 IN A 192.168.0.1",
        "www.example. 60 IN AAAA fd00::1",
        "www.example. 60 IN HTTPS 1 . ipv4hint=192.0.2.1,127.0.0.1",
        "www.example. 60 IN A 203.0.113.5",
    ],
)
def test_an_answer_that_points_inside_is_marked(record: str) -> None:
    own = Shaping(own=(ip_network("203.0.113.0/24"),))
    assert shaped(reply_to(QUESTION, record), own).inside


def test_an_address_where_none_should_be_counts_too() -> None:
    data = reply_to(QUESTION, rcode="NXDOMAIN", authority=("www.example. 60 IN A 10.0.0.1",))
    assert shaped(data, Shaping()).inside


def test_ttls_are_brought_within_bounds() -> None:
    question = wire("www.example")
    for given_ttl, wanted in ((0, 0), (3, 10), (60, 60), (999_999, 86_400)):
        data = reply_to(question, f"www.example. {given_ttl} IN A 192.0.2.1")
        assert texts(message(shaped(data), question)) == [f"{wanted} A 192.0.2.1"]


SOURCES = [
    reply_to(QUESTION, ECH, authority=(SOA,)),
    reply_to(QUESTION, "www.example. 60 IN CNAME w.example.", ECH.replace("www", "w", 1), "w.example. 9 IN A 10.0.0.1"),
    reply_to(wire("www.example"), "www.example. 60 IN A 192.0.2.1", "www.example. 60 IN MX 10 mail.example."),
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SOURCES)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data) - 1))
        if draw(st.booleans()):
            data[at] = draw(st.integers(0, 255))
        else:
            data[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=6))
    return bytes(data)


@given(mutated(), st.booleans())
def test_whatever_an_upstream_sends_is_refused_or_becomes_a_message(data: bytes, dnssec: bool) -> None:
    try:
        reply = read_reply(data)
    except BadMessageError:
        return
    if not reply.key:
        return
    answer = shape(reply, data, 100.0, Shaping(), dnssec=dnssec)
    rendered = answer.render(_query(reply.key), 100.0, 65535)
    again = read_reply(rendered)
    assert len(again.answers) <= len(reply.answers)
    assert len(rendered) <= 4 * len(data) + 512
    assert b"secret-ech" not in b"".join(r.data for r in again.answers if r.type == 65 and r.cls == 1)


def _query(key: bytes) -> Query:
    query = read_query(b"\0\1\1\0\0\1\0\0\0\0\0\0" + key)
    assert isinstance(query, Query)
    return query
