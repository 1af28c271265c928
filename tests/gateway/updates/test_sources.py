"""What is taken of a site: its lists, and what they may never touch."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

from gateway.updates.sources import Source, sources_of, untouchable_of
from ruleset.load import load_site

EXAMPLE = Path(__file__).parents[3] / "ruleset/examples/naika-clinic.yaml"
MORE = """
    drop: {path: drop.txt, url: "https://lists.example/drop", category: addresses, hours: 6, licence: "free"}
"""


def site():
    head, tail = EXAMPLE.read_text().split("  lists:\n", 1)
    text = f"{head}  lists:{MORE}{tail}"
    resolved = load_site(text.encode(), "site.yaml", datetime(2027, 1, 1, tzinfo=UTC)).resolved
    assert resolved is not None
    return resolved


def test_lists_come_with_what_the_site_says_of_them():
    drop, malware = sources_of(site())
    assert drop == Source("drop", "drop.txt", "https://lists.example/drop", "", "free", "addresses", 6)
    assert drop.is_addresses and not malware.is_addresses and (malware.url, malware.hours) == ("", 24)


def test_lists_of_resolvers_addresses_are_addresses_too():
    assert Source("around", "around.txt", category="doh-addresses").is_addresses
    assert not Source("around", "around.txt", category="doh").is_addresses


def test_protected_closed_and_video_names_are_untouchable():
    names = untouchable_of(site()).names
    assert {"oqs-pdl.org", "zoom.us"} <= {name.removeprefix("*.") for name in names}


def test_private_own_and_resolver_addresses_are_untouchable():
    networks = untouchable_of(site()).networks
    for address in ("10.99.0.1", "192.168.1.1", "203.0.113.1", "203.0.113.2", "198.51.100.53", "2001:db8:fffe::53"):
        assert any(ip_address(address) in network for network in networks), address
    assert not any(network.overlaps(ip_network("9.9.9.0/24")) for network in networks if network.version == 4)
