"""Which addresses a public name may not point at."""

from ipaddress import ip_address, ip_network

import pytest

from filters.dns_private import Networks, is_private

OWN = Networks((ip_network("203.0.113.0/28"), ip_network("2001:db8:20::/48")))


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.9.9.9", "169.254.169.254",
        "0.0.0.0",
        "0.1.2.3", "100.64.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "fc00::1", "fec0::1",
        "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1", "2002:c0a8:0101::1", "203.0.113.5", "2001:db8:20:1::1",
        "::ffff:203.0.113.5", "64:ff9b:1::10.1.1.1", "64:ff9b:1:fffe::8.8.8.8", "::ffff:0:10.1.1.1",
        "2001::f5fe:fefe", "192.0.0.1", "198.18.0.1", "198.19.255.255", "224.0.0.251", "240.0.0.1", "ff02::1",
        "64:ff9b::224.0.0.251",
    ],
)  # fmt: skip
def test_inside(text: str) -> None:
    assert is_private(ip_address(text), OWN)


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.1", "198.51.100.7", "8.8.8.8", "172.32.0.1", "11.0.0.1", "203.0.113.16", "2001:db8:21::1", "2600::1",
        "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "100.128.0.1",
        "192.0.0.170", "192.0.0.171", "198.17.255.255", "198.20.0.1", "223.255.255.255", "64:ff9b:2::1", "2001:1::1",
        "2001:db8::1", "203.0.113.200",
    ],
)  # fmt: skip
def test_outside(text: str) -> None:
    assert not is_private(ip_address(text), OWN)
