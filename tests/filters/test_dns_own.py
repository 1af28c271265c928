"""Answers of our own: what a verdict becomes on the wire, and the questions we do not take."""

from ipaddress import ip_address

import dns.rcode
import dns.rdatatype
import pytest

from filters import dns_own
from filters.dns_local import LocalHost, LocalNames
from filters.dns_message import Query, read_query
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_tools import read, texts, wire

LOCAL = LocalNames("clinic.example", [LocalHost("nas", (ip_address("10.20.30.5"),))], [])
PAGE = (ip_address("10.20.20.1"), ip_address("2001:db8:20:20::1"))


def answered(action: Action, reason: Reason = Reason.LISTED, name: str = "bad.example", qtype: str = "A") -> tuple:
    query = read_query(wire(name, qtype, use_edns=0))
    assert isinstance(query, Query)
    message = read(dns_own.answer_for(Verdict(action, reason), query, LOCAL, PAGE).render(query, 0.0, 512))
    return dns.rcode.to_text(message.rcode()), texts(message), len(message.authority), [o.code for o in message.options]


@pytest.mark.parametrize(
    ("action", "qtype", "wanted"),
    [
        (Action.NXDOMAIN, "A", ("NXDOMAIN", [], 1, [15])),
        (Action.NODATA, "A", ("NOERROR", [], 1, [15])),
        (Action.NULL, "A", ("NOERROR", ["10 A 0.0.0.0"], 0, [15])),
        (Action.NULL, "AAAA", ("NOERROR", ["10 AAAA ::"], 0, [15])),
        (Action.NULL, "HTTPS", ("NOERROR", [], 1, [15])),
        (Action.PAGE, "A", ("NOERROR", ["10 A 10.20.20.1"], 0, [15])),
        (Action.PAGE, "AAAA", ("NOERROR", ["10 AAAA 2001:db8:20:20::1"], 0, [15])),
        (Action.PAGE, "HTTPS", ("NOERROR", [], 1, [15])),
    ],
)
def test_blocks(action: Action, qtype: str, wanted: tuple) -> None:
    assert answered(action, qtype=qtype) == wanted


@pytest.mark.parametrize(
    ("reason", "code", "text"),
    [
        (Reason.LISTED, 15, "list malware line 12"),
        (Reason.LISTED_LINK, 15, "list malware line 12"),
        (Reason.REBINDING, 15, "a private address from a public name"),
        (Reason.DENIED, 17, "by this site's own rule"),
        (Reason.NOT_ALLOWED, 17, "by this site's own rule"),
    ],
)
def test_a_block_says_why(reason: Reason, code: int, text: str) -> None:
    query = read_query(wire("bad.example", use_edns=0))
    assert isinstance(query, Query)
    answer = dns_own.answer_for(Verdict(Action.NXDOMAIN, reason, "malware", 12), query, LOCAL)
    (error,) = read(answer.render(query, 0.0, 512)).options
    assert (error.code, error.text) == (code, text)


def test_other_answers_do_not_claim_to_be_blocks() -> None:
    assert answered(Action.NXDOMAIN, Reason.CANARY) == ("NXDOMAIN", [], 1, [])
    assert answered(Action.REFUSED, Reason.UNKNOWN_CLIENT) == ("REFUSED", [], 0, [18])


@pytest.mark.parametrize(
    ("name", "qtype", "wanted"),
    [
        ("nas.clinic.example", "A", ("NOERROR", ["60 A 10.20.30.5"], 0, [])),
        ("nas.clinic.example", "AAAA", ("NOERROR", [], 1, [])),
        ("nobody.clinic.example", "A", ("NXDOMAIN", [], 1, [])),
        ("5.30.20.10.in-addr.arpa", "PTR", ("NOERROR", ["60 PTR nas.clinic.example."], 0, [])),
    ],
)
def test_local_names(name: str, qtype: str, wanted: tuple) -> None:
    assert answered(Action.LOCAL, Reason.LOCAL_NAME, name, qtype) == wanted


def test_localhost_is_loopback() -> None:
    assert answered(Action.LOCAL, Reason.SPECIAL_USE, "localhost", "A")[1] == ["60 A 127.0.0.1"]
    assert answered(Action.LOCAL, Reason.SPECIAL_USE, "localhost", "AAAA")[1] == ["60 AAAA ::1"]
    assert answered(Action.LOCAL, Reason.SPECIAL_USE, "localhost", "MX")[:2] == ("NOERROR", [])


def unusual(data: bytes) -> str | None:
    query = read_query(data)
    assert isinstance(query, Query)
    answer = dns_own.unusual(query)
    return dns.rcode.to_text(read(answer.render(query, 0.0, 512)).rcode()) if answer else None


@pytest.mark.parametrize(
    ("data", "rcode"),
    [
        (wire("www.example"), None),
        (wire("www.example", "TYPE65280"), None),
        (wire("www.example", use_edns=1), "BADVERS"),
        (wire("www.example", flags=0), "REFUSED"),
        (wire("version.bind", "TXT", rdclass="CH"), "REFUSED"),
        (wire("www.example", "AXFR"), "REFUSED"),
        (wire("www.example", "IXFR"), "REFUSED"),
        (wire("www.example", "TYPE128"), "FORMERR"),
        (wire("www.example", "TYPE0"), "FORMERR"),
        (wire("www.example", "OPT"), "FORMERR"),
        (wire("www.example", "MAILB"), "NOTIMP"),
        (wire("www.example", "ANY"), "NOERROR"),
    ],
)
def test_questions_that_are_not_taken(data: bytes, rcode: str | None) -> None:
    assert unusual(data) == rcode


def test_any_gets_the_answer_of_rfc_8482() -> None:
    query = read_query(wire("www.example", "ANY"))
    assert isinstance(query, Query)
    answer = dns_own.unusual(query)
    assert answer is not None
    assert texts(read(answer.render(query, 0.0, 512))) == ['3600 HINFO "RFC8482" ""']
