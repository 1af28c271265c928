"""Port texts as ranges, and the table of known services."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruleset.packs import BASE, load_pack
from ruleset.resolved import Traffic
from ruleset.services import WIDE_PORTS, KnownService, pack_services, port_range, ranges, traffic
from ruleset.tree import PortRange


@pytest.mark.parametrize(("text", "wanted"), [(443, (443, 443)), ("443", (443, 443)), ("1-65535", (1, 65535))])
def test_one_port_or_two(text, wanted):
    assert port_range(text) == PortRange(*wanted)


@pytest.mark.parametrize("text", [0, 65536, "0-5", "5-4", "65000-65536", "a", "1-2-3", "-5", ""])
def test_other_texts_raise_and_say_which(text):
    with pytest.raises(ValueError, match=r"port range|invalid literal"):
        port_range(text)


def test_ranges_are_sorted_and_joined():
    assert ranges([443, "80-90", 91, 85, "100-110", "105-120"]) == (
        PortRange(80, 91), PortRange(100, 120), PortRange(443, 443),
    )  # fmt: skip


port_texts = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, 30)).map(lambda p: f"{p[0]}-{p[0] + p[1]}"), max_size=12
)


@given(port_texts)
def test_joined_ranges_hold_the_same_ports_without_touching_each_other(texts):
    wanted = {p for t in texts for p in range(int(t.split("-")[0]), int(t.split("-")[1]) + 1)}
    found = ranges(texts)
    assert {p for r in found for p in range(r.first, r.last + 1)} == wanted
    assert all(a.last + 1 < b.first for a, b in pairwise(found))


def test_traffic_has_one_value_for_each_protocol_that_is_used():
    assert traffic([443], []) == (Traffic("tcp", (PortRange(443, 443),)),)
    assert [t.protocol for t in traffic([1], [2], True)] == ["tcp", "udp", "echo"]
    assert traffic([], []) == ()


def test_a_service_is_wide_when_no_one_program_needs_that_many_ports():
    def known(text):
        return KnownService("x", traffic([text], []), "site")

    assert not known(f"1-{WIDE_PORTS}").wide
    assert known(f"1-{WIDE_PORTS + 1}").wide
    assert not KnownService("ping", traffic([], [], True), "base").wide


def test_services_of_packs_know_where_they_come_from():
    known = pack_services((load_pack(BASE), load_pack("jp")))
    assert known["https"] == KnownService("https", traffic([443], []), "base")
    assert known["orca"].source == "jp"
    assert "orca" not in pack_services((load_pack(BASE),))
