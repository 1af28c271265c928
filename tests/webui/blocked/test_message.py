"""Requests as anybody may write them, and answers that leave nothing behind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.blocked.message import BAD_REQUEST, FORBIDDEN, MAX_LANGUAGES, Request, answer, host_name, read_head


def test_a_browsers_request():
    head = b"GET /a/b?c HTTP/1.1\r\nHost: Evil.Example:80\r\nAccept-Language: ja,en;q=0.5\r\nCookie: secret"
    assert read_head(head) == Request("GET", "evil.example", "ja,en;q=0.5")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "BREW", "M-SEARCH"])
def test_any_method_and_both_versions(method: str):
    for version in (b"1.0", b"1.1"):
        request = read_head(method.encode() + b" / HTTP/" + version + b"\r\nhost: a.example")
        assert request == Request(method, "a.example", "")
        assert request is not None
        assert request.wants_body is (method != "HEAD")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET /",
        b"GET / HTTP/2.0",
        b"GET  / HTTP/1.1",
        b"G\x00T / HTTP/1.1",
        b" GET / HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1 x",
        b"GET " + b"/" * 9000 + b" HTTP/1.1",
    ],
)
def test_what_is_no_request(head: bytes):
    assert read_head(head) is None


def test_an_absolute_target_counts_before_the_host():
    assert read_head(b"GET http://a.example:80/x HTTP/1.1\r\nHost: b.example") == Request("GET", "a.example", "")
    assert read_head(b"GET http://<b>/x HTTP/1.1\r\nHost: b.example") == Request("GET", "", "")


def test_two_hosts_are_none_and_long_languages_are_cut():
    assert read_head(b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example") == Request("GET", "", "")
    long = read_head(b"GET / HTTP/1.1\r\nAccept-Language: " + b"ja," * 999)
    assert long is not None and len(long.languages) == MAX_LANGUAGES


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a.example", "a.example"),
        ("A.EXAMPLE.", "a.example"),
        ("a.example:8080", "a.example"),
        ("xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),
        ("under_score.a-b.example", "under_score.a-b.example"),
        ("example", ""),
        ("10.20.20.1", ""),
        ("10.20.20.1:80", ""),
        ("[2001:db8::1]", ""),
        ("", ""),
        (".", ""),
        ("a..example", ""),
        ("-a.example", ""),
        ("a-.example", ""),
        ("ä.example", ""),
        ("\u212aelvin.example", ""),
        ("<script>.example", ""),
        ("a.example\x00", ""),
        ("a.example x", ""),
        ("a" * 64 + ".example", ""),
        ("a." * 130 + "example", ""),
    ],
)
def test_only_a_plain_name_is_taken(text: str, name: str):
    assert host_name(text) == name


@given(st.text(max_size=300))
def test_whatever_comes_is_a_harmless_name_or_none(text: str):
    assert set(host_name(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_")


@given(st.binary(max_size=600))
def test_no_octets_break_the_reading(data: bytes):
    for head in (data, b"GET / HTTP/1.1\r\nHost: " + data):
        request = read_head(head)
        assert request is None or len(request.languages) <= MAX_LANGUAGES


def test_an_answer_is_whole_and_keeps_nothing():
    data = answer(FORBIDDEN, "блок".encode(), "ru", "default-src 'none'")
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    assert lines[0] == "HTTP/1.1 403 Forbidden" and body == "блок".encode()
    assert {"Content-Length: 8", "Cache-Control: no-store", "Connection: close", "Content-Language: ru"} <= set(lines)
    assert "Content-Security-Policy: default-src 'none'" in lines
    assert not [line for line in lines if line.lower().startswith(("set-cookie", "server", "date"))]


def test_an_answer_without_its_body_still_tells_its_length():
    data = answer(BAD_REQUEST, b"1234", "en", "x", body=False)
    assert data.endswith(b"\r\n\r\n") and b"Content-Length: 4\r\n" in data and data.startswith(b"HTTP/1.1 400 ")
