"""Whose question it would be: by device, zone or address."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from filters.dns_local import LocalHost
from filters.dns_policy import DnsPolicy
from filters.dns_rules import DevicePolicy, Overlay
from gateway.resolver.asker import Asker, UnknownAskerError, asker_of, zone_of
from gateway.resolver.config import ResolverConfig, ZoneConfig
from gateway.resolver.policy import session_config

ZONES = (
    ZoneConfig("wide", (ip_network("10.20.0.0/16"),), (ip_address("10.20.0.1"),)),
    ZoneConfig("pc", (ip_network("10.20.20.0/24"), ip_network("2001:db8::/64")), (ip_address("10.20.20.1"),)),
)
HOSTS = (LocalHost("desk", (ip_address("10.20.20.11"),)), LocalHost("laptop", ()))
CONFIG = ResolverConfig("home.arpa", ZONES, (), hosts=HOSTS)
POLICY = session_config(CONFIG, {}).policy


@pytest.mark.parametrize(
    ("text", "zone", "client", "kind"),
    [
        ("desk", "pc", "10.20.20.11", "device"),
        ("pc", "pc", "10.20.20.1", "zone"),
        ("10.20.20.99", "pc", "10.20.20.99", "address"),
        ("10.20.99.1", "wide", "10.20.99.1", "address"),
        ("2001:db8::0:7", "pc", "2001:db8::7", "address"),
        ("198.51.100.7", "", "198.51.100.7", "address"),
    ],
)
def test_who_is_meant(text: str, zone: str, client: str, kind: str) -> None:
    assert asker_of(text, CONFIG, POLICY) == Asker(zone, ip_address(client), kind)


def test_an_address_learned_on_the_way_counts() -> None:
    learned: DnsPolicy = replace(POLICY, devices={ip_address("2001:db8::7"): DevicePolicy("laptop", "pc", Overlay())})
    assert asker_of("laptop", CONFIG, learned) == Asker("pc", ip_address("2001:db8::7"), "device")
    with pytest.raises(UnknownAskerError, match="no address of laptop is known") as caught:
        asker_of("laptop", CONFIG, POLICY)
    assert "zone" in caught.value.hint


@pytest.mark.parametrize("text", ["", "nobody", "10.20.20", "\x1b[2J", "x" * 500, "10.20.20.0/24"])
def test_nobody_is_told_with_a_way_out(text: str) -> None:
    with pytest.raises(UnknownAskerError) as caught:
        asker_of(text, CONFIG, POLICY)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 200
    assert "its zones: wide, pc" in caught.value.hint


def test_the_narrowest_subnet_counts() -> None:
    assert zone_of(ip_address("10.20.20.7"), CONFIG) == "pc"
    assert zone_of(ip_address("10.20.21.7"), CONFIG) == "wide"
