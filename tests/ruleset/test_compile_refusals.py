"""What is refused towards the internet whatever is allowed: by port, by address, by port at an address."""

from ipaddress import ip_network

import pytest

from ruleset.coverage import TrafficSet, allowed
from ruleset.evaluate import evaluate
from ruleset.explain import Question, explain
from ruleset.invariants import check
from ruleset.lint import lint
from ruleset.packet import NOTHING_KNOWN, Packet
from ruleset.packs import load_pack
from ruleset.prove import prove
from ruleset.resolved import INTERNET, Side
from ruleset.tree import Addr, Jump, PortRange
from tests.ruleset.small_clinic import ip
from tests.ruleset.written import NOW, compiled, load, permit

DOH = "refuse:encrypted-dns:doh"
CLINIC, RULES = load(), compiled()
LISTED = NOTHING_KNOWN.with_elements("doh4", [(ip_network("198.51.100.64/28"),)]).with_elements(
    "doh6", [(ip_network("2001:db8:fffe:d::/64"),)]
)
SOURCES = {4: "10.20.20.11", 6: "2001:db8:20:20::11"}


def asked(target, protocol, port, rules=RULES, site=CLINIC, facts=NOTHING_KNOWN):
    there = ip(target)
    return evaluate(rules, site, Packet("eth1.20", ip(SOURCES[there.version]), there, protocol, port), facts)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(
    "resolver", ["8.8.8.8", "1.1.1.1", "9.9.9.9", "45.90.28.7", "2606:4700:4700::1111", "2001:4860:4860::8844"]
)
def test_a_public_resolver_is_not_asked_over_https(resolver, protocol):
    outcome = asked(resolver, protocol, 443)
    assert (outcome.verdict, outcome.rule_id, outcome.logged) == ("drop", DOH, True)
    assert outcome.counters == ("refuse.encrypted-dns.doh",)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("resolver", ["8.8.8.8", "198.51.100.7", "2001:db8:fffe::7"])
def test_nobody_at_all_is_asked_over_tls_or_quic(resolver, protocol):
    assert asked(resolver, protocol, 853).rule_id == "refuse:base:dns-bypass"


@pytest.mark.parametrize(
    ("target", "protocol", "port"),
    [("8.8.8.8", "tcp", 80), ("9.9.9.8", "tcp", 443), ("1.1.1.4", "udp", 443), ("8.8.8.8", "icmp", 0)],
)
def test_nothing_else_is_refused_with_it(target, protocol, port):
    assert asked(target, protocol, port).rule_id == "pack:base:pc-internet-web"


def test_a_permit_for_the_whole_internet_does_not_open_it():
    permits = {"wide": permit("pc", "internet", "https", "quic")}
    outcome = asked("8.8.8.8", "tcp", 443, compiled(permits=permits), load(permits=permits))
    assert outcome.rule_id == DOH


def test_a_permit_that_names_the_address_opens_it_for_those_it_names():
    permits = {"resolver": permit("reception-1", "8.8.8.8", "https")}
    rules, site = compiled(permits=permits), load(permits=permits)
    assert asked("8.8.8.8", "tcp", 443, rules, site).rule_id == "permit:resolver"
    assert asked("8.8.8.8", "udp", 443, rules, site).rule_id == DOH
    assert asked("8.8.4.4", "tcp", 443, rules, site).rule_id == DOH
    other = evaluate(rules, site, Packet("eth1.20", ip("10.20.20.12"), ip("8.8.8.8"), "tcp", 443))
    assert other.rule_id == DOH
    assert prove(site, rules, NOW).holds and check(site, rules) == []
    assert not [p for p in lint(site, NOW) if p.code in ("already-granted", "shadowed")]


def test_explain_names_the_line_of_the_pack_and_the_permit_that_would_open_it():
    answer = explain(CLINIC, RULES, Question("reception-1", "8.8.8.8", "tcp", 443))
    assert answer.verdict == "refuse" and "ruleset/packs/encrypted-dns.yaml:" in answer.text()
    assert answer.allow is not None and answer.allow.waiver == ""
    assert "to: 8.8.8.8, services: [https]" in answer.text()


def test_explain_says_that_a_resolvers_name_is_blocked():
    note = "dns.google is a public resolver for encrypted DNS: its name is blocked unless the site allows it"
    assert note in explain(CLINIC, RULES, Question("reception-1", "dns.google", "tcp", 443)).notes
    assert note not in explain(CLINIC, RULES, Question("reception-1", "www.google.com", "tcp", 443)).notes


@pytest.mark.parametrize("target", ["198.51.100.70", "2001:db8:fffe:d::1"])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_fetched_list_of_resolvers_refuses_https_to_them_and_no_more(target, protocol):
    outcome = asked(target, protocol, 443, facts=LISTED)
    assert (outcome.verdict, outcome.rule_id, outcome.logged) == ("drop", "refuse:listed:doh", True)
    assert asked(target, "tcp", 80, facts=LISTED).passed
    assert asked(target, protocol, 443).passed


def test_a_permit_opens_a_listed_resolver_too():
    permits = {"resolver": permit("pc", "198.51.100.70", "https")}
    outcome = asked("198.51.100.70", "tcp", 443, compiled(permits=permits), load(permits=permits), LISTED)
    assert outcome.rule_id == "permit:resolver"


def test_the_addresses_are_looked_up_once_and_for_web_traffic_alone():
    """Twice two rules lead to the look-ups, which stand in chains of their own."""
    outer = [r for r in RULES.chain("always-refused").rules if r.id in (DOH, "refuse:listed:doh")]
    assert [type(r.statements[0]) for r in outer] == [Jump] * 4
    assert not [m for r in outer for m in r.matches if isinstance(m, Addr)]
    at = RULES.chain("refuse-encrypted-dns-doh-at").rules
    assert [m.family for r in at for m in r.matches] == [4, 6]


def test_what_is_allowed_at_a_resolver_is_all_but_its_https():
    resolver, other = (Side(INTERNET, a, (ip_network(a),)) for a in ("8.8.8.8", "198.51.100.7"))
    zone, https = Side("pc", "pc"), TrafficSet(tcp=(PortRange(443, 443),))
    assert not allowed(CLINIC, zone, resolver, CLINIC.grants) & https
    assert allowed(CLINIC, zone, other, CLINIC.grants) & https
    assert allowed(CLINIC, zone, resolver, CLINIC.grants) & TrafficSet(tcp=(PortRange(80, 80),))


def test_every_address_of_the_pack_serves_one_operators_names_and_nothing_wide():
    networks = load_pack("encrypted-dns").pack.refusals["doh"].networks
    assert len(networks) == len(set(networks)) > 100
    assert not [n for n in networks if n.prefixlen < (24 if n.version == 4 else 32)]
    overlapping = [(a, b) for a in networks for b in networks if a != b and a.version == b.version and a.overlaps(b)]
    assert not overlapping
    assert all(n.is_global for n in networks)


def test_the_proof_asks_about_a_public_resolver():
    report = prove(CLINIC, RULES, NOW)
    assert report.holds, report.text()
    assert DOH in {row.rule_id for row in report.rows}
