"""Names of the lab's internet."""

from ipaddress import ip_address, ip_network

from gateway.lab.names import LabNames, lab_names, list_text, stand_ins
from ruleset.platforms import load_platform
from tests.gateway.lab.conftest import SMALL, resolve


def test_a_platforms_names_lead_into_its_own_ranges(small):
    zoom = load_platform("zoom")
    for name in ("zoom.us", "us05web.zoom.us"):
        found = lab_names(small).find(name)
        assert {a.version for a in found} == {4, 6}
        assert all(any(a in network for network in (*zoom.ipv4, *zoom.ipv6)) for a in found)
    assert stand_ins(zoom) == found


def test_names_that_packs_grant_and_protect_resolve(small, japan):
    assert lab_names(small).find("deb.debian.org")
    assert lab_names(japan).find("www.onshikaku.org")


def test_ordinary_names_live_in_documentation_networks(small):
    four, six = lab_names(small).find("www.example.com")
    assert four in ip_network("198.51.100.0/24")
    assert six in ip_network("2001:db8:fffe::/48")


def test_the_longest_domain_counts_and_strangers_do_not_exist():
    names = LabNames({"a.test": (ip_address("192.0.2.1"),), "b.a.test": (ip_address("192.0.2.2"),)})
    assert names.find("x.b.a.test") == (ip_address("192.0.2.2"),)
    assert names.find("xb.a.test") == (ip_address("192.0.2.1"),)
    assert names.find("ba.test") is None
    assert names.is_parent("test")
    assert names.is_parent("")
    assert not names.is_parent("est")


def test_a_list_has_the_format_its_file_name_says():
    assert "0.0.0.0 www.malware.test\n" in list_text("malware.hosts")
    assert "malware.test\n" in list_text("tracking.domains").splitlines(keepends=True)


def test_what_a_site_forwards_is_known_to_those_servers_alone():
    text = SMALL.replace(
        "dns:\n", "dns:\n  forward: {closed: {names: [zoom.us, inside.example], servers: [198.51.100.130]}}\n"
    )
    names = lab_names(resolve(text))
    assert names.find("zoom.us") is None
    assert names.known_at("198.51.100.130").find("a.inside.example")
    assert names.known_at("198.51.100.130").find("www.example.com") is None
    assert names.known_at("198.51.100.53") is names
    assert "*.inside.example" in names.certificate_names()


def test_lists_of_encrypted_dns_name_the_resolver_that_only_they_know():
    assert list_text("doh.txt", "doh") == "doh.example.org\n"
    assert list_text("doh.txt", "doh-addresses") == "9.8.7.6\n2a00:5353::53\n"


def test_each_name_below_the_root_is_a_zone(small):
    assert {"com", "test", "org"} <= lab_names(small).tops()
