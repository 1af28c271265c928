"""Strict headers on every answer, and no answer at all for a name that is not this gateway's."""

import pytest

from tests.webui.asking import ask
from webui.security import HEADERS, Guarded


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"public")]})
    await send({"type": "http.response.body", "body": b"hello"})


APP = Guarded(hello, lambda: "clinic.home.arpa")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "10.10.10.1",
        "[2001:db8::1]:8080",
        "localhost:8080",
        "gate.clinic.home.arpa",
        "CLINIC.home.arpa:80",
    ],
)
def test_our_names_are_answered_with_all_headers(host: str):
    answer = ask(APP, "/", host=host)
    assert (answer.status, answer.text) == (200, "hello")
    assert {name: answer.headers[name.lower()] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "", "clinic.home.arpa.evil.example", "xclinic.home.arpa", "127.0.0.1.evil"],
)
def test_a_rebound_name_gets_nothing(host: str):
    answer = ask(APP, "/", host=host)
    assert answer.status == 421
    assert "hello" not in answer.text
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_without_a_domain_only_addresses_count():
    bare = Guarded(hello, lambda: "")
    assert [ask(bare, "/", host=host).status for host in ("10.0.0.1", "clinic.home.arpa", ".")] == [200, 421, 421]


def test_no_inline_script_or_style_and_no_other_place_is_allowed():
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
