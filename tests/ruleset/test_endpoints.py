"""The words after `from` and `to`."""

from ipaddress import ip_network

import pytest

from ruleset.endpoints import EndpointError, device_side, side
from ruleset.resolved import Side
from tests.ruleset.written import context, device

SITE = context(devices={"lost": device("pc", 1), "four": device("pc", 2, ipv4="10.20.20.50")}).site


def error(word, outside_allowed=True):
    with pytest.raises(EndpointError) as caught:
        side(word, SITE, outside_allowed=outside_allowed)
    return caught.value


def test_the_internet_and_the_gateway_are_targets_and_no_sources():
    assert side("internet", SITE, outside_allowed=True) == Side("internet", "internet")
    assert side("gateway", SITE, outside_allowed=True) == Side("gateway", "gateway")
    for word in ("internet", "gateway"):
        assert error(word, outside_allowed=False).code == "endpoint"


def test_a_zone_is_everybody_in_it():
    assert side("pc", SITE, outside_allowed=False) == Side("pc", "pc")


def test_a_device_is_its_addresses_in_its_zone():
    wanted = (ip_network("10.20.30.11"), ip_network("2001:db8:20:30::11"))
    assert side("emr", SITE, outside_allowed=False) == Side("srv", "emr", wanted)
    assert device_side("four", SITE).networks == (ip_network("10.20.20.50"),)


def test_a_device_without_addresses_cannot_be_told_apart():
    assert error("lost").code == "no-address"


@pytest.mark.parametrize("word", ["198.51.100.7", "198.51.100.0/28", "2001:db8:fffe::/48"])
def test_an_address_outside_is_a_part_of_the_internet(word):
    assert side(word, SITE, outside_allowed=True) == Side("internet", word, (ip_network(word),))
    assert "connections start at devices" in str(error(word, outside_allowed=False))


@pytest.mark.parametrize("word", ["10.20.30.99", "10.0.0.0/8", "2001:db8:20:20::/80", "0.0.0.0/0", "10.20.20.1"])
def test_an_address_inside_is_a_device_to_declare(word):
    assert "inside zone" in error(word).what


@pytest.mark.parametrize("word", ["::/0", "127.0.0.1", "224.0.0.1", "ff02::1", "fe80::1", "169.254.1.1", "::1"])
def test_what_no_router_forwards_is_no_address_on_the_internet(word):
    assert error(word).code == "endpoint"


@pytest.mark.parametrize(("word", "hint"), [("recption-1", "reception-1"), ("gatway", "gateway"), ("emrr", "emr")])
def test_a_slip_of_the_finger_gets_the_nearest_word(word, hint):
    assert error(word).code == "dangling" and error(word).hint == f"did you mean {hint!r}?"


@pytest.mark.parametrize("word", ["198.51.100.300", "1.2.3", "198.51.100.7/24", "cloud.example", "", "a/b"])
def test_other_words_stand_for_nothing(word):
    assert error(word).code == "dangling"
