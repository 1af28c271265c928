"""Set elements over netlink against the real kernel, with nft as the witness."""

import errno
from ipaddress import ip_address

import pytest

from gateway.enforcer.elements import Change, Element, Elements, interval, mac_key, pair_key
from gateway.enforcer.kernel_nft import KernelNft
from gateway.netlink import NetlinkError

pytestmark = pytest.mark.netns
SETS = """add table inet clinicgate
add set inet clinicgate mac { type ether_addr; }
add set inet clinicgate six { type ipv6_addr; }
add set inet clinicgate feed { type ipv4_addr; flags interval; }
add set inet clinicgate pin { type ipv4_addr . ipv4_addr; flags timeout; }
add set inet clinicgate small { type ipv4_addr; size 2; }
"""


@pytest.fixture
def elements(net) -> Elements:
    KernelNft().load(SETS)
    return Elements()


def key(text: str) -> bytes:
    return ip_address(text).packed


def test_what_is_added_nft_lists_and_read_returns(net, elements: Elements) -> None:
    mac, six = Element(mac_key("02:00:00:20:00:11")), Element(key("2001:db8::1"))
    elements.apply([Change("mac", (mac,)), Change("six", (six,))])
    assert "02:00:00:20:00:11" in net.run("nft", "list", "set", "inet", "clinicgate", "mac")
    assert "2001:db8::1" in net.run("nft", "list", "set", "inet", "clinicgate", "six")
    assert (elements.read("mac"), elements.read("six")) == ([mac], [six])


def test_a_pair_lives_as_long_as_it_was_told(net, elements: Elements) -> None:
    elements.apply([Change("pin", (Element(pair_key(ip_address("10.0.0.1"), ip_address("198.51.100.7")), 90_000),))])
    listed = net.run("nft", "list", "set", "inet", "clinicgate", "pin")
    assert "10.0.0.1 . 198.51.100.7 timeout 1m30s" in listed


def test_intervals_hold_their_first_and_last_address_and_no_more(net, elements: Elements) -> None:
    top = 1 << 32
    for first, last in ((int(ip_address("198.51.100.0")), int(ip_address("198.51.100.5"))), (top - 256, top - 1)):
        elements.apply([Change("feed", interval(first, last, 4))])
    for address, inside in (
        ("198.51.100.0", True),
        ("198.51.100.5", True),
        ("198.51.100.6", False),
        ("255.255.254.255", False),
        ("255.255.255.255", True),
    ):
        found = net.run("nft", "get", "element", "inet", "clinicgate", "feed", f"{{ {address} }}", check=False)
        assert (address.rsplit(".", 1)[0] in found) is inside, address


def test_a_batch_that_fails_changes_nothing(elements: Elements) -> None:
    with pytest.raises(NetlinkError) as refused:
        elements.apply([Change("six", (Element(key("::2")),)), Change("mac", (Element(bytes(6)),), delete=True)])
    assert (refused.value.errno, elements.read("six")) == (errno.ENOENT, [])


def test_an_absent_set_is_said(elements: Elements) -> None:
    for act in (lambda: elements.apply([Change("nope", (Element(bytes(4)),))]), lambda: elements.read("nope")):
        with pytest.raises(NetlinkError) as refused:
            act()
        assert refused.value.errno == errno.ENOENT


def test_a_full_set_is_said(elements: Elements) -> None:
    with pytest.raises(NetlinkError) as refused:
        elements.apply([Change("small", tuple(Element(bytes([10, 0, 0, n])) for n in range(3)))])
    assert refused.value.errno == errno.ENFILE


def test_thousands_of_elements_go_in_one_transaction(elements: Elements) -> None:
    many = tuple(Element(n.to_bytes(16, "big")) for n in range(5000))
    elements.apply([Change("six", many)])
    assert {e.key for e in elements.read("six")} == {e.key for e in many}


def test_nothing_to_change_needs_no_kernel(elements: Elements) -> None:
    elements.apply([Change("nope", ())])
    assert elements.read("mac") == []


@pytest.mark.parametrize("text", ["", "02:00", "02:00:00:20:00:11:22", "zz:00:00:20:00:11", "02-00-00-20-00-11"])
def test_a_mac_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        mac_key(text)
