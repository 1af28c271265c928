"""Verdicts: the order of the rules, by zone, and where each comes from."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from filters.dns_local import LocalHost, LocalNames
from filters.dns_message import Type
from filters.dns_policy import DnsPolicy
from filters.dns_rules import ZonePolicy
from filters.dns_schedule import Moment
from filters.lists import compile_list
from filters.names import SuffixSet
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_tools import name

KEY = b"tests"
MALWARE = compile_list("malware", [b"0.0.0.0 bad.example", b"0.0.0.0 portal.health.example"], KEY)
ADS = compile_list("ads", [b"# title", b"*.ads.example", b"bad.example", b"use-application-dns.net"], KEY)
POLICY = DnsPolicy(
    zones={
        "pc": ZonePolicy((MALWARE, ADS), Action.NXDOMAIN),
        "guest": ZonePolicy((ADS,), Action.NULL),
        "voip": ZonePolicy(),
    },
    local=LocalNames(
        "clinic.home.arpa",
        [LocalHost("reception-1", (ip_address("10.20.20.11"), ip_address("2001:db8:20:20::11")))],
        [ip_network("10.20.20.0/24"), ip_network("2001:db8:20:20::/64")],
    ),
    protected=SuffixSet([name("health.example")]),
    key=KEY,
)


def verdict(text: str, zone: str = "pc", qtype: int = Type.A) -> Verdict:
    standing = POLICY.at(Moment())
    return standing.decide(standing.rules(zone), name(text), qtype)


def test_a_listed_name_is_blocked_with_list_line_and_rule() -> None:
    assert verdict("bad.example") == Verdict(Action.NXDOMAIN, Reason.LISTED, "malware", 1, "bad.example")
    assert verdict("a.b.ads.example") == Verdict(Action.NXDOMAIN, Reason.LISTED, "ads", 2, "ads.example")
    assert verdict("bad.example").blocks


def test_lists_and_answers_are_the_zones_own() -> None:
    assert verdict("bad.example", "guest") == Verdict(Action.NULL, Reason.LISTED, "ads", 3, "bad.example")
    assert verdict("bad.example", "voip") == Verdict(Action.FORWARD, Reason.NOT_LISTED)


def test_a_protected_name_beats_the_lists_and_tells_which_one_tried() -> None:
    assert verdict("portal.health.example") == Verdict(Action.FORWARD, Reason.PROTECTED, "malware", 2, "health.example")
    assert verdict("www.health.example") == Verdict(Action.FORWARD, Reason.PROTECTED, rule="health.example")
    assert not verdict("portal.health.example").blocks


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("use-application-dns.net", Action.NXDOMAIN),
        ("mask.icloud.com", Action.NXDOMAIN),
        ("mask-h2.icloud.com", Action.NXDOMAIN),
        ("_dns.resolver.arpa", Action.NODATA),
        ("resolver.arpa", Action.NODATA),
    ],
)
def test_canaries_are_answered_in_every_zone(text: str, action: Action) -> None:
    for zone in ("pc", "guest", "voip"):
        found = verdict(text, zone, 64)
        assert (found.action, found.reason) == (action, Reason.CANARY)


def test_only_the_canary_itself_is_one() -> None:
    assert verdict("www.icloud.com").action is Action.FORWARD
    assert verdict("x.mask.icloud.com").action is Action.FORWARD


@pytest.mark.parametrize(
    "text",
    [
        "reception-1.clinic.home.arpa",
        "nothing.clinic.home.arpa",
        "clinic.home.arpa",
        "11.20.20.10.in-addr.arpa",
        "99.20.20.10.in-addr.arpa",
        "1.1.0.0" + ".0" * 12 + ".0.2.0.0.0.2.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
    ],
)
def test_the_clinics_own_names_are_answered_here(text: str) -> None:
    assert verdict(text, qtype=Type.PTR) == Verdict(Action.LOCAL, Reason.LOCAL_NAME)


@pytest.mark.parametrize(
    "text",
    [
        "other.home.arpa",
        "printer.local",
        "x.onion",
        "x.invalid",
        "1.0.0.10.in-addr.arpa",
        "5.20.172.in-addr.arpa",
        "5.3.64.100.in-addr.arpa",
        "b._dns-sd._udp.0.7.64.100.in-addr.arpa",
        "nas.lan",
        "nas.internal",
    ],
)
def test_special_names_never_leave(text: str) -> None:
    assert verdict(text) == Verdict(Action.NXDOMAIN, Reason.SPECIAL_USE)


def test_a_plain_word_never_leaves() -> None:
    for qtype in (Type.A, Type.AAAA, Type.HTTPS, Type.SRV, Type.MX, Type.PTR, 16, 64):
        assert verdict("nas", qtype=qtype).reason is Reason.SPECIAL_USE, qtype
    for qtype in (Type.NS, Type.SOA, Type.DS, Type.DNSKEY):
        assert verdict("jp", qtype=qtype).action is Action.FORWARD, "a resolver behind us may walk the tree"


def test_neighbours_of_special_names_do_leave() -> None:
    for text in ("1.1.1.1.in-addr.arpa", "1.32.172.in-addr.arpa", "mylocal.example", "local.example"):
        assert verdict(text, qtype=Type.PTR) == Verdict(Action.FORWARD, Reason.NOT_LISTED), text


def test_loopback_names_are_loopback() -> None:
    assert verdict("localhost") == Verdict(Action.LOCAL, Reason.SPECIAL_USE)


def test_a_client_of_no_zone_is_refused() -> None:
    assert verdict("www.example", "elsewhere") == Verdict(Action.REFUSED, Reason.UNKNOWN_CLIENT)


RESOLVERS = SuffixSet([name("dns.google"), name("cloudflare-dns.com")])
ALLOWED = ZonePolicy(allow=SuffixSet([name("dns.google")]), block=Action.PAGE)
AROUND = replace(POLICY, resolvers=RESOLVERS, zones={**POLICY.zones, "lab": ALLOWED})


def around(text: str, zone: str = "pc", qtype: int = Type.A) -> Verdict:
    standing = AROUND.at(Moment())
    return standing.decide(standing.rules(zone), name(text), qtype)


@pytest.mark.parametrize("qtype", [Type.A, Type.AAAA, Type.HTTPS])
def test_a_public_resolver_for_encrypted_dns_is_blocked_as_the_zone_blocks(qtype: int) -> None:
    found = Verdict(Action.NXDOMAIN, Reason.ENCRYPTED_DNS, rule="cloudflare-dns.com")
    assert around("mozilla.cloudflare-dns.com", qtype=qtype) == found
    assert around("cloudflare-dns.com", "guest", qtype) == replace(found, action=Action.NULL)
    assert around("cloudflare-dns.com", "voip", qtype) == found, "also where no list is in use"
    assert around("chrome.cloudflare-dns.com", "lab", qtype).action is Action.PAGE


def test_the_site_may_allow_one_and_neighbours_are_left_alone() -> None:
    assert around("dns.google", "lab") == Verdict(Action.FORWARD, Reason.ALLOWED, rule="dns.google")
    for text in ("google", "www.google", "notcloudflare-dns.com", "cloudflare.com"):
        assert around(text, qtype=Type.NS).action is Action.FORWARD, text


def test_a_name_that_leads_to_such_a_resolver_is_blocked_too() -> None:
    standing = AROUND.at(Moment())
    rules = standing.rules("pc")
    assert rules is not None
    link = standing.judge_link(rules, name("x.cloudflare-dns.com"), Type.A)
    assert link == Verdict(Action.NXDOMAIN, Reason.ENCRYPTED_DNS, rule="cloudflare-dns.com")
