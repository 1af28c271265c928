"""The routing decision: own addresses, on-link, uplink, nowhere."""

from dataclasses import replace

import pytest

from ruleset.route import Route, route
from tests.ruleset.small_clinic import clinic, ip, site


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("10.20.20.1", Route("local")),
        ("203.0.113.2", Route("local")),
        ("2001:db8:20:20::1", Route("local")),
        ("10.20.30.99", Route("forward", "eth1.30")),
        ("2001:db8:20:30::99", Route("forward", "eth1.30")),
        ("203.0.113.77", Route("forward", "eth0")),
        ("198.51.100.7", Route("forward", "eth0")),
        ("2001:db8:9::1", Route("forward", "eth0")),
        ("10.20.30.255", Route("local")),
        ("255.255.255.255", Route("local")),
        ("224.0.0.1", Route("local")),
        ("224.0.0.251", Route("none", why="not-a-member")),
        ("ff02::2", Route("local")),
        ("ff02::1:ff00:1", Route("local")),
        ("ff02::1:ff00:99", Route("none", why="not-a-member")),
        ("ff02::fb", Route("none", why="not-a-member")),
        ("2001:db8:20:30::", Route("local")),
        ("2001:db8:ffff::", Route("local")),
        ("10.20.30.0", Route("forward", "eth1.30")),
        ("ff02::1", Route("local")),
        ("127.0.0.5", Route("none", why="martian")),
        ("fe80::5", Route("none", why="link-local")),
    ],
)
def test_own_first_then_on_link_then_uplink(destination, expected):
    assert route(clinic(), ip(destination)) == expected


def test_an_uplink_without_ipv6_leads_nowhere_in_ipv6():
    resolved = replace(clinic(), site=site(uplinks={"fibre": {"port": "eth0", "ipv6": "none"}}))
    assert route(resolved, ip("2001:db8:9::1")) == Route("none", why="no-route")
    assert route(resolved, ip("198.51.100.7")) == Route("forward", "eth0")
