"""Whose address is it? A claim on the wire is not enough."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from gateway.attribution import believed, interface_name
from gateway.neighbours import Neighbour
from ruleset.load import load_site
from tests.ruleset.dns_site import HEAD

SITE = load_site((HEAD.removesuffix("dns:\n")).encode(), "site.yaml", datetime(2026, 11, 22, tzinfo=UTC)).resolved
NAMES = {1: "eth0", 2: "eth1.10", 3: "eth1.20"}
THIEF, DESK = "02:00:00:20:00:99", "02:00:00:20:00:11"


def kept(address: str, mac: str = THIEF, interface: int = 3) -> bool:
    entry = Neighbour(ip_address(address), mac, interface)
    return list(believed([entry], SITE, NAMES.__getitem__)) == [entry]


def test_an_address_of_the_devices_own_zone_counts():
    assert kept("10.20.20.77") and kept("fe80::99") and kept("10.20.20.11", DESK)


@pytest.mark.parametrize(
    ("address", "interface"),
    [
        ("10.20.10.77", 3),  # of another zone
        ("10.20.20.77", 2),  # seen in the wrong zone
        ("203.0.113.1", 1),  # the provider's router, on the uplink
        ("203.0.113.1", 3),
        ("198.51.100.7", 3),
        ("10.20.20.1", 3),  # the gateway itself
        ("10.20.20.11", 3),  # declared for another device
    ],
)
def test_a_claim_to_somebody_elses_address_does_not(address, interface):
    assert not kept(address, interface=interface)


def test_without_a_site_nothing_is_believed_and_a_lost_interface_has_no_name():
    assert list(believed([Neighbour(ip_address("10.20.20.77"), THIEF, 3)], None)) == []
    assert interface_name(10_000_000) == ""
