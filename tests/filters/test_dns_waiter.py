"""What follows from a question and its verdict: whom to ask about, which view, how it is told."""

from ipaddress import ip_address

import dns.rcode

from filters.dns_errors import ExtendedError
from filters.dns_local import LocalNames
from filters.dns_message import Query, read_query
from filters.dns_policy import DnsPolicy
from filters.dns_rules import ZonePolicy
from filters.dns_schedule import Moment
from filters.dns_waiter import Waiter, type_text
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_tools import name, read, wire

STANDING = DnsPolicy({"pc": ZonePolicy()}, LocalNames("clinic.home.arpa", [], [])).at(Moment())


def waiter(verdict: Verdict, zone: str = "pc", qtype: str = "AAAA") -> Waiter:
    query = read_query(wire("WWW.google.com", qtype, use_edns=0))
    assert isinstance(query, Query)
    client = ip_address("10.20.20.11")
    return Waiter(query, client, zone, "c", 1232, verdict, STANDING.rules(zone), STANDING, 5.0)


def test_a_forwarded_question_asks_for_its_own_name() -> None:
    found = waiter(Verdict(Action.FORWARD, Reason.NOT_LISTED))
    assert found.key == name("www.google.com") + b"\0\x1c\0\1"
    assert found.view == "pc"
    assert waiter(Verdict(Action.REFUSED, Reason.UNKNOWN_CLIENT), "nowhere").view == "nowhere"


def test_a_safe_one_asks_for_the_safe_name() -> None:
    target = name("forcesafesearch.google.com")
    found = waiter(Verdict(Action.SAFE, Reason.SAFE_SEARCH, target=target))
    assert found.key == target + b"\0\x1c\0\1"
    subject = found.subject(found.verdict)
    assert (subject.name, subject.type) == ("www.google.com", "AAAA")


def test_a_failure_says_why() -> None:
    sent = waiter(Verdict(Action.FORWARD, Reason.NOT_LISTED)).fail(9.0, ExtendedError.UNREACHABLE, "nobody")
    message = read(sent.data)
    assert message.rcode() == dns.rcode.SERVFAIL
    assert [(one.code, one.text) for one in message.options] == [(22, "nobody")]


def test_types_without_a_name_are_numbers() -> None:
    assert [type_text(one) for one in (1, 65, 65280)] == ["A", "HTTPS", "TYPE65280"]
