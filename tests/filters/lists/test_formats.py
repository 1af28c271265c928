"""Which format a text is in, and what one line of it says."""

import pytest

from filters import names
from filters.lists import formats
from filters.lists.formats import Format, Reject


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# title\n0.0.0.0 bad.example\n", Format.HOSTS),
        ("127.0.0.1\tbad.example # why\n::1 bad.example\n", Format.HOSTS),
        ("bad.example\nworse.example\n", Format.DOMAINS),
        ("*.bad.example\n", Format.DOMAINS),
        ("! title\n||bad.example^\n", Format.ADBLOCK),
        ("address=/bad.example/#\n", Format.DNSMASQ),
        ('server:\nlocal-zone: "bad.example." always_null\n', Format.UNBOUND),
        ("$TTL 300\nbad.example CNAME .\n", Format.RPZ),
        ("<!DOCTYPE html>\n<html>\n<body>\nportal.example\n", Format.HTML),
        ("# only\n! comments\n\n", None),
        ("this is a letter, not a list\n", None),
    ],
)
def test_the_content_shows_the_format(text: str, found: Format | None) -> None:
    assert formats.detect(text.encode().splitlines()) is found


@pytest.mark.parametrize(
    "line", ["0.0.0.0 bad.example", "127.0.0.1\tBAD.example.", "::  bad.example # why", "127.8.8.8 bad.example"]
)
def test_a_hosts_line_means_that_very_name(line: str) -> None:
    parsed = formats.parse_line(line.encode(), formats.parse_hosts_line)
    assert parsed == [formats.Rule(names.from_text("bad.example"), subtree=False)]


def test_a_hosts_line_may_name_several() -> None:
    parsed = formats.parse_line(b"0.0.0.0 a.example b.example", formats.parse_hosts_line)
    assert isinstance(parsed, list)
    assert [names.to_text(rule.name) for rule in parsed] == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"192.0.2.7 bank.example", Reject.REDIRECT),
        (b"2001:db8::7 bank.example", Reject.REDIRECT),
        (b"127.0.0.1 localhost", Reject.LOCAL_NAME),
        (b"fe80::1%lo0 localhost", Reject.LOCAL_NAME),
        (b"255.255.255.255 broadcasthost", Reject.LOCAL_NAME),
        (b"0.0.0.0 com", Reject.TOO_WIDE),
        (b"0.0.0.0 192.0.2.1", Reject.NOT_A_NAME),
        (b"0.0.0.0 a..b", Reject.NOT_A_NAME),
        (b"0.0.0.0", Reject.NOT_THIS_FORMAT),
        (b"bad.example", Reject.NOT_THIS_FORMAT),
        (b"0.0.0.0 \xff\xfe.example", Reject.NOT_TEXT),
        (b"0.0.0.0 " + b"a." * 3000 + b"example", Reject.TOO_LONG),
        (b'0.0.0.0 x";}drop.example', Reject.NOT_A_NAME),
    ],
)
def test_other_hosts_lines_are_rejected_with_the_reason(line: bytes, reason: Reject) -> None:
    assert formats.parse_line(line, formats.parse_hosts_line) is reason


@pytest.mark.parametrize(
    ("line", "name", "subtree"),
    [
        (b"bad.example\r\n", "bad.example", False),
        (b"\xef\xbb\xbfbad.example", "bad.example", False),
        (b"*.bad.example", "bad.example", True),
        ("bücher.example # why".encode(), "xn--bcher-kva.example", False),
        (b"_dmarc.bad.example", "_dmarc.bad.example", False),
    ],
)
def test_a_domain_line_means_the_name_and_a_wildcard_all_below(line: bytes, name: str, *, subtree: bool) -> None:
    parsed = formats.parse_line(line, formats.parse_domains_line)
    assert parsed == [formats.Rule(names.from_text(name), subtree)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"two words", Reject.NOT_THIS_FORMAT),
        (b"*.com", Reject.TOO_WIDE),
        (b"*", Reject.NOT_A_NAME),
        (b"a.*.example", Reject.NOT_A_NAME),
        (b"192.0.2.1", Reject.NOT_A_NAME),
        (b"||bad.example^", Reject.NOT_A_NAME),
    ],
)
def test_other_domain_lines_are_rejected_with_the_reason(line: bytes, reason: Reject) -> None:
    assert formats.parse_line(line, formats.parse_domains_line) is reason


@pytest.mark.parametrize("line", [b"", b"   ", b"# note", b"! note", b"\t# note"])
def test_comments_and_empty_lines_say_nothing(line: bytes) -> None:
    assert formats.parse_line(line, formats.parse_domains_line) == []
