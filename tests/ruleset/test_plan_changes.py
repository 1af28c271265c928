"""Zones, devices, uplinks and names: each change has a sentence and a risk."""

from dataclasses import replace

import pytest

from ruleset.plan_changes import other_changes
from ruleset.resolved import VideoNames
from tests.ruleset.small_clinic import clinic, device, ip, net, site

OLD = clinic()


def changes(old, new):
    return [(c.code, c.risk, c.text()) for c in other_changes(old, new)]


def segment(name, **change):
    return replace(OLD, segments=tuple(replace(s, **change) if s.name == name else s for s in OLD.segments))


def host(name, **change):
    return replace(OLD, hosts=tuple(replace(h, **change) if h.name == name else h for h in OLD.hosts))


def test_the_same_site_changes_nothing():
    assert changes(OLD, OLD) == []


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (segment("pc", role="guest"), ("zone-role", "high", "zone pc changes its role from pc to guest")),
        (segment("pc", ifname="eth2"), ("zone-interface", "medium", "zone pc moves from eth1.20 to eth2")),
        (segment("mgmt", ifname="eth2"), ("zone-interface", "high", "zone mgmt moves from eth1.10 to eth2")),
        (
            segment("cam", subnets=net("10.9.9.0/24"), gateways=(ip("10.9.9.1"),)),
            ("zone-addresses", "medium", "zone cam changes its addresses from 10.20.60.1/24 to 10.9.9.1/24"),
        ),
        (host("room-1", zone="srv"), ("device-moved", "medium", "device room-1 moves from zone pc to zone srv")),
        (
            host("emr", addresses=(ip("10.20.30.99"),)),
            (
                "device-addresses",
                "medium",
                "device emr changes its addresses from 10.20.30.10, 2001:db8:20:30::10 to 10.20.30.99",
            ),
        ),
        (
            host("camera-1", mac="02:00:00:00:00:aa"),
            (
                "device-mac",
                "low",
                "device camera-1 changes its hardware address from 02:00:00:00:00:06 to 02:00:00:00:00:aa",
            ),
        ),
    ],
)
def test_a_part_that_changes(new, expected):
    assert changes(OLD, new) == [expected]


def test_parts_that_come_and_go():
    fewer = replace(OLD, hosts=OLD.hosts[1:], segments=OLD.segments[:-1])
    assert [c[:2] for c in changes(OLD, fewer)] == [("zone-removed", "low"), ("device-removed", "low")]
    assert [c[0] for c in changes(fewer, OLD)] == ["zone-added", "device-added"]
    without_emr = replace(OLD, hosts=tuple(h for h in OLD.hosts if h.name != "emr"))
    assert changes(OLD, without_emr)[0][:2] == ("device-removed", "medium")


def test_uplinks():
    other = {"fibre": {"port": "eth0", "ipv4": "dhcp", "ipv6": "none"}}
    (change,) = changes(OLD, replace(OLD, site=site(uplinks=other)))
    assert change[:2] == ("uplink-changed", "high")
    assert "203.0.113.2/24 by 203.0.113.1" in change[2]
    assert "IPv4 dhcp" in change[2]
    two = replace(OLD, outsides=(*OLD.outsides, replace(OLD.outsides[0], name="lte", ifname="wwan0")))
    assert changes(OLD, two)[0][0] == "uplink-added"
    assert changes(two, OLD)[0][:2] == ("uplink-removed", "high")


def test_dynamic_addresses():
    zones = {**OLD.site.model_dump()["zones"]}
    zones["pc"] = {**zones["pc"], "dhcp": {"first": "10.20.20.100", "last": "10.20.20.150"}}
    (change,) = changes(OLD, replace(OLD, site=site(zones=zones)))
    assert change == (
        "zone-dhcp",
        "low",
        "zone pc changes its dynamic addresses from none to 10.20.20.100-10.20.20.150",
    )


def test_granted_and_protected_names():
    zoom = VideoNames("video:a", "pc", device("room-1").networks, ("zoom.us",))
    with_zoom = replace(OLD, video_names=(zoom,), protected_names=("onshikaku.org",))
    assert changes(OLD, with_zoom) == [
        ("names-added", "low", "room-1 may now learn addresses for zoom.us"),
        ("names-protected", "low", "names now protected from block lists: onshikaku.org"),
    ]
    assert [c[0] for c in changes(with_zoom, OLD)] == ["names-removed", "names-unprotected"]
    everyone = replace(with_zoom, video_names=(replace(zoom, clients=()),))
    assert changes(OLD, everyone)[0][2] == "zone pc may now learn addresses for zoom.us"
