"""The shipped video platforms are whole and as narrow as they claim."""

from ipaddress import ip_network
from itertools import pairwise

import pytest

from ruleset.platforms import load_platform, platform_names
from ruleset.services import traffic

PRIVATE = [
    ip_network(t) for t in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10")
]


def test_the_agreed_platforms_are_there():
    assert set(platform_names()) >= {"zoom", "google-meet", "microsoft-teams"}


def test_an_unknown_platform_is_a_mistake_of_ours():
    with pytest.raises(FileNotFoundError):
        load_platform("carrier-pigeon")


@pytest.mark.parametrize("name", platform_names())
def test_a_platform_says_who_published_it_and_when(name):
    platform = load_platform(name)
    assert platform.platform == name
    assert platform.vendor and platform.source and platform.seen.year >= 2025


@pytest.mark.parametrize("name", platform_names())
def test_its_ports_can_be_compiled(name):
    for flow in load_platform(name).flows:
        ports = traffic(flow.ports, ()) if flow.protocol == "tcp" else traffic((), flow.ports)
        assert ports and all(1 <= r.first <= r.last <= 65535 for r in ports[0].ports)


@pytest.mark.parametrize("name", platform_names())
def test_its_networks_are_public_narrow_and_do_not_overlap(name):
    platform = load_platform(name)
    for networks, widest in ((platform.ipv4, 12), (platform.ipv6, 32)):
        ordered = sorted(networks)
        assert all(n.prefixlen >= widest for n in ordered)
        assert not [(a, b) for a, b in pairwise(ordered) if a.overlaps(b)]
        assert not [n for n in ordered for p in PRIVATE if n.version == p.version and n.overlaps(p)]


@pytest.mark.parametrize("name", platform_names())
def test_it_can_be_reached_by_name_or_address(name):
    platform = load_platform(name)
    assert platform.domains or platform.ipv4
