"""The tables of special names: entries with surprising spelling."""

import pytest

from filters.dns_special import CANARIES, NEVER_UPSTREAM
from filters.names import labels, to_text
from tests.filters.dns_tools import name


def test_reverse_zones_are_the_private_ones() -> None:
    inside = ("64.100.in-addr.arpa", "5.3.127.100.in-addr.arpa", "b._dns-sd._udp.0.7.64.100.in-addr.arpa")
    outside = ("63.100.in-addr.arpa", "128.100.in-addr.arpa", "100.in-addr.arpa")
    assert all(NEVER_UPSTREAM.find(name(text)) for text in inside)
    assert not any(NEVER_UPSTREAM.find(name(text)) for text in outside)
    inside = ("10.in-addr.arpa", "16.172.in-addr.arpa", "31.172.in-addr.arpa", "x.d.f.ip6.arpa", "b.e.f.ip6.arpa")
    outside = ("11.in-addr.arpa", "15.172.in-addr.arpa", "in-addr.arpa", "ip6.arpa", "c.e.f.ip6.arpa", "arpa")
    assert all(NEVER_UPSTREAM.find(name(text)) for text in inside)
    assert not any(NEVER_UPSTREAM.find(name(text)) for text in outside)


@pytest.mark.parametrize("text", ["nas.internal", "x.alt", "nas.lan", "printer.corp", "nas.home", "x.mail"])
def test_names_of_no_zone_in_the_world_stay_here(text: str) -> None:
    assert NEVER_UPSTREAM.find(name(text))
    assert not NEVER_UPSTREAM.find(name(text + ".example"))


def test_the_reverse_names_of_unspecified_and_loopback_are_whole() -> None:
    for last in "01":
        text = last + ".0" * 31 + ".ip6.arpa"
        found = NEVER_UPSTREAM.find(name(text))
        assert found is not None
        assert len(list(labels(found))) == 34
        assert NEVER_UPSTREAM.find(name("2" + text[1:])) is None


def test_canaries_are_three_exact_names() -> None:
    assert sorted(to_text(canary) for canary in CANARIES) == [
        "mask-h2.icloud.com", "mask.icloud.com", "use-application-dns.net",
    ]  # fmt: skip
