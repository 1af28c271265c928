"""What may stand in a pin or a feed."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcer.addresses import Ranges, as_range, merged, never_outside
from ruleset.load import load_site
from tests.gateway.enforcer.nets import site

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda p: (min(p), max(p))), max_size=12)


@given(RANGES, st.integers(0, 61), st.integers(0, 5))
def test_overlap_is_what_counting_says(ranges: list[tuple[int, int]], first: int, length: int) -> None:
    members = {n for low, high in ranges for n in range(low, high + 1)}
    asked = set(range(first, first + length + 1))
    assert Ranges(ranges).overlaps(first, first + length) is bool(members & asked)


@given(RANGES)
def test_merged_ranges_hold_the_same_members_and_never_touch(ranges: list[tuple[int, int]]) -> None:
    found = merged(ranges)
    assert {n for low, high in found for n in range(low, high + 1)} == {
        n for low, high in ranges for n in range(low, high + 1)
    }
    assert all(second[0] > first[1] + 1 for first, second in pairwise(found))


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("198.51.100.7", False),
        ("8.8.8.8", False),
        ("2001:db8:fffe::1", False),
        ("2606:4700::1111", False),
        ("10.1.2.3", True),
        ("127.0.0.1", True),
        ("100.64.0.1", True),
        ("224.0.0.1", True),
        ("255.255.255.255", True),
        ("::1", True),
        ("::ffff:8.8.8.8", True),
        ("fe80::1", True),
        ("fd00::1", True),
        ("ff02::1", True),
        ("64:ff9b::1", True),
        ("203.0.113.2", True),  # the uplink's own
        ("2001:db8:20:10::11", True),  # a zone's
    ],
)
def test_the_clinic_and_special_addresses_never_go_in(text: str, never: bool) -> None:
    resolved = load_site(site().encode(), "s", datetime.now(UTC)).resolved
    address = ip_address(text)
    assert never_outside(resolved)[address.version].overlaps(int(address), int(address)) is never


def test_a_network_is_its_first_and_last_address() -> None:
    assert as_range(ip_network("10.0.0.0/30")) == (0x0A000000, 0x0A000003)
