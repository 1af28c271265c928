"""Whomever a device asks for names, the gateway answers: redirect, canaries, and the clinic's own names, with dig."""

import pytest

from tests.lab.dns_clinic import (
    CAM_GATEWAY,
    ELIG_GATEWAY,
    GUEST_GATEWAY,
    GUEST_GATEWAY6,
    LISTED,
    PC,
    PC6,
    PC_GATEWAY,
    PC_GATEWAY6,
    STRANGERS,
)
from tests.lab.dns_others import asked_outside

pytestmark = pytest.mark.netns
OURS = "gateway.clinic.home.arpa"  # a name that only this gateway knows


@pytest.mark.parametrize("how", ["+notcp", "+tcp"])
@pytest.mark.parametrize("server", [*STRANGERS, *LISTED])
@pytest.mark.parametrize("host", ["reception-1", "phone"])
def test_a_strangers_resolver_is_answered_by_us(names_clinic, host, server, how):
    told = names_clinic.dig(host, f"@{server}", how, OURS, "A")
    assert told.status == "NOERROR"
    assert f"A {PC_GATEWAY}" in told.answers
    assert f"({server})" in told.text, "the answer comes from whom was asked"


@pytest.mark.parametrize("server", [PC_GATEWAY, PC_GATEWAY6])
@pytest.mark.parametrize(("kind", "family"), [("A", "198.51.100."), ("AAAA", "2001:db8:fffe:")])
def test_the_box_resolves_by_itself_over_both_families(names_clinic, server, kind, family):
    told = names_clinic.dig("reception-1", f"@{server}", "www.example.com", kind)
    assert [answer.startswith(f"{kind} {family}") for answer in told.answers] == [True]


@pytest.mark.parametrize("server", [CAM_GATEWAY, STRANGERS[0]])
def test_a_camera_gets_no_names_from_anybody(names_clinic, seen, server):
    asked = f"camera-{server.replace('.', '-')}.example.com"
    told = names_clinic.run("camera-1", "dig", "+time=1", "+tries=1", f"@{server}", asked, check=False)
    assert "timed out" in told
    assert asked_outside(names_clinic, seen, asked) == set()


@pytest.mark.parametrize("server", [GUEST_GATEWAY, GUEST_GATEWAY6])
def test_canaries_say_stay(names_clinic, seen, server):
    for name in ("use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"):
        for kind in ("A", "AAAA"):
            told = names_clinic.dig("phone", f"@{server}", name, kind)
            assert (told.status, told.answers) == ("NXDOMAIN", []), name
        assert seen.servers(name) == set()
    told = names_clinic.dig("phone", f"@{server}", "_dns.resolver.arpa", "SVCB")
    assert (told.status, told.answers) == ("NOERROR", [])
    assert asked_outside(names_clinic, seen, "resolver.arpa") == set()


def test_the_clinics_own_names_forward_and_back(names_clinic, seen):
    own = "reception-1.clinic.home.arpa"
    for name in (own, "reception-1"):
        assert names_clinic.dig("terminal", "+search", name, "A").answers == [f"A {PC}"]
    assert names_clinic.dig("terminal", f"@{ELIG_GATEWAY}", own, "AAAA").answers == [f"AAAA {PC6}"]
    for address in (PC, PC6):
        assert names_clinic.dig("reception-1", "-x", address).answers == [f"PTR {own}."]
    for name in ("nobody.clinic.home.arpa", "nobody.home.arpa", "nas"):
        assert names_clinic.dig("reception-1", name).status == "NXDOMAIN"
    assert names_clinic.dig("reception-1", "-x", "10.20.20.99").status == "NXDOMAIN"
    asked = [
        asked_outside(names_clinic, seen, suffix) for suffix in ("home.arpa", "in-addr.arpa", "ip6.arpa", "reception-1")
    ]
    assert asked == [set()] * 4
