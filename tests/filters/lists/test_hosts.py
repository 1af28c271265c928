"""Hosts files, plain domains and wildcard names: what one line says."""

import pytest

from filters.lists.hosts import is_null_address, parse_domains_line, parse_hosts_line
from filters.lists.rules import Reject
from tests.filters.lists.reading_tools import meaning


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0.0.0.0 bad.example", ["exact bad.example"]),
        ("127.0.0.1\tBAD.example.", ["exact bad.example"]),
        ("::  bad.example # why", ["exact bad.example"]),
        ("::1 bad.example\t#why", ["exact bad.example"]),
        ("127.8.8.8 bad.example", ["exact bad.example"]),
        ("0.0.0.0 a.example b.example", ["exact a.example", "exact b.example"]),
        ("0.0.0.0 bücher.example", ["exact xn--bcher-kva.example"]),
        ("0.0.0.0 XN--BCHER-KVA.example", ["exact xn--bcher-kva.example"]),
        ("0.0.0.0 _dmarc.bad.example", ["exact _dmarc.bad.example"]),
        ("", []),
        ("   \t", []),
        ("# note", []),
        ("! note", []),
        ("192.0.2.7 bank.example", Reject.REDIRECT),
        ("2001:db8::7 bank.example", Reject.REDIRECT),
        ("127.0.0.1 localhost", Reject.LOCAL_NAME),
        ("fe80::1%lo0 localhost", Reject.LOCAL_NAME),
        ("255.255.255.255 broadcasthost", Reject.LOCAL_NAME),
        ("0.0.0.0 com", Reject.TOO_WIDE),
        ("0.0.0.0 192.0.2.1", Reject.NOT_A_NAME),
        ("0.0.0.0 a..b", Reject.NOT_A_NAME),
        ('0.0.0.0 x";}drop.example', Reject.NOT_A_NAME),
        (f"0.0.0.0 {'a' * 64}.example", Reject.NOT_A_NAME),
        (f"0.0.0.0 {'a.' * 126}example", Reject.NOT_A_NAME),
        ("0.0.0.0", Reject.NOT_THIS_FORMAT),
        ("bad.example", Reject.NOT_THIS_FORMAT),
    ],
)
def test_a_hosts_line_means_those_very_names(line: str, said: list[str] | Reject) -> None:
    assert meaning(parse_hosts_line, line) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bad.example", ["exact bad.example"]),
        ("BAD.example.  # why", ["exact bad.example"]),
        ("*.bad.example", ["subtree bad.example"]),
        ("*.Bücher.example", ["subtree xn--bcher-kva.example"]),
        ("例え.example", ["exact xn--r8jz45g.example"]),
        ("; note", []),
        ("two words", Reject.NOT_THIS_FORMAT),
        ("*.com", Reject.TOO_WIDE),
        ("com", Reject.TOO_WIDE),
        ("*", Reject.NOT_A_NAME),
        ("a.*.example", Reject.NOT_A_NAME),
        ("192.0.2.1", Reject.NOT_A_NAME),
        ("2001:db8::1", Reject.NOT_A_NAME),
        ("||bad.example^", Reject.NOT_A_NAME),
        ("http://bad.example/", Reject.NOT_A_NAME),
    ],
)
def test_a_domain_line_means_the_name_and_a_wildcard_all_below(line: str, said: list[str] | Reject) -> None:
    assert meaning(parse_domains_line, line) == said


@pytest.mark.parametrize(("text", "null"), [("0.0.0.0", True), ("::", True), ("192.0.2.1", False), ("name", False)])
def test_addresses_that_lead_nowhere(text: str, *, null: bool) -> None:
    assert is_null_address(text) is null
