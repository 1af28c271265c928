"""Complaints about DNS policy."""

import pytest

from tests.ruleset.written import device, problems

LISTS = {"a": {"path": "a.hosts", "category": "malware"}}
AROUND = {"d": {"path": "d", "category": "doh-addresses"}, "t": {"path": "t", "category": "addresses"}}
HOURS = {"open": {"days": ["mon"], "from": "08:00", "to": "18:00"}}


def codes(dns, **devices):
    return [code for code, _ in problems(dns=dns, devices=devices)]


@pytest.mark.parametrize(
    ("dns", "wanted"),
    [
        ({"lists": LISTS, "zones": {"pc": {"lists": ["a"], "categories": ["malware"]}}}, []),
        ({"zones": {"cellar": {}}}, ["dangling"]),
        ({"zones": {"pc": {"lists": ["b"]}}, "lists": LISTS}, ["dangling"]),
        ({"zones": {"pc": {"categories": ["gambling"]}}, "lists": LISTS}, ["dangling"]),
        ({"devices": {"emr": {"lists": ["a"]}}, "lists": LISTS}, []),
        ({"devices": {"nobody": {}}}, ["dangling"]),
        ({"devices": {"emr": {"lists": ["b"]}}}, ["dangling"]),
        ({"schedules": HOURS, "zones": {"pc": {"during": {"open": {"lists": []}}}}}, []),
        ({"schedules": HOURS, "zones": {"pc": {"during": {"closed": {}}}}}, ["dangling"]),
        ({"schedules": HOURS, "zones": {"pc": {"during": {"open": {"lists": ["b"]}}}}}, ["dangling"]),
        ({"zones": {"pc": {"allow": ["a.example"], "deny": ["b.example"]}}}, []),
        ({"zones": {"pc": {"allow": ["a.example"], "deny": ["a.example"]}}}, ["contradiction"]),
        ({"devices": {"emr": {"allow": ["a.example"], "deny": ["a.example"]}}}, ["contradiction"]),
        ({"lists": AROUND}, []),
        ({"lists": AROUND, "zones": {"pc": {"lists": ["d"]}}}, ["no-names"]),
        ({"lists": AROUND, "devices": {"emr": {"categories": ["addresses"]}}}, ["no-names"]),
        ({"lists": {"a": {"path": "a/../../b"}}}, ["path"]),
        ({"lists": {"a": {"path": "a", "sha256": "https://a.example/sum"}}}, ["no-url"]),
        ({"lists": {"a": {"path": "a", "sha256": "https://a.example/sum", "url": "https://a.example/a"}}}, []),
        ({"upstreams": ["198.51.100.53", "2001:db8:fffe::53"]}, []),
        ({"upstreams": ["10.20.20.53"]}, ["upstream-inside"]),
        ({"upstreams": [{"server": "2001:db8:20:30::5"}]}, ["upstream-inside"]),
        ({"upstreams": [{"server": "198.51.100.53", "transport": "tls"}]}, ["no-name"]),
        ({"upstreams": [{"server": "198.51.100.53", "transport": "https"}]}, ["no-name"]),
        ({"upstreams": [{"server": "198.51.100.53", "transport": "quic", "name": "dns.example"}]}, []),
    ],
)
def test_dns_policy_names_what_exists_and_does_not_contradict_itself(dns, wanted):
    assert codes(dns) == wanted


def test_a_device_without_an_address_is_told_by_its_mac_and_may_have_a_policy():
    assert codes({"devices": {"lost": {}}}, lost=device("pc", 1)) == []


def test_one_broken_entry_hides_no_other():
    dns = {"lists": {"bad": {"path": "/etc/shadow"}, "out": {"path": "a/../../b"}}, "zones": {"cellar": {}}}
    assert sorted(codes(dns)) == ["dangling", "format", "path"]
