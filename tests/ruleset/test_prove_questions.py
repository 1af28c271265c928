"""The choice of questions: every pair, both families, the ports that matter, a bounded number."""

from itertools import product

from ruleset.packet import EPHEMERAL
from ruleset.prove_questions import questions
from ruleset.resolved import Side
from tests.ruleset.small_clinic import GRANTS, clinic, device, forward, grant, ip, tcp, zone

CLINIC = clinic(forwards=(forward(),))
OFFLINE = questions(CLINIC)
LIVE = questions(CLINIC, "live")


def pairs(asked, family):
    return {(q.source, q.target) for q in asked if q.packet.family == family}


def test_every_ordered_pair_is_asked_in_both_families():
    zones4, zones6 = ["mgmt", "pc", "srv", "cam"], ["mgmt", "pc", "srv"]
    for family, zones in ((4, zones4), (6, zones6)):
        for source, target in product([*zones, "internet"], [*zones, "internet", "gateway"]):
            assert ((source, target) in pairs(OFFLINE, family)) is (source != target)
    assert ("cam", "gateway") not in pairs(OFFLINE, 6)


def test_ids_are_unique_and_the_same_in_every_run():
    assert len({q.id for q in OFFLINE}) == len(OFFLINE)
    assert [q.id for q in questions(CLINIC)] == [q.id for q in OFFLINE]


def wires(source, target, source_host="", target_host="", asked=OFFLINE):
    return {
        q.wire
        for q in asked
        if (q.source, q.target, q.source_host, q.target_host) == (source, target, source_host, target_host)
    }


def test_a_permit_is_asked_with_its_neighbours_and_with_people_it_does_not_mean():
    assert {"tcp 8442", "tcp 8443", "tcp 8444"} <= wires("pc", "srv", "reception-1", "emr")
    assert "tcp 8443" in wires("pc", "srv", "", "emr")
    assert "tcp 8443" in wires("pc", "srv", "reception-1", "")
    assert "tcp 8443" in wires("pc", "srv")


def test_the_always_refused_list_is_asked_towards_the_internet():
    assert {"tcp 445", "udp 445", "tcp 80", "echo"} <= wires("cam", "internet")


def test_one_port_of_each_protocol_is_named_by_nobody():
    named = {p for g in CLINIC.grants for t in g.traffic for r in t.ports for p in (r.first, r.last)} | {445}
    asked = [wire.split() for wire in wires("cam", "srv")]
    for protocol in ("tcp", "udp"):
        assert any(w[0] == protocol and int(w[1]) not in named | {22, 80, 3389, 67} for w in asked if len(w) == 2)


def test_forwards_are_asked_from_the_internet_and_around():
    assert {"udp 51819", "udp 51820", "udp 51821", "tcp 22"} <= wires("internet", "gateway")
    assert "udp 51820" in wires("internet", "srv", "", "emr")


def test_a_learned_address_is_asked_both_ways():
    update = grant("pack:update", zone("srv"), Side("internet", "internet", learned=True), tcp(443))
    asked = [q for q in questions(clinic(grants=(*GRANTS, update))) if (q.source, q.target) == ("srv", "internet")]
    assert {q.learned for q in asked if q.wire == "tcp 443"} == {True, False}
    assert not any(q.learned for q in questions(clinic(grants=(*GRANTS, update)), "live"))


def test_live_questions_come_from_declared_devices_and_are_far_fewer():
    assert all(q.source_host for q in LIVE if q.source != "internet")
    assert all(q.target_host for q in LIVE if q.target not in ("internet", "gateway"))
    assert len(LIVE) < len(OFFLINE) / 3
    assert all(q.packet.mac for q in LIVE if q.source_host)


def test_live_questions_ask_somebody_whom_a_permit_does_not_mean():
    """The first device of a zone may be the very one that is meant: then it is another one."""
    narrow = clinic(grants=(grant("permit:narrow", device("reception-1"), device("emr"), tcp(7777)),))
    asked = {(q.source_host, q.target_host) for q in questions(narrow, "live") if q.wire == "tcp 7777"}
    assert {("reception-1", "emr"), ("room-1", "emr"), ("reception-1", "files")} <= asked


def test_live_questions_ask_strangers_for_names():
    asked = {(q.source, q.wire) for q in LIVE if q.target == "internet"}
    assert {("cam", "udp 53"), ("cam", "tcp 53"), ("pc", "udp 53")} <= asked


def test_live_questions_use_the_internet_they_are_given():
    asked = questions(CLINIC, "live", (ip("198.51.100.7"),))
    outside = {q.packet.dst for q in asked if q.target == "internet"}
    assert outside == {ip("198.51.100.7")}


def test_sources_use_an_ephemeral_port_and_enter_by_their_own_interface():
    assert {q.packet.sport for q in OFFLINE} == {EPHEMERAL}
    for question in OFFLINE:
        assert question.packet.iif in CLINIC.interfaces(question.source)


def test_the_number_stays_reasonable():
    assert len(OFFLINE) < 2000
