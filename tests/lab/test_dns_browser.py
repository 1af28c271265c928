"""Chromium on the clinic's devices: what is blocked says so in the clinic's words, and no setting of the browser for
secure DNS gets around.

That those servers work is shown by other clients in test_dns_bypass.py: Chromium wants a certificate of an authority
that it brings itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.lab.enter import command, environment
from tests.browser.chromium import Tab, chromium

pytestmark = [pytest.mark.netns, pytest.mark.browser]
TEMPLATES = "https://dns.google/dns-query https://doh.example.org/dns-query{?dns}"
BLOCKED, OPEN = "http://www.malware.test/", "http://www.example.net/"
UNKNOWN = "net::ERR_NAME_NOT_RESOLVED"


@contextmanager
def browser(names_clinic, host: str, mode: str = "") -> Iterator[Tab]:
    """At that device; `mode` of secure DNS as a person sets it: automatic, secure, or as it comes."""
    place = names_clinic.record.host(host)
    settings = {"dns_over_https": {"mode": mode, "templates": TEMPLATES}} if mode else {}
    with chromium(
        command(names_clinic.folder, place, ()), environment(names_clinic.folder, place, os.environ), settings
    ) as tab:
        yield tab


@pytest.mark.parametrize("mode", ["", "automatic"])
def test_a_blocked_page_says_so_and_others_open(names_clinic, strangers, mode):
    before = strangers.visits()
    with browser(names_clinic, "reception-1", mode) as tab:
        tab.open(BLOCKED)
        words = tab.run("document.body.innerText")
        assert "The clinic's gateway blocked this address" in words
        assert "www.malware.test" in words
        assert "It stands on the block list “Malware sites”." in words
        tab.open(OPEN)
        assert tab.run("document.body.innerText").strip() == "This is www.example.net in the lab."
    assert strangers.visits() == before


def test_where_a_name_is_denied_there_is_no_page_at_all(names_clinic):
    with browser(names_clinic, "phone") as tab:
        assert tab.call("Page.navigate", url=BLOCKED)["errorText"] == UNKNOWN
        tab.open(OPEN)
        assert tab.run("document.body.innerText").strip() == "This is www.example.net in the lab."


@pytest.mark.parametrize("host", ["reception-1", "phone"])
def test_a_browser_that_insists_on_secure_dns_finds_nothing(names_clinic, strangers, host):
    before = strangers.visits()
    with browser(names_clinic, host, "secure") as tab:
        for address in (BLOCKED, OPEN):
            assert tab.call("Page.navigate", url=address)["errorText"] == UNKNOWN
    assert strangers.visits() == before


def test_without_a_gateway_the_same_browser_sees_what_was_blocked(names_clinic):
    with browser(names_clinic, "attacker") as tab:
        tab.open(BLOCKED)
        assert tab.run("document.body.innerText").strip() == "This is www.malware.test in the lab."
