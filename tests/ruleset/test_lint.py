"""Warnings: each fault is found at its line, and a sound site has none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ruleset.lint import lint
from ruleset.parse import parse_site
from tests.ruleset.small_clinic import GRANTS, LATER, NOW, clinic, device, forward, grant, site, tcp, udp, zone


def permit(name, source, target, *traffic, line=50):
    return grant(f"permit:{name}", source, target, *traffic, line=line, expires=LATER, kind="permit")


def warnings(*grants, now=NOW, document=None, **rest):
    found = lint(clinic(grants=(*GRANTS, *grants), **rest), now, document)
    assert all(p.severity == "warning" for p in found)
    return [(p.code, p.mark.line, p.what) for p in found]


def codes(*grants, **rest):
    return [w[:2] for w in warnings(*grants, **rest)]


def test_a_sound_site_has_no_warning():
    assert warnings(forwards=(forward(),)) == []


def test_a_permit_that_another_covers_is_shadowed():
    narrow = permit("narrow", device("reception-1"), device("emr"), tcp(9000), line=70)
    wide = permit("wide", zone("pc"), device("emr"), tcp((8990, 9010)), line=60)
    assert warnings(narrow, wide) == [
        ("shadowed", 70, "narrow: everything it allows is allowed without it (wide)"),
    ]
    assert codes(narrow, replace(wide, traffic=(udp(9000),))) == []


def test_two_permits_may_cover_a_third_together():
    both = permit("both", device("room-1"), device("emr"), tcp(1, 2), line=70)
    one = permit("one", device("room-1"), device("emr"), tcp(1), line=71)
    two = permit("two", device("room-1"), device("emr"), tcp(2), line=72)
    assert codes(both, one, two) == [("shadowed", 70)]


def test_two_equal_permits_are_a_duplicate_and_are_named_once():
    first = permit("first", device("room-1"), device("emr"), tcp(9000), line=60)
    assert warnings(first, replace(first, id="permit:second", origin=replace(first.origin, line=70))) == [
        ("duplicate", 70, "second: allows exactly what first allows")
    ]


def test_what_the_default_policy_grants_needs_no_permit():
    web = permit("web", device("room-1"), zone("internet"), tcp(443))
    assert warnings(web) == [
        ("already-granted", 50, "web: the default policy already allows all of it (pack:base:pc-internet-web)")
    ]
    assert codes(replace(web, traffic=(tcp(443, 8443),))) == []


def test_a_waived_permit_for_a_refused_port_is_not_useless():
    everything = grant("pack:all", zone("pc"), zone("internet"), tcp((1, 1000)))
    smb = replace(permit("smb", device("room-1"), zone("internet"), tcp(445)), waived=True)
    assert codes(everything, smb) == []


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (permit("x", zone("pc"), zone("srv"), tcp((5000, 5100))), [("over-wide", 50)]),
        (permit("x", zone("pc"), zone("srv"), tcp((5000, 5010))), []),
        (permit("x", device("room-1"), zone("srv"), tcp((5000, 5100))), []),
        (permit("x", device("room-1"), device("emr"), tcp((1, 65535))), [("over-wide", 50), ("no-effect", 50)]),
    ],
)
def test_whole_zones_with_many_ports_and_any_port_at_all_are_over_wide(made, expected):
    assert sorted(codes(made)) == sorted(expected)


def test_another_resolver_is_never_reached():
    assert codes(permit("dns", device("room-1"), zone("internet"), udp(53))) == [("no-effect", 50)]


def test_what_ends_within_thirty_days_is_announced_and_what_has_ended_is_not():
    def at(**left):
        return [w for w in warnings(now=LATER - timedelta(**left), forwards=(forward(),)) if w[0] == "expires-soon"]

    assert at(days=31) == []
    assert [(line, what) for _, line, what in at(days=30)] == [
        (40, "reception-emr: ends in 30 days"),
        (60, "forward:vpn: ends in 30 days"),
    ]
    assert at(days=1, hours=1)[0][2] == "reception-emr: ends in 1 day"
    assert at(hours=3)[0][2] == "reception-emr: ends in less than a day"
    assert at(days=0) == []


UNUSED = b"""version: 1
services:
  spare: {tcp: [9999]}
dns:
  lists:
    malware: {path: malware.hosts}
"""


def test_unused_services_and_lists_are_named_at_their_line():
    unused = site(services={"spare": {"tcp": (9999,)}}, dns={"lists": {"malware": {"path": "malware.hosts"}}})
    document = parse_site(UNUSED, "site.yaml").document
    assert warnings(site=unused, document=document) == [
        ("unused", 3, "service 'spare' is in no permit"),
        ("unused", 6, "block list 'malware' is applied to no zone"),
    ]
    assert codes(site=unused) == [("unused", 1), ("unused", 1)]


@pytest.mark.parametrize(
    "used",
    [
        {"zones": {"pc": {"lists": ("malware",)}}},
        {"zones": {"pc": {"categories": ("bad",)}}},
        {"devices": {"emr": {"lists": ("malware",)}}},
        {"zones": {"pc": {"during": {"evening": {"categories": ("bad",)}}}}},
    ],
)
def test_a_list_is_used_by_its_category_by_a_device_or_for_some_hours_too(used):
    lists = {"malware": {"path": "malware.hosts", "category": "bad"}}
    assert codes(site=site(dns={"lists": lists} | used)) == []


@pytest.mark.parametrize("category", ["addresses", "doh-addresses"])
def test_lists_of_addresses_count_in_every_zone(category):
    assert codes(site=site(dns={"lists": {"drop": {"path": "drop.txt", "category": category}}})) == []


def test_a_names_policy_of_who_may_not_ask_is_named():
    few = {"only": ("time.example",)}
    asked = site(dns={"zones": {"cam": few, "pc": few}, "devices": {"camera-1": few, "room-1": few}})
    assert [w[::2] for w in warnings(site=asked)] == [
        ("no-names", f"{who} has a names policy and may not ask the gateway for names: nothing of it takes effect")
        for who in ("device camera-1", "zone cam")
    ]
    names = permit("cam-names", device("camera-1"), zone("gateway"), tcp(53), udp(53))
    assert codes(names, site=asked) == []
    other = site(dns={"devices": {"room-1": few}})
    fewer = tuple(g for g in GRANTS if g.id != "pack:base:pc-gateway-infra")
    only = permit("one", device("reception-1"), zone("gateway"), udp(53))
    assert [p.code for p in lint(clinic(grants=(*fewer, only), site=other), NOW)] == ["no-names"]


def test_a_file_server_beside_pcs_is_out_of_sight():
    hosts = tuple(replace(h, zone="pc") if h.name == "files" else h for h in clinic().hosts)
    assert warnings(hosts=hosts) == [
        ("blind", 1, "files (file-server) and PCs are in one zone, pc: the gateway is blind between them")
    ]


def test_warnings_come_in_the_order_of_the_file():
    late = permit("late", device("room-1"), zone("internet"), tcp(443), line=90)
    early = permit("early", device("room-1"), zone("internet"), tcp(80), line=20)
    assert [w[1] for w in warnings(late, early)] == [20, 90]
