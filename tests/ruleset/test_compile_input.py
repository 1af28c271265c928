"""What is for the gateway itself."""

from collections import Counter

import pytest

from ruleset.compile_input import input_chain
from ruleset.evaluate import evaluate
from ruleset.live import LiveState, Quarantined
from ruleset.packet import Packet, quarantine_facts
from ruleset.resolve_grants import ECHO_RATE
from ruleset.tree import Goto, Hook, Rate
from tests.ruleset.small_clinic import ip
from tests.ruleset.written import NOW, compiled, load

CLINIC, RULES = load(), compiled()


def asked(source, protocol, port, iif="eth1.20", target="10.20.20.1"):
    return evaluate(RULES, CLINIC, Packet(iif, ip(source), ip(target), protocol, port))


def test_the_hook_drops_what_nothing_decides():
    assert RULES.chain("input").hook == Hook("filter", "input", 0, "drop")


def test_every_zone_has_its_chain_and_ends_where_it_ends():
    for segment in CLINIC.segments:
        last = RULES.chain(input_chain(segment.name)).rules[-1]
        assert last.matches == () and last.statements == (Goto(f"refused-{segment.name}"),)


def test_each_zone_has_a_limit_of_its_own_for_pings():
    zones = {input_chain(segment.name) for segment in CLINIC.segments}
    limited = [
        (chain.name, matches[-1])
        for chain in RULES.chains
        for rule in chain.rules
        if rule.id == "core:input:echo" and (matches := rule.matches)
    ]
    assert Counter(limited) == Counter([(zone, Rate(ECHO_RATE, 2 * ECHO_RATE)) for zone in zones] * 2)


@pytest.mark.parametrize(
    ("protocol", "port", "passes"),
    [
        ("udp", 53, True),
        ("tcp", 53, True),
        ("udp", 123, True),
        ("tcp", 22, False),
        ("tcp", 8080, False),
        ("udp", 67, False),
    ],
)
def test_a_pc_gets_names_and_time(protocol, port, passes):
    assert asked("10.20.20.11", protocol, port).passed is passes


@pytest.mark.parametrize("port", [22, 8080])
def test_the_administrator_reaches_the_page_and_ssh(port):
    assert asked("10.20.10.11", "tcp", port, "eth1.10", "10.20.10.1").passed


def test_only_a_zone_with_a_dynamic_range_reaches_the_dhcp_server():
    assert asked("10.20.80.11", "udp", 67, "eth1.80", "10.20.80.1").rule_id == "core:input:dhcp"


@pytest.mark.parametrize(
    ("kind", "limit", "passes"),
    [
        ("nd-neighbor-solicit", 255, True),
        ("nd-neighbor-solicit", 254, False),
        ("nd-neighbor-advert", 255, True),
        ("nd-router-solicit", 255, True),
        ("nd-router-advert", 255, False),
        ("nd-redirect", 255, False),
    ],
)
def test_neighbours_are_heard_and_nobody_further(kind, limit, passes):
    packet = Packet("eth1.20", ip("fe80::5"), ip("ff02::1"), "icmpv6", icmp_type=kind, hop_limit=limit)
    assert evaluate(RULES, CLINIC, packet).passed is passes


def test_an_isolated_device_keeps_its_lease_and_its_neighbours_and_nothing_else():
    live = LiveState((Quarantined("visitor", "02:00:00:00:80:01", (), "", "", NOW),))
    rules, known = compiled(live=live), quarantine_facts(live)
    lease = Packet("eth1.80", ip("0.0.0.0"), ip("255.255.255.255"), "udp", 67, 68, mac="02:00:00:00:80:01")
    names = Packet("eth1.80", ip("10.20.80.11"), ip("10.20.80.1"), "udp", 53, mac="02:00:00:00:80:01")
    assert evaluate(rules, CLINIC, lease, known).rule_id == "core:quarantine:lease"
    assert evaluate(rules, CLINIC, names, known).rule_id == "core:quarantine"


UPLINKS = {
    "dhcp": {"port": "eth0", "ipv4": "dhcp", "ipv6": "ra"},
    "fixed": {"port": "eth0", "ipv4": {"address": "203.0.113.2/24", "gateway": "203.0.113.1"}, "ipv6": "none"},
}
NEEDS = {
    "lease": Packet("eth0", ip("203.0.113.1"), ip("255.255.255.255"), "udp", 68, 67),
    "lease from elsewhere": Packet("eth0", ip("203.0.113.1"), ip("255.255.255.255"), "udp", 68, 53),
    "router": Packet("eth0", ip("fe80::1"), ip("ff02::1"), "icmpv6", icmp_type="nd-router-advert", hop_limit=255),
    "router further away": Packet(
        "eth0", ip("2001:db8:ffff::9"), ip("ff02::1"), "icmpv6", icmp_type="nd-router-advert"
    ),
    "lease6": Packet("eth0", ip("fe80::1"), ip("ff02::1"), "udp", 546, 547),
}


@pytest.mark.parametrize(("uplink", "heard"), [("dhcp", {"lease", "router", "lease6"}), ("fixed", set())])
def test_a_provider_is_heard_as_far_as_he_gives_addresses(uplink, heard):
    sections = {"uplinks": {"fibre": UPLINKS[uplink]}}
    clinic, rules = load(**sections), compiled(**sections)
    assert {name for name, packet in NEEDS.items() if evaluate(rules, clinic, packet).passed} == heard
