"""Pins against the real kernel: set, renewed, found for both families, fast beside a large feed."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from gateway.enforcer import pins as pins_module
from gateway.enforcer.addresses import never_outside
from gateway.enforcer.closed import closed_ruleset
from gateway.enforcer.elements import Change, Elements, interval
from gateway.enforcer.kernel_nft import KernelNft
from gateway.enforcer.loader import Loader
from gateway.enforcer.pins import Pins
from gateway.neighbours import Neighbour
from gateway.wire import CommandRefused
from ruleset.load import load_site
from tests.gateway.enforcer.nets import site

pytestmark = pytest.mark.netns
SITE = load_site(site().encode(), "s", datetime(2026, 6, 1, tzinfo=UTC)).resolved
CLIENT, SIX = ip_address("10.20.20.11"), ip_address("2001:db8:20:20::11")
FAR4, FAR6 = ip_address("198.51.100.7"), ip_address("2001:db8:fffe::7")


@pytest.fixture
def seen() -> list[Neighbour]:
    return []


@pytest.fixture
def pins(net, seen: list[Neighbour]) -> Pins:
    Loader(KernelNft()).put(closed_ruleset())
    pins = Pins(Elements(), lambda _site: list(seen))
    pins.restore(SITE, never_outside(SITE))
    return pins


def kernel(net) -> str:
    return net.run("nft", "list", "set", "inet", "clinicgate", "pin4") + net.run(
        "nft", "list", "set", "inet", "clinicgate", "pin6"
    )


def test_a_pin_is_there_for_both_families_of_the_device(net, pins: Pins) -> None:
    pinned = pins.pin(CLIENT, [FAR4, FAR6], 300)
    assert (pinned.pairs, pinned.refused) == (2, ())
    assert f"{CLIENT} . {FAR4} timeout 5m" in kernel(net)
    assert f"{SIX} . {FAR6} timeout 5m" in kernel(net)


def test_an_undeclared_device_is_known_by_its_mac(net, pins: Pins, seen: list[Neighbour]) -> None:
    guest4, guest6 = ip_address("10.20.20.150"), ip_address("2001:db8:20:20::beef")
    seen += [Neighbour(guest4, "02:00:00:00:00:99", 3), Neighbour(guest6, "02:00:00:00:00:99", 3)]
    assert pins.pin(guest4, [FAR6], 300).pairs == 1
    assert f"{guest6} . {FAR6}" in kernel(net)


def test_an_address_without_a_client_of_its_family_is_told(pins: Pins) -> None:
    assert pins.pin(ip_address("10.20.20.151"), [FAR6, FAR4], 300).refused == (FAR6,)


def test_a_device_that_invents_addresses_gets_pins_for_a_few(pins: Pins, seen: list[Neighbour]) -> None:
    many = [ip_address(f"2001:db8:20:20::{number:x}") for number in range(200)]
    seen += [Neighbour(one, "02:00:00:00:00:98", 3) for one in many]
    assert pins.pin(seen[0].address, [FAR6], 300).pairs == pins_module.MOST_ADDRESSES


@pytest.mark.parametrize("text", ["10.20.60.11", "127.0.0.1", "203.0.113.2", "::1", "fe80::1", "2001:db8:20:60::11"])
def test_an_inside_address_is_never_pinned(net, pins: Pins, text: str) -> None:
    assert pins.pin(CLIENT, [ip_address(text)], 300).refused == (ip_address(text),)
    assert "elements" not in kernel(net)


def test_a_pin_is_renewed_and_its_time_is_bounded(net, pins: Pins) -> None:
    pins.pin(CLIENT, [FAR4], 0)
    assert "timeout 1m" in kernel(net)
    pins.pin(CLIENT, [FAR4], 10**9)
    assert "timeout 1d" in kernel(net)
    assert pins.count() == 1


def test_a_pin_that_the_kernel_forgot_before_us_is_set_again(net, pins: Pins) -> None:
    pins.pin(CLIENT, [FAR4], 300)
    net.run("nft", "flush", "set", "inet", "clinicgate", "pin4")
    pins.pin(CLIENT, [FAR4], 300)
    assert str(FAR4) in kernel(net)


def test_too_many_are_refused_and_old_ones_make_room(pins: Pins, monkeypatch) -> None:
    monkeypatch.setattr(pins_module, "MOST", 3)
    for number in range(3):
        pins.pin(CLIENT, [ip_address(f"198.51.100.{number}")], 300)
    with pytest.raises(CommandRefused, match="full"):
        pins.pin(CLIENT, [ip_address("198.51.100.9")], 300)
    pins.forget()
    assert pins.pin(CLIENT, [ip_address("198.51.100.9")], 300).pairs == 1


def test_pins_land_beside_a_large_feed(pins: Pins) -> None:
    """How long one takes is a matter of `make bench`."""
    elements = Elements()
    every = [e for n in range(30_000) for e in interval((n << 12) + (1 << 24), (n << 12) + (1 << 24) + 255, 4)]
    for at in range(0, len(every), 2000):
        elements.apply([Change("feed4", tuple(every[at : at + 2000]))])
    for number in range(200):
        assert pins.pin(CLIENT, [ip_address((198 << 24) + number)], 300).pairs == 1
