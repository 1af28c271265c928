"""Gains and losses by what is allowed in the end, each with its risk."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ruleset.plan_access import access_changes, by_risk
from ruleset.plan_risk import ORDER
from tests.ruleset.small_clinic import GRANTS, LATER, NOW, clinic, device, forward, grant, tcp, udp, zone

OLD = clinic()


def changes(old, new, now=NOW):
    return [(c.code, c.risk, c.why, c.text()) for c in access_changes(old, new, now)]


def more(*grants, **rest):
    return clinic(grants=(*GRANTS, *grants), **rest)


def test_the_same_site_changes_nothing():
    assert changes(OLD, OLD) == []


def test_a_renamed_or_split_permit_changes_nothing():
    renamed = (*GRANTS[:-1], replace(GRANTS[-1], id="permit:other-name"))
    assert changes(OLD, clinic(grants=renamed)) == []
    web = next(g for g in GRANTS if g.id == "pack:base:pc-internet-web")
    split = tuple(g for g in GRANTS if g is not web)
    split += (replace(web, traffic=(tcp(80),)), replace(web, traffic=(tcp(443),)))
    assert changes(OLD, clinic(grants=split)) == []


@pytest.mark.parametrize(
    ("new", "risk", "why"),
    [
        (grant("permit:x", device("camera-1"), zone("internet"), tcp(443)), "high", "medical-internet"),
        (grant("permit:x", zone("pc"), device("admin"), tcp(22)), "high", "to-administration"),
        (grant("permit:x", zone("pc"), zone("gateway"), tcp(8080)), "high", "gateway-admin"),
        (grant("permit:x", zone("pc"), zone("srv"), tcp((1, 5000))), "high", "very-wide"),
        (grant("permit:x", device("emr"), zone("internet"), tcp(443)), "medium", "server-out"),
        (grant("permit:x", zone("pc"), zone("srv"), tcp(443)), "medium", "whole-zone"),
        (grant("permit:x", device("room-1"), device("emr"), tcp(443)), "low", "one-device"),
    ],
)
def test_a_gain_has_the_risk_of_what_it_opens(new, risk, why):
    assert [c[:3] for c in changes(OLD, more(new))] == [("access-gained", risk, why)]


def test_a_guest_who_gets_inside_is_critical():
    guests = replace(OLD, segments=tuple(replace(s, role="guest") if s.name == "cam" else s for s in OLD.segments))
    inside = replace(guests, grants=(*GRANTS, grant("permit:x", zone("cam"), device("emr"), tcp(443))))
    assert changes(guests, inside)[0][:3] == ("access-gained", "critical", "stranger-inside")


def test_the_administrator_losing_the_page_is_critical():
    assert changes(OLD, clinic(grants=GRANTS[1:]))[0][:3] == ("access-lost", "critical", "admin-lost")


def test_a_loss_of_a_device_without_which_care_stops_is_medium_and_others_are_low():
    assert changes(OLD, clinic(grants=GRANTS[:-1]))[0][1:3] == ("medium", "critical-device")
    without_time = clinic(grants=tuple(g for g in GRANTS if g.id != "pack:base:cam-gateway-ntp"))
    assert changes(OLD, without_time)[0][1:3] == ("low", "less-access")


def test_an_opened_forward_is_critical_and_names_port_and_host():
    (change,) = changes(OLD, clinic(forwards=(forward(to_port=443),)))
    assert change[1:3] == ("critical", "from-internet")
    assert change[3] == "the internet may now reach emr port 443 by udp 51820 of uplink fibre"
    assert changes(clinic(forwards=(forward(),)), OLD)[0][0] == "forward-closed"


def test_what_a_zone_gains_is_not_said_again_of_its_devices():
    both = more(
        grant("permit:z", zone("pc"), zone("srv"), tcp(9000)),
        grant("permit:d", device("room-1"), device("emr"), tcp(9000)),
    )
    assert [c[3] for c in changes(OLD, both)] == ["zone pc may now reach zone srv (tcp 9000)"]


def test_sources_with_the_same_gain_share_a_sentence():
    site = more(
        grant("permit:a", device("reception-1"), device("files"), tcp(873)),
        grant("permit:b", device("room-1"), device("files"), tcp(873)),
    )
    assert [c[3] for c in changes(OLD, site)] == ["reception-1, room-1 may now reach files (tcp 873)"]


def test_only_the_new_ports_are_a_gain():
    wider = (*GRANTS[:-1], replace(GRANTS[-1], traffic=(tcp((8443, 8445)), udp(1))))
    assert [c[3] for c in changes(OLD, clinic(grants=wider))] == [
        "reception-1 may now reach emr (tcp 8444-8445 and udp 1)"
    ]


def test_what_is_always_refused_is_no_gain_unless_waived():
    smb = grant("permit:smb", zone("pc"), zone("internet"), tcp(445))
    assert changes(OLD, more(smb)) == []
    assert changes(OLD, more(replace(smb, waived=True)))[0][0] == "access-gained"


def test_ended_permits_count_as_lost_only_when_the_time_is_known():
    after = LATER + timedelta(days=1)
    assert changes(OLD, clinic(grants=GRANTS[:-1]), after) == []
    assert changes(OLD, clinic(grants=GRANTS[:-1]), None) != []


def test_a_lifted_refusal_is_high_and_a_new_one_low():
    assert [c[:3] for c in changes(OLD, clinic(refusals=()))] == [("refusal-removed", "high", "less-protection")]
    assert [c[:3] for c in changes(clinic(refusals=()), OLD)] == [("refusal-added", "low", "more-protection")]


def test_waivers_and_expiry_dates_are_changes_of_their_own():
    waived = clinic(waived_invariants=frozenset({"cam-no-internet"}))
    assert changes(OLD, waived)[0][:2] == ("waiver-added", "high")
    assert changes(waived, OLD)[0][:2] == ("waiver-removed", "low")
    longer = (*GRANTS[:-1], replace(GRANTS[-1], expires=LATER + timedelta(days=30)))
    assert changes(OLD, clinic(grants=longer)) == [
        ("permit-extended", "low", "bookkeeping", "permit:reception-emr now ends on 2027-04-30, not on 2027-03-31")
    ]
    assert changes(clinic(grants=longer), OLD)[0][0] == "permit-shortened"


ENDS = st.sampled_from([zone("pc"), zone("srv"), device("room-1"), device("emr"), device("camera-1")])
MADE = st.lists(st.tuples(ENDS, ENDS, st.integers(1, 9)), max_size=5)


def site_of(made):
    grants = (grant(f"permit:p{i}", s, t, tcp(p)) for i, (s, t, p) in enumerate(made) if s.zone != t.zone)
    return clinic(grants=tuple(grants))


@settings(max_examples=80)
@given(MADE, MADE)
def test_gains_one_way_are_losses_the_other_way(first, second):
    there = [c.params for c in access_changes(site_of(first), site_of(second), NOW) if c.code == "access-gained"]
    back = [c.params for c in access_changes(site_of(second), site_of(first), NOW) if c.code == "access-lost"]

    def pairs(params):
        return {(who, what) for p in params for who in p["who"] for what in p["what"]}

    assert pairs(there) == pairs(back)
    assert list(access_changes(site_of(first), site_of(first), NOW)) == []


def test_the_riskiest_comes_first():
    site = clinic(grants=(*GRANTS[1:], grant("permit:x", device("room-1"), device("emr"), tcp(443))))
    ranks = [ORDER[c.risk] for c in by_risk(access_changes(OLD, site, NOW))]
    assert ranks == sorted(ranks, reverse=True)
    assert len(ranks) == 2
