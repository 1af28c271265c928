"""Each kind of match against packets that fit and packets that do not."""

from dataclasses import replace
from typing import get_args

import pytest

from ruleset import tree
from ruleset.matches import MATCHERS, View, fits
from ruleset.packet import Facts, Packet
from ruleset.tree import (
    L4,
    Addr,
    CtDnat,
    CtMark,
    CtState,
    HopLimit,
    Icmp,
    Iif,
    InSet,
    LocalDestination,
    NfProto,
    Oif,
    OverBudget,
    PortRange,
    Rate,
)
from tests.ruleset.small_clinic import clinic, ip, net

TCP = Packet(
    "eth1.20", ip("10.20.20.11"), ip("10.20.30.10"), "tcp", 8443, mac="02:00:00:00:00:02", mark=5, state="established"
)
TCP6 = replace(TCP, src=ip("2001:db8:20:20::11"), dst=ip("2001:db8:20:30::10"))
PING6 = replace(TCP6, protocol="icmpv6")
SOLICIT = replace(PING6, icmp_type="nd-neighbor-solicit", hop_limit=255, state="new")
FACTS = Facts({"quarantine4": ((net("10.20.20.0/28")[0],),), "quarantine_mac": (("02:00:00:00:00:02",),)})


def seen(packet, oif="eth1.30", tracked=True):
    return View(packet, FACTS, clinic(), oif, tracked)


def test_every_kind_of_match_in_the_tree_has_its_meaning():
    assert set(MATCHERS) == set(get_args(tree.Match))


@pytest.mark.parametrize(
    ("match", "packet", "expected"),
    [
        (Iif(("eth1.20", "eth1.30")), TCP, True),
        (Iif(("eth1.2",)), TCP, False),
        (Oif(("eth1.30",)), TCP, True),
        (Oif(("eth0",)), TCP, False),
        (NfProto(4), TCP, True),
        (NfProto(6), TCP, False),
        (Addr("saddr", 4, net("10.20.20.0/24")), TCP, True),
        (Addr("daddr", 4, net("10.20.20.0/24")), TCP, False),
        (Addr("saddr", 4, net("10.20.20.0/24"), negate=True), TCP, False),
        (Addr("daddr", 4, net("10.20.20.0/24"), negate=True), TCP, True),
        (Addr("saddr", 6, net("2001:db8:20:20::/64"), negate=True), TCP, False),
        (InSet("quarantine4", 4, ("saddr",)), TCP, True),
        (InSet("quarantine4", 4, ("daddr",)), TCP, False),
        (InSet("quarantine4", 4, ("saddr",)), TCP6, False),
        (InSet("quarantine_mac", None, ("ether saddr",)), TCP6, True),
        (L4("tcp"), TCP, True),
        (L4("udp"), TCP, False),
        (L4("tcp", (PortRange(8440, 8450),)), TCP, True),
        (L4("tcp", (PortRange(443, 443),)), TCP, False),
        (L4("tcp", (), (PortRange(1024, 65535),)), TCP, True),
        (L4("tcp", (), (PortRange(1, 1023),)), TCP, False),
        (L4("tcp"), PING6, False),
        (Icmp(6), PING6, True),
        (Icmp(4), PING6, False),
        (Icmp(6, ("echo-request",)), PING6, True),
        (Icmp(6, ("echo-reply",)), PING6, False),
        (HopLimit(255), SOLICIT, True),
        (HopLimit(255), PING6, False),
        (HopLimit(64), TCP, False),
        (CtState(("established", "related")), TCP, True),
        (CtState(("new",)), TCP, False),
        (CtState(("new", "established", "related", "invalid")), SOLICIT, False),
        (CtMark(1, 1), TCP, True),
        (CtMark(2, 2), TCP, False),
        (CtMark(3, 1), TCP, True),
        (CtDnat(), TCP, False),
        (CtDnat(), replace(TCP, dnat=True), True),
        (LocalDestination(), TCP, False),
        (LocalDestination(), replace(TCP, dst=ip("10.20.30.1")), True),
        (LocalDestination(), replace(TCP, local=True), True),
        (LocalDestination(), replace(TCP, dst=ip("224.0.0.1")), False),
        (Rate(1, 1), TCP, True),
        (OverBudget("b"), TCP, False),
    ],
)
def test_matches_mean_what_the_kernel_means(match, packet, expected):
    assert fits(match, seen(packet)) is expected


def test_before_connection_tracking_a_packet_is_invalid_and_has_no_mark():
    early = seen(TCP, tracked=False)
    assert fits(CtState(("invalid",)), early)
    assert not fits(CtState(("established",)), early)
    assert not fits(CtMark(1, 1), early)
    assert not fits(CtMark(0, 0), early)


def test_an_alias_of_an_icmp_type_is_the_same_type():
    done = replace(PING6, icmp_type="mld-listener-done")
    assert fits(Icmp(6, ("mld-listener-reduction",)), seen(done))
