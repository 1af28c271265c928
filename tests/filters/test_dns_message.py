"""Reading messages: the usual ones, the malformed ones, and agreement with dnspython on mutated ones."""

import struct

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import dns_message
from filters.dns_message import BadMessageError, Fault, Query, Rcode
from tests.filters.dns_tools import name, reply_to, wire

QUESTION = wire("Www.Example.com")
SOA = "example.com. 900 IN SOA ns.example.com. root.example.com. 1 7200 900 1209600 300"
REPLY = reply_to(
    QUESTION, "www.example.com. 60 IN CNAME web.example.com.", "web.example.com. 30 IN A 192.0.2.1", authority=(SOA,)
)


def query(data: bytes) -> Query:
    found = dns_message.read_query(data)
    assert isinstance(found, Query), found
    return found


def test_a_question_is_read_and_keeps_its_letter_case() -> None:
    read = query(QUESTION)
    assert (read.id, read.type, read.cls, read.edns) == (4711, 1, 1, None)
    assert read.name == name("www.example.com")
    assert read.question == b"\x03Www\x07Example\x03com\x00\x00\x01\x00\x01"
    assert read.key == read.question.lower()
    assert read.recursion
    assert not read.dnssec


def test_type_octets_are_no_letters() -> None:
    read = query(wire("A.example", "HTTPS"))  # type 65 is the letter A
    assert (read.type, read.key[-4:]) == (65, b"\x00\x41\x00\x01")


def test_edns_is_read() -> None:
    read = query(wire("a.example", use_edns=0, payload=4096, want_dnssec=True))
    assert read.edns == dns_message.Edns(4096, True, 0)


def with_counts(*counts: int) -> bytes:
    return QUESTION[:4] + b"".join(count.to_bytes(2, "big") for count in counts) + QUESTION[12:]


OPT = bytes.fromhex("0000290200000000000000")


@pytest.mark.parametrize(
    ("data", "rcode"),
    [
        (b"", None),
        (QUESTION[:11], None),
        (QUESTION[:2] + b"\x81\x80" + QUESTION[4:], None),  # a response: never answer one, two servers would talk on
        (QUESTION[:2] + b"\x28\x00" + QUESTION[4:], Rcode.NOTIMP),  # dynamic update
        (with_counts(0, 0, 0, 0), Rcode.FORMERR),
        (with_counts(2, 0, 0, 0) + QUESTION[12:], Rcode.FORMERR),  # RFC 9619
        (with_counts(1, 1, 0, 0), Rcode.FORMERR),
        (QUESTION[:-1], Rcode.FORMERR),
        (QUESTION + b"\0", Rcode.FORMERR),
        (QUESTION[:12] + b"\xc0\x0c\x00\x01\x00\x01", Rcode.FORMERR),
        (with_counts(1, 0, 0, 2) + OPT + OPT, Rcode.FORMERR),
        (with_counts(1, 0, 0, 1) + OPT[:-1] + b"\x03\x00\x0a\x00", Rcode.FORMERR),  # an option cut short
        (with_counts(1, 0, 0, 1) + b"\x01a" + OPT, Rcode.FORMERR),  # an OPT that is not the root's
        (with_counts(1, 0, 0, 1), Rcode.FORMERR),
    ],
)
def test_malformed_questions_get_formerr_or_nothing(data: bytes, rcode: Rcode | None) -> None:
    found = dns_message.read_query(data)
    assert isinstance(found, Fault)
    assert found.rcode == rcode
    assert found.why


def test_a_reply_is_read() -> None:
    reply = dns_message.read_reply(REPLY)
    assert reply.key == QUESTION[12:].lower()
    assert [(record.ttl, record.target, record.data[-4:]) for record in reply.answers] == [
        (60, name("web.example.com"), reply.answers[0].data[-4:]),
        (30, b"", bytes((192, 0, 2, 1))),
    ]
    assert len(reply.authority) == 1
    assert reply.answers_type
    for record in (*reply.answers, *reply.authority):
        assert int.from_bytes(REPLY[record.ttl_at : record.ttl_at + 4], "big") == record.ttl


@pytest.mark.parametrize(
    ("options", "error"),
    [("", -1), ("000f0002 0006", 6), ("000a0001 00 000f0004 0007 4142", 7), ("000f0001 06", -1), ("000f0009 0006", 6),
     ("000f", -1), ("000fffff", -1)],
)  # fmt: skip
def test_why_an_upstream_fails_is_read_however_its_options_look(options: str, error: int) -> None:
    octets = bytes.fromhex(options)
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(octets)) + octets
    question = wire("www.example")[12:]
    for rcode, told in ((2, error), (3, -1)):
        data = struct.pack("!HHHHHH", 1, 0x8180 | rcode, 1, 0, 0, 1) + question + opt
        assert dns_message.read_reply(data).error == told


def test_a_chain_without_end_is_no_answer_of_the_type() -> None:
    reply = dns_message.read_reply(reply_to(QUESTION, "www.example.com. 60 IN CNAME gone.example."))
    assert not reply.answers_type


def test_a_truncated_reply_is_not_read_beyond_its_question() -> None:
    cut = REPLY[:2] + bytes((REPLY[2] | 0x02,)) + REPLY[3:50]
    assert dns_message.read_reply(cut).truncated


def record(rtype: int, rdata: bytes, owner: bytes = b"\xc0\x0c", rclass: int = 1) -> bytes:
    head = QUESTION[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + QUESTION[12:]
    fixed = rtype.to_bytes(2, "big") + rclass.to_bytes(2, "big") + b"\0\0\0\x3c" + len(rdata).to_bytes(2, "big")
    return head + owner + fixed + rdata


def in_authority(data: bytes) -> bytes:
    """The same message with its one record in the authority section."""
    return data[:6] + b"\0\0\0\1" + data[10:]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        QUESTION,
        REPLY[:-1],
        REPLY + b"\0",
        record(1, b"\x01\x02\x03"),
        record(28, bytes(4)),
        record(5, b"\x01a\x00\x00"),  # a name, then something else
        record(5, b"\xc0\x2d"),  # itself
        record(5, b"\xc0\x30"),  # forward
        record(6, b"\x00\x00" + bytes(19)),
        record(15, b"\x00"),
        record(1, bytes(4), owner=b"\xc0\x21"),  # points at itself
        record(1, bytes(4))[:6] + b"\xff\xff" + record(1, bytes(4))[8:],
        record(41, b"", owner=b"\0", rclass=1232),  # an OPT record among the answers
        in_authority(record(41, b"", owner=b"\0")),
        record(1, bytes((10, 0, 0, 1)), rclass=3),  # an address that only a careless client takes for one
        in_authority(record(1, bytes(4), rclass=255)),
        record(5, bytes((0xC0, len(QUESTION) + 6))),  # a pointer into its own TTL, where a root label seems to stand
    ],
)
def test_malformed_replies_are_refused(data: bytes) -> None:
    with pytest.raises(BadMessageError):
        dns_message.read_reply(data)


def test_types_nobody_knows_pass_unread() -> None:
    reply = dns_message.read_reply(record(65280, b"\xff\x00anything"))
    assert reply.answers[0].data == b"\xff\x00anything"


def test_a_ttl_with_the_top_bit_counts_as_zero() -> None:
    data = record(1, bytes(4))
    reply = dns_message.read_reply(data[:-10] + b"\x80\0\0\0" + data[-6:])
    assert reply.answers[0].ttl == 0


@st.composite
def mutated(draw: st.DrawFn, start: bytes) -> bytes:
    data = bytearray(start)
    for _ in range(draw(st.integers(1, 4))):
        match draw(st.integers(0, 2)):
            case 0 if data:
                data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
            case 1:
                at = draw(st.integers(0, len(data)))
                data[at:at] = draw(st.binary(min_size=1, max_size=8))
            case _:
                del data[draw(st.integers(0, len(data))) :]
    return bytes(data)


@given(st.one_of(mutated(QUESTION), mutated(wire("a.example", use_edns=0, want_dnssec=True)), st.binary(max_size=80)))
def test_what_we_take_for_a_question_dnspython_reads_alike(data: bytes) -> None:
    found = dns_message.read_query(data)
    if isinstance(found, Fault):
        return
    try:
        theirs = dns.message.from_wire(data, ignore_trailing=False)
    except (dns.exception.DNSException, ValueError):
        # dnspython reads the inside of EDNS options and unused records, which we do not use
        assert int.from_bytes(data[10:12], "big") > 0
        return
    assert theirs.id == found.id
    assert theirs.question[0].name.to_wire().lower() == found.name
    assert (theirs.question[0].rdtype, theirs.question[0].rdclass) == (found.type, found.cls)
    assert (theirs.edns >= 0) == (found.edns is not None)
    assert bool(theirs.ednsflags & dns.flags.DO) == found.dnssec


@given(st.one_of(mutated(REPLY), st.binary(max_size=120)))
def test_what_we_take_for_a_reply_dnspython_reads_alike(data: bytes) -> None:
    try:
        found = dns_message.read_reply(data)
    except BadMessageError:
        return
    if found.truncated:
        return
    try:
        theirs = dns.message.from_wire(data, one_rr_per_rrset=True)
    except (dns.exception.DNSException, ValueError):
        return  # it also checks types that pass us unread
    assert len(theirs.answer) == len(found.answers)
    for ours, rrset in zip(found.answers, theirs.answer, strict=True):
        assert ours.owner == rrset.name.to_wire().lower()
        assert ours.type == rrset.rdtype
        assert ours.ttl == rrset.ttl or ours.cls != dns.rdatatype.A
