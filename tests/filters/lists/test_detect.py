"""Which format a text is in, by its content."""

import pytest

from filters.lists.detect import detect
from filters.lists.rules import Format


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# title\n0.0.0.0 bad.example\n", Format.HOSTS),
        ("127.0.0.1\tbad.example # why\n::1 bad.example\n", Format.HOSTS),
        ("\ufeffbad.example\r\nworse.example\r\n", Format.DOMAINS),
        ("bad.example\n0.0.0.0 a.example\nworse.example\n", Format.DOMAINS),
        ("*.bad.example\n*.worse.example\nplain.example\n", Format.WILDCARD),
        ("! title\n||bad.example^\n", Format.ADBLOCK),
        ("[Adblock Plus 2.0]\nbad.example\n", Format.ADBLOCK),
        ("||bad.example^\nbad.example\nworse.example\n0.0.0.0 a.example\n", Format.ADBLOCK),
        ("@@||good.example^\n/^ads[0-9]/\n", Format.ADBLOCK),
        ("bad.example^\n", Format.ADBLOCK),
        ("address=/bad.example/#\n", Format.DNSMASQ),
        ("server=/bad.example/\nlocal=/worse.example/\n", Format.DNSMASQ),
        ('server:\nlocal-zone: "bad.example." always_null\n', Format.UNBOUND),
        ("local-data: 'bad.example A 0.0.0.0'\n", Format.UNBOUND),
        ("$TTL 300\nbad.example CNAME .\n", Format.RPZ),
        ("bad.example 60 in cname .\n", Format.RPZ),
        ("<!DOCTYPE html>\n<html>\n<body>\nportal.example\n", Format.HTML),
        ("\n  <HTML><body>||bad.example^</body>\n", Format.HTML),
        ('{"error": "no such list"}\n', Format.JSON),
        ("[\n", None),
        ('["a.example"]\n', Format.JSON),
        ("# only\n! comments\n\n", None),
        ("this is a letter, not a list\n", None),
        ("", None),
    ],
)
def test_the_content_shows_the_format(text: str, found: Format | None) -> None:
    assert detect(text.encode().splitlines()) is found


@pytest.mark.parametrize("head", [b"\x1f\x8b\x08", b"PK\x03\x04", b"\xff\xfeb\0a\0d\0", b"bad\0.example"])
def test_what_is_no_text_is_told(head: bytes) -> None:
    assert detect([head, b"bad.example"]) is Format.BINARY


def test_one_adblock_line_among_many_names_is_a_mistake_and_not_a_format() -> None:
    lines = [f"name{number}.example".encode() for number in range(40)]
    assert detect([*lines, b"||bad.example^"]) is Format.DOMAINS
