"""The words every part of a site file is made of."""

from ipaddress import IPv4Address, IPv6Address, IPv6Interface

import pytest
from pydantic import TypeAdapter, ValidationError

from ruleset.model_base import DomainName, IPv4, IPv4WithPrefix, IPv6, IPv6WithPrefix, Label, PortText


def taken(kind, value):
    return TypeAdapter(kind).validate_python(value)


def refused(kind, value):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)
    return True


def test_addresses_are_read_from_text():
    assert taken(IPv4, "10.20.20.1") == IPv4Address("10.20.20.1")
    assert taken(IPv6, "2001:db8::1") == IPv6Address("2001:db8::1")
    assert taken(IPv6WithPrefix, "2001:db8::1/64") == IPv6Interface("2001:db8::1/64")


@pytest.mark.parametrize("kind", [IPv4, IPv6, IPv4WithPrefix, IPv6WithPrefix])
@pytest.mark.parametrize(
    "value", [169088011, True, 1.5, b"\x0a\x14\x14\x0b", None, "", "x", ["10.1.1.1"], ("10.1.1.1", 24)]
)
def test_addresses_are_read_from_nothing_else(kind, value):
    assert refused(kind, value)


@pytest.mark.parametrize("scope", ["%eth0", "%1", '%x"; drop', "%\n", "%"])
def test_an_address_has_no_scope(scope):
    assert refused(IPv6, f"fe80::1{scope}")
    assert refused(IPv6WithPrefix, f"fe80::1{scope}/64")
    assert refused(IPv6, IPv6Address("fe80::1%eth0"))


@pytest.mark.parametrize(
    "text", ["010.1.1.1", "10.1.1", "10.1.1.256", "10.1.1.1 ", " 10.1.1.1", "10.1.1.1/24", "::ffff"]
)
def test_an_ipv4_address_has_four_plain_numbers(text):
    assert refused(IPv4, text)


@pytest.mark.parametrize("name", ["a", "example", "a.b", "xn--zckzah", "1.example", "a" * 63 + ".example"])
def test_domain_names_are_lower_case_letters_digits_and_dashes(name):
    assert taken(DomainName, name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "a.", ".a", "A", "a_b", "-a", "a-", "a..b", "a b", "日本", "a\n", "a" * 64, "a." * 127 + "a"]
)
def test_other_texts_are_no_domain_names(name):
    if name == "a." * 127 + "a":
        assert len(name) == 255
    assert refused(DomainName, name)


@pytest.mark.parametrize("text", ["1", "a-b", "1-2-3", "123456-7", "-1", "1-", "１-２"])
def test_a_range_of_ports_is_two_numbers(text):
    assert refused(PortText, text) and taken(PortText, "1-65535")


def test_labels_are_any_text_of_bounded_length():
    assert taken(Label, '受付 "1"\n}') and refused(Label, "") and refused(Label, "x" * 121) and refused(Label, 7)
