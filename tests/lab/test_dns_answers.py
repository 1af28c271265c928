"""What is done with answers: chains, rebinding, safe search, hidden greetings, closed networks, DNSSEC; with dig."""

import pytest

from tests.lab.dns_clinic import (
    CLOSED,
    CLOSED6,
    ELIG_GATEWAY,
    ELIG_GATEWAY6,
    GUEST_GATEWAY,
    GUEST_GATEWAY6,
    PC_GATEWAY,
    PC_GATEWAY6,
)
from tests.lab.dns_others import asked_outside

pytestmark = pytest.mark.netns
BOTH = pytest.mark.parametrize("server", [GUEST_GATEWAY, GUEST_GATEWAY6])
PCS = pytest.mark.parametrize("server", [PC_GATEWAY, PC_GATEWAY6])
GOOD, BOGUS = "good.clinic.example", "bogus.clinic.example"


@BOTH
def test_a_chain_is_judged_by_what_it_leads_to(names_clinic, server):
    blocked = names_clinic.dig("phone", f"@{server}", "images.example.com")
    assert (blocked.status, blocked.answers) == ("NXDOMAIN", [])
    assert "list malware line 4" in blocked.error
    harmless = names_clinic.dig("phone", f"@{server}", "shop.example.com")
    assert harmless.answers[0] == "CNAME www.example.net."
    assert harmless.answers[1].startswith("A 198.51.100.")


@PCS
def test_an_allowed_head_wins(names_clinic, server):
    told = names_clinic.dig("reception-1", f"@{server}", "images.example.com")
    assert told.answers[0] == "CNAME cdn.tracker.test."
    assert len(told.answers) == 2
    assert names_clinic.dig("reception-1", f"@{server}", "cdn.tracker.test").answers == [f"A {PC_GATEWAY}"]


@BOTH
@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_a_public_name_does_not_lead_inside(names_clinic, server, kind):
    told = names_clinic.dig("phone", f"@{server}", "rebind.example", kind)
    assert (told.status, told.answers) == ("NXDOMAIN", [])
    assert "private address" in told.error


@BOTH
@pytest.mark.parametrize(
    ("name", "safe"),
    [("www.google.com", "forcesafesearch.google.com"), ("www.bing.com", "strict.bing.com"),
     ("duckduckgo.com", "safe.duckduckgo.com"), ("m.youtube.com", "restrict.youtube.com")],
)  # fmt: skip
def test_search_engines_answer_with_their_safe_variant(names_clinic, server, name, safe):
    for kind in ("A", "AAAA"):
        told = names_clinic.dig("phone", f"@{server}", name, kind)
        assert told.answers[0] == f"CNAME {safe}."
        assert told.answers[1:] == names_clinic.dig("phone", f"@{server}", safe, kind).answers != []
    elsewhere = names_clinic.dig("reception-1", name, "A")
    assert len(elsewhere.answers) == 1, "where nobody wants it, the engine itself"


@PCS
def test_a_hidden_greeting_is_taken_out_of_an_answer(names_clinic, server):
    told = names_clinic.dig("reception-1", f"@{server}", "hidden.example.com", "HTTPS")
    assert told.answers == ['HTTPS 1 . alpn="h2"']


@pytest.mark.parametrize("server", [ELIG_GATEWAY, ELIG_GATEWAY6])
def test_a_closed_networks_names_go_to_its_servers_alone(names_clinic, seen, server):
    name = f"v{'6' if ':' in server else '4'}.onshikaku.org"
    assert names_clinic.dig("terminal", f"@{server}", name).answers[0].startswith("A 198.51.100.")
    assert names_clinic.dig("terminal", f"@{server}", name, "AAAA").answers[0].startswith("AAAA 2001:db8:fffe:")
    long = names_clinic.dig("terminal", f"@{server}", "+tcp", f"long.{name}", "TXT")
    assert len(long.answers) == 20, "more than a datagram holds comes by TCP"
    assert names_clinic.dig("reception-1", name).status == "NOERROR", "other zones ask there, too"
    asked = asked_outside(names_clinic, seen, "onshikaku.org")
    assert asked
    assert asked <= {CLOSED, CLOSED6}


def test_a_closed_name_without_a_server_is_asked_of_nobody(names_clinic, seen):
    told = names_clinic.dig("terminal", f"@{ELIG_GATEWAY}", "www.flets-east.jp")
    assert told.status == "SERVFAIL"
    assert "no resolver is configured" in told.error
    assert asked_outside(names_clinic, seen, "flets-east.jp") == set()


@PCS
def test_a_good_signature_passes_and_a_device_can_check_it_itself(names_clinic, server, tmp_path):
    told = names_clinic.dig("reception-1", f"@{server}", "+dnssec", GOOD)
    assert [answer.split()[0] for answer in told.answers] == ["A", "RRSIG"]
    anchor = tmp_path / "anchor"
    words = names_clinic.folder.anchor.read_text().split()
    number, algorithm, digest, text = words[4:8]
    anchor.write_text(f'trust-anchors {{ . static-ds {number} {algorithm} {digest} "{text}"; }};\n')
    checked = names_clinic.run("reception-1", "delv", f"@{server}", "-a", str(anchor), GOOD, "A")
    assert "; fully validated" in checked
    absent = names_clinic.run("reception-1", "delv", f"@{server}", "-a", str(anchor), "no.such.example", "A")
    assert "; negative response, fully validated" in absent


@PCS
def test_a_broken_signature_is_refused(names_clinic, server):
    for kind in ("A", "AAAA"):
        told = names_clinic.dig("reception-1", f"@{server}", BOGUS, kind)
        assert (told.status, told.answers) == ("SERVFAIL", [])
        assert "DNSSEC Bogus" in told.error
    unchecked = names_clinic.dig("reception-1", f"@{server}", "+cd", BOGUS)
    assert unchecked.answers[0].startswith("A 198.51.100."), "who checks himself may see it"


def test_the_boxs_own_resolver_says_that_it_validated(names_clinic):
    listening = names_clinic.run("gateway", "ss", "-Hulpn", "src", "127.0.0.1")
    port = next(line.split()[3].rpartition(":")[2] for line in listening.splitlines() if "unbound" in line)
    assert "ad" in names_clinic.dig("gateway", "@127.0.0.1", "-p", port, GOOD).flags
    assert "ad" not in names_clinic.dig("gateway", "@127.0.0.1", "-p", port, "www.example.com").flags
