"""People and names: who is told what about a blocked name, and a name allowed for a while, by command and page."""

import os
import re
import signal
import time

import pytest

from gateway.lab import processes
from gateway.lab.folder import read_processes
from gateway.lab.lifecycle import wait_for
from tests.lab.dns_clinic import GUEST_GATEWAY, PC_GATEWAY, PC_GATEWAY6

pytestmark = pytest.mark.netns
BLOCKED, OTHER = "www.ads.example.net", "cdn.ads.example.net"
PATIENCE = 60.0
PAGE = "http://10.20.10.1:8080"


def curl(names_clinic, host, *words):
    return names_clinic.run(host, "curl", "-sS", "--max-time", "20", *words)


def is_open(names_clinic, name, server=PC_GATEWAY):
    """Whether a PC is led to the name itself, and not to the block page."""
    found = names_clinic.dig("reception-1", f"@{server}", name).answers
    return bool(found) and found != [f"A {PC_GATEWAY}"]


def until(names_clinic, name, wanted, seconds=PATIENCE):
    wait_for(lambda: is_open(names_clinic, name) is wanted, seconds, f"{name} {'open' if wanted else 'closed'}")


def number_of(told):
    return re.search(r"Allowed: (\d+) ", told)[1]


@pytest.mark.parametrize("family", ["-4", "-6"])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "It stands on the block list “Malware sites”."), ("ja", "Malware sites")]
)
def test_the_block_page_tells_what_and_why(names_clinic, family, language, words):
    told = curl(
        names_clinic, "reception-1", family, "-i", "-H", f"Accept-Language: {language}", f"http://{BLOCKED}/x?y"
    )
    head, _, page = told.partition("\n\n")
    assert head.startswith("HTTP/1.1 403 ")
    assert f'<html lang="{language}">' in page
    assert words in page
    assert BLOCKED in page


@pytest.mark.parametrize("family", ["-4", "-6"])
def test_encrypted_pages_of_blocked_names_end_at_once(names_clinic, family):
    begun = time.monotonic()
    told = names_clinic.run(
        "reception-1", "curl", family, "-sS", "--max-time", "60", f"https://{BLOCKED}/", check=False
    )
    assert "curl: (7)" in told, "refused by a reset, not left to wait"
    assert time.monotonic() - begun < 50


def test_nobody_else_reaches_the_page(names_clinic):
    for host, address in (("phone", GUEST_GATEWAY), ("reception-1", f"{PC_GATEWAY}:8081")):
        told = names_clinic.run(host, "curl", "-sS", "--max-time", "1", f"http://{address}/", check=False)
        assert "curl: (" in told


def test_the_command_says_why(names_clinic):
    told = names_clinic.clinicgate("dns", "explain", BLOCKED, "--from", "reception-1")
    assert "BLOCKED, answered with the block page's address: list malware names it." in told
    assert "list malware (malware.hosts), line 7" in told
    assert f"that line now reads: 0.0.0.0 {BLOCKED}" in told
    assert "PASSES: a person" not in told
    asked = names_clinic.clinicgate("dns", "test", "images.example.com", "--from", "phone")
    assert "BLOCKED, answered with NXDOMAIN: it leads to a name on list malware." in asked
    bypass = names_clinic.clinicgate("dns", "explain", "dns.google", "--from", "phone")
    assert "it is a public resolver for encrypted DNS, a way around this filter" in bypass


def test_an_hour_for_one_zone_opens_the_name_there_and_taking_it_back_closes_it(names_clinic):
    assert not is_open(names_clinic, BLOCKED)
    told = names_clinic.clinicgate("dns", "allow", BLOCKED, "--zone", "pc", "--reason", "the owner asked")
    try:
        until(names_clinic, BLOCKED, wanted=True)
        assert f"This is {BLOCKED} in the lab." in curl(names_clinic, "reception-1", f"http://{BLOCKED}/")
        assert f"This is {BLOCKED} in the lab." in curl(names_clinic, "reception-1", "-6", f"http://{BLOCKED}/")
        assert is_open(names_clinic, BLOCKED, PC_GATEWAY6)
        assert not is_open(names_clinic, OTHER), "one name, not its neighbours"
        assert names_clinic.dig("phone", f"@{GUEST_GATEWAY}", BLOCKED).status == "NXDOMAIN", "one zone, not all"
        listed = names_clinic.clinicgate("dns", "allowances")
        assert f"{BLOCKED} for zone pc until" in listed
        assert "the owner asked" in listed
        assert "a person allowed it" in names_clinic.clinicgate("dns", "explain", BLOCKED, "--from", "reception-1")
    finally:
        names_clinic.clinicgate("dns", "disallow", number_of(told))
    until(names_clinic, BLOCKED, wanted=False)


def test_an_allowance_ends_by_itself(names_clinic):
    for seconds in (3, 12, 48):  # on a busy machine a short one may be over before anybody sees it
        names_clinic.clinicgate(
            "dns", "allow", OTHER, "--device", "reception-1", "--for", f"{seconds}s", "--reason", "x"
        )
        end = time.monotonic() + seconds
        while not (opened := is_open(names_clinic, OTHER)) and time.monotonic() < end:
            pass
        if opened:
            break
    assert opened
    until(names_clinic, OTHER, wanted=False)
    assert OTHER not in names_clinic.clinicgate("dns", "allowances")
    assert "ended: its time is over" in names_clinic.folder.gateway.audit.read_text()


def test_the_owners_page_names_what_was_blocked_with_list_and_reason(names_clinic):
    """Names are written down once a minute, and when the two processes end in order: so nobody waits for the minute."""
    ask_as_the_phone(names_clinic)
    end(names_clinic, "resolver")
    wait_for(lambda: ask_as_the_phone(names_clinic), PATIENCE, "another resolver")
    overview = page_with(names_clinic, "/?lang=en", BLOCKED)
    assert re.search(r"on the block list “[^”]*Malware sites", overview)
    end(names_clinic, "watcher")
    names = page_with(names_clinic, "/names?lang=en", BLOCKED)
    about = names.partition("Which names were refused, and why")[2].partition("What is written down")[0]
    assert BLOCKED in about
    assert "Malware sites" in about


def ask_as_the_phone(names_clinic):
    """Whether the phone hears that the name is blocked."""
    told = names_clinic.run("phone", "dig", "+time=1", "+tries=1", f"@{GUEST_GATEWAY}", BLOCKED, check=False)
    return "status: NXDOMAIN" in told


def end(names_clinic, name):
    """Ends one of the gateway's processes in order; the supervisor starts it again."""
    before = read_processes(names_clinic.folder)[name]
    os.kill(before.pid, signal.SIGTERM)
    wait_for(lambda: not processes.is_alive(before), PATIENCE, f"the end of the {name}")


def page_with(names_clinic, path, words):
    """The text of the owner's page when it says those words."""
    text = ""

    def told():
        nonlocal text
        ask_as_the_phone(names_clinic)  # again: what was on its way to a process that ended may be lost
        page = curl(names_clinic, "admin", f"{PAGE}{path}")
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
        return words in text

    wait_for(told, 4 * PATIENCE, f"{words} on the owner's page")
    return text
