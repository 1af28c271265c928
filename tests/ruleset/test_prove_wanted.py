"""What the site wants, read without the compiler: each sentence of it once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ruleset.packet import Packet
from ruleset.prove_wanted import wanted
from ruleset.resolved import Side
from tests.ruleset.small_clinic import GRANTS, LATER, NOW, clinic, forward, grant, ip, net, tcp, zone

CLINIC = clinic(forwards=(forward(),))
PORTS = {"pc": "eth1.20", "srv": "eth1.30", "cam": "eth1.60", "internet": "eth0"}


def ask(source, src, dst, protocol, port=0, resolved=CLINIC, now=NOW, **rest):
    return wanted(resolved, Packet(PORTS[source], ip(src), ip(dst), protocol, port), now, **rest)


@pytest.mark.parametrize(
    ("source", "src", "dst", "protocol", "port", "expected"),
    [
        ("pc", "10.20.20.11", "10.20.30.10", "tcp", 8443, "pass"),
        ("pc", "2001:db8:20:20::11", "2001:db8:20:30::10", "tcp", 8443, "pass"),
        ("pc", "10.20.20.12", "10.20.30.10", "tcp", 8443, "refuse"),
        ("pc", "10.20.20.11", "10.20.30.11", "tcp", 8443, "refuse"),
        ("pc", "10.20.20.11", "10.20.30.10", "tcp", 8444, "refuse"),
        ("pc", "10.20.20.11", "10.20.30.10", "udp", 8443, "refuse"),
        ("pc", "10.20.20.99", "198.51.100.7", "tcp", 443, "pass"),
        ("pc", "10.20.20.99", "198.51.100.7", "udp", 53, "redirect"),
        ("pc", "10.20.20.99", "10.20.20.1", "udp", 53, "pass"),
        ("cam", "10.20.60.11", "198.51.100.7", "udp", 53, "refuse"),
        ("pc", "10.20.30.99", "198.51.100.7", "tcp", 443, "refuse"),  # not its own address
        ("pc", "10.20.20.99", "10.20.20.98", "tcp", 443, "refuse"),
        ("cam", "10.20.60.11", "10.20.60.1", "icmp", 0, "pass"),
        ("cam", "10.20.60.11", "198.51.100.7", "icmp", 0, "refuse"),
        ("internet", "198.51.100.7", "203.0.113.2", "udp", 51820, "pass"),
        ("internet", "198.51.100.7", "203.0.113.2", "tcp", 51820, "refuse"),
        ("internet", "198.51.100.7", "10.20.30.10", "udp", 51820, "refuse"),
        ("internet", "198.51.100.7", "203.0.113.2", "icmp", 0, "refuse"),
    ],
)
def test_the_site_says_so(source, src, dst, protocol, port, expected):
    assert ask(source, src, dst, protocol, port) == expected


@pytest.mark.parametrize(
    ("dst", "protocol", "port", "expected"),
    [
        ("10.20.20.1", "tcp", 80, "pass"),
        ("2001:db8:20:20::1", "tcp", 80, "pass"),
        ("10.20.20.1", "tcp", 443, "refuse"),
        ("10.20.20.1", "tcp", 8081, "refuse"),
        ("10.20.20.1", "udp", 80, "refuse"),
        ("10.20.30.1", "tcp", 80, "refuse"),
    ],
)
def test_the_block_page_is_at_the_zones_own_gateway(dst, protocol, port, expected):
    paged = replace(CLINIC, segments=tuple(replace(s, page=s.name == "pc") for s in CLINIC.segments))
    src = "10.20.20.11" if "." in dst else "2001:db8:20:20::11"
    assert ask("pc", src, dst, protocol, port, resolved=paged) == expected
    assert ask("pc", src, dst, protocol, port) == "refuse"


def test_what_has_ended_is_not_wanted():
    question = ("pc", "10.20.20.11", "10.20.30.10", "tcp", 8443)
    assert ask(*question, now=LATER - timedelta(seconds=1)) == "pass"
    assert ask(*question, now=LATER) == "refuse"
    assert ask("internet", "198.51.100.7", "203.0.113.2", "udp", 51820, now=LATER) == "refuse"


def test_the_always_refused_list_beats_grants_but_not_waived_ones():
    smb = grant("permit:smb", zone("pc"), zone("internet"), tcp(445))
    question = ("pc", "10.20.20.11", "198.51.100.7", "tcp", 445)
    assert ask(*question, resolved=clinic(grants=(*GRANTS, smb))) == "refuse"
    assert ask(*question, resolved=clinic(grants=(*GRANTS, replace(smb, waived=True)))) == "pass"
    assert ask("pc", "10.20.20.11", "10.20.30.20", "tcp", 445) == "pass"


def test_learned_addresses_count_only_when_learned():
    update = grant("pack:update", zone("srv"), Side("internet", "internet", learned=True), tcp(443))
    resolved = clinic(grants=(*GRANTS, update))
    question = ("srv", "10.20.30.10", "198.51.100.7", "tcp", 443)
    assert ask(*question, resolved=resolved) == "refuse"
    assert ask(*question, resolved=resolved, learned=True) == "pass"


def test_a_network_on_the_internet_is_that_network_only():
    mail = grant("permit:mail", zone("srv"), Side("internet", "mail", net("192.0.2.0/28")), tcp(587))
    resolved = clinic(grants=(*GRANTS, mail))
    assert ask("srv", "10.20.30.10", "192.0.2.3", "tcp", 587, resolved=resolved) == "pass"
    assert ask("srv", "10.20.30.10", "192.0.2.17", "tcp", 587, resolved=resolved) == "refuse"
