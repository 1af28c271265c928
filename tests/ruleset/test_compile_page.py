"""The way to the block page: only for zones that need it, only by the zone's own gateway, and to nothing else."""

import pytest

from ruleset.compile_page import PAGE_PORT
from ruleset.evaluate import evaluate
from ruleset.explain import Question, explain
from ruleset.invariants import ADMIN_PORTS, check
from ruleset.packet import Packet
from ruleset.prove import prove
from tests.ruleset.small_clinic import ip
from tests.ruleset.written import NOW, SIGNED, compiled, load

DNS = {"zones": {"pc": {"block": "page"}, "guest": {"block": "page"}}}
CLINIC, RULES = load(dns=DNS), compiled(dns=DNS)
SOURCES = {"pc": ("eth1.20", "10.20.20.11"), "srv": ("eth1.30", "10.20.30.11"), "guest": ("eth1.80", "10.20.80.11")}


def asked(zone, target, port, protocol="tcp"):
    iif, source = SOURCES[zone]
    source = source if "." in target else "2001:db8:20:20::11"
    return evaluate(RULES, CLINIC, Packet(iif, ip(source), ip(target), protocol, port))


@pytest.mark.parametrize(
    ("zone", "gateway"), [("pc", "10.20.20.1"), ("pc", "2001:db8:20:20::1"), ("guest", "10.20.80.1")]
)
def test_http_to_the_zones_own_gateway_reaches_the_page(zone, gateway):
    outcome = asked(zone, gateway, 80)
    assert (outcome.verdict, outcome.rule_id) == ("accept", "core:page")
    assert outcome.translated == (ip(gateway), PAGE_PORT)


@pytest.mark.parametrize("gateway", ["10.20.20.1", "2001:db8:20:20::1"])
def test_https_to_it_is_refused_with_an_answer(gateway):
    outcome = asked("pc", gateway, 443)
    assert (outcome.verdict, outcome.rule_id) == ("reject", "core:page:tls")


@pytest.mark.parametrize(
    ("zone", "target", "port", "protocol"),
    [
        ("pc", "10.20.80.1", 80, "tcp"),  # another zone's gateway
        ("pc", "203.0.113.2", 80, "tcp"),
        ("pc", "10.20.20.1", PAGE_PORT, "tcp"),  # the page's own port, by whom nothing led there
        ("pc", "10.20.20.1", 80, "udp"),
        ("pc", "10.20.20.1", 443, "udp"),
        ("pc", "10.20.20.1", 81, "tcp"),
        ("srv", "10.20.30.1", 80, "tcp"),  # a zone without the page
        ("srv", "10.20.30.1", 443, "tcp"),
    ],
)
def test_nothing_beside_it_opens(zone, target, port, protocol):
    outcome = asked(zone, target, port, protocol)
    assert (outcome.verdict, outcome.rule_id) == ("drop", f"core:refused:{zone}")


def test_the_web_elsewhere_is_not_led_to_the_page():
    outcome = asked("pc", "198.51.100.7", 80)
    assert outcome.passed and outcome.oif == "eth0" and outcome.translated is None


@pytest.mark.parametrize("port", ADMIN_PORTS)
@pytest.mark.parametrize("zone", ["pc", "guest"])
def test_the_owners_page_stays_closed_to_the_zones_that_see_the_block_page(zone, port):
    gateways = [g for s in CLINIC.segments for g in s.gateways if g.version == 4]
    assert not [g for g in gateways if asked(zone, str(g), port).passed]


@pytest.mark.parametrize(
    "dns",
    [
        {"zones": {"pc": {"block": "page"}}},
        {"devices": {"reception-1": {"block": "page"}}},
        {
            "zones": {"pc": {"during": {"late": {"block": "page"}}}},
            "schedules": {"late": {"days": ["mon"], "from": "18:00", "to": "20:00"}},
        },
    ],
)
def test_a_zone_a_device_or_an_hour_with_the_page_is_enough(dns):
    pages = {s.name for s in load(dns=dns).segments if s.page}
    assert pages == {"pc"}
    rules = compiled(dns=dns)
    assert {r.id for r in rules.chain("input-pc").rules} >= {"core:page", "core:page:tls"}
    assert not [r for r in rules.chain("input-guest").rules if r.id.startswith("core:page")]


def test_a_site_without_the_page_has_no_rule_for_it():
    rules = compiled(dns={"zones": {"pc": {"block": "nxdomain"}}})
    assert not [r.id for chain in rules.chains for r in chain.rules if r.id.startswith("core:page")]


def test_the_site_wants_what_the_rules_do_and_no_rule_of_the_house_is_broken():
    report = prove(CLINIC, RULES, NOW)
    assert report.holds, report.text()
    met = {row.rule_id for row in report.rows}
    assert {"core:page", "core:page:tls"} <= met
    assert check(CLINIC, RULES) == []


def test_a_permit_for_https_to_the_gateway_comes_before_the_reset():
    permits = {"ui": {"from": "pc", "to": "gateway", "services": ["https"], **SIGNED}}
    waivers = {"ui": {"covers": "ui", "reason": "R", "owner": "Practice owner", "expires": "2028-03-31"}}
    more = {"dns": DNS, "permits": permits, "waivers": waivers}
    outcome = evaluate(
        compiled(**more), load(**more), Packet("eth1.20", ip("10.20.20.11"), ip("10.20.20.1"), "tcp", 443)
    )
    assert outcome.rule_id == "permit:ui"


def test_explain_says_where_it_leads_and_why():
    answer = explain(CLINIC, RULES, Question("reception-1", "gateway", "tcp", 80))
    assert answer.verdict == "accept"
    assert "answered by the gateway itself, at 10.20.20.1 port 8081" in answer.text()
    refused = explain(CLINIC, RULES, Question("reception-1", "gateway", "tcp", 443))
    assert "refused with an answer by rule core:page:tls" in refused.text()
