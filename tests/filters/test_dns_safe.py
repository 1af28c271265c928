"""Safe variants of search engines, and who gets them."""

import pytest

from filters.dns_message import Type
from filters.dns_safe import safe_name
from filters.verdict import Action
from tests.filters.dns_tools import name
from tests.filters.test_dns_rules import judged, said


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("www.google.com", "forcesafesearch.google.com"),
        ("www.google.co.jp", "forcesafesearch.google.com"),
        ("www.google.fr", "forcesafesearch.google.com"),
        ("www.bing.com", "strict.bing.com"),
        ("duckduckgo.com", "safe.duckduckgo.com"),
        ("google.com", "forcesafesearch.google.com"),
        ("ipv6.google.com", "forcesafesearch.google.com"),
        ("lite.duckduckgo.com", "safe.duckduckgo.com"),
        ("cn.bing.com", "strict.bing.com"),
        ("www.youtube.com", "restrict.youtube.com"),
        ("youtubei.googleapis.com", "restrict.youtube.com"),
    ],
)
def test_safe_search(text: str, target: str) -> None:
    found = judged(text, "kids")
    assert (found.action, found.rule, found.target) == (Action.SAFE, target, name(target))
    assert said(text, "pc") == ("forward", "not_listed"), "only where the site wants it"
    for qtype in (Type.SVCB, Type.HTTPS):
        assert judged(text, "kids", qtype=qtype).action is Action.SAFE, "no way in past the address"
    assert said(text, "kids", qtype=Type.MX) == ("forward", "not_listed"), "mail goes on"
    assert said(target, "kids") == ("forward", "not_listed"), "and the safe name itself is no circle"


def test_names_that_only_look_like_an_engine_are_left_alone() -> None:
    for text in ("maps.google.com", "www.google.com.evil.example", "www.google.example", "bing.example"):
        assert safe_name(name(text), Type.A) is None, text
