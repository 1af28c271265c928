"""The clinic's own names, forwards and backwards."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import names
from filters.dns_local import LocalAnswer, LocalHost, LocalNames, address_of_reverse, single_label
from filters.dns_message import Type
from tests.filters.dns_tools import name

V4, V6, OUTSIDE = ip_address("10.20.20.11"), ip_address("2001:db8:20:20::11"), ip_address("198.51.100.1")
TABLE = LocalNames(
    "clinic.example",
    [LocalHost("reception-1", (V4, V6)), LocalHost("nas", (ip_address("10.20.30.5"),))],
    [ip_network("10.20.20.0/22"), ip_network("2001:db8:20:20::/64")],
)
HOST = name("reception-1.clinic.example")


def test_forward_names_by_family() -> None:
    assert TABLE.find(HOST, Type.A) == LocalAnswer(True, (V4.packed,))
    assert TABLE.find(HOST, Type.AAAA) == LocalAnswer(True, (V6.packed,))
    assert TABLE.find(HOST, Type.MX) == LocalAnswer(True)
    assert TABLE.find(name("nas.clinic.example"), Type.AAAA) == LocalAnswer(True)


def test_the_domain_is_ours_alone() -> None:
    assert TABLE.find(name("clinic.example"), Type.SOA) == LocalAnswer(True)
    assert TABLE.find(name("nobody.clinic.example"), Type.A) == LocalAnswer(False)
    assert TABLE.find(name("a.reception-1.clinic.example"), Type.A) == LocalAnswer(False)
    assert TABLE.find(name("otherclinic.example"), Type.A) is None


@pytest.mark.parametrize("address", [V4, V6])
def test_backwards(address: object) -> None:
    reverse = name(ip_address(str(address)).reverse_pointer)
    assert TABLE.find(reverse, Type.PTR) == LocalAnswer(True, (HOST,))
    assert TABLE.find(reverse, Type.A) == LocalAnswer(True)


def test_undeclared_addresses_of_our_subnets_are_nobody_and_others_not_ours() -> None:
    assert TABLE.find(name(ip_address("10.20.23.9").reverse_pointer), Type.PTR) == LocalAnswer(False)
    assert TABLE.find(name(OUTSIDE.reverse_pointer), Type.PTR) is None
    assert TABLE.find(name("20.20.10.in-addr.arpa"), Type.PTR) is None, "a zone, not an address"


@pytest.mark.parametrize("domain", ["", "a b", "x" * 300])
def test_a_domain_that_is_no_name_is_refused(domain: str) -> None:
    with pytest.raises(names.BadNameError):
        LocalNames(domain, [], [])


@given(st.ip_addresses())
def test_reverse_names_give_their_address_back(address: object) -> None:
    given_address = ip_address(str(address))
    assert address_of_reverse(name(given_address.reverse_pointer)) == given_address


@pytest.mark.parametrize(
    "text", ["1.2.3.in-addr.arpa", "256.1.1.1.in-addr.arpa", "01.1.1.1.in-addr.arpa", "g.ip6.arpa"]
)
def test_other_reverse_names_give_none(text: str) -> None:
    assert address_of_reverse(name(text)) is None


def test_a_single_label_is_a_name_without_dots() -> None:
    assert single_label(name("wpad"))
    assert not single_label(name("wpad.example"))
    assert not single_label(names.ROOT)
