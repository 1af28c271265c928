"""The nearest permission: the closest first, with every point that differs."""

from datetime import UTC, datetime

from ruleset.compile import compile_ruleset
from ruleset.explain_near import Asked, nearest, traffic_words
from ruleset.live import NOTHING_LIVE
from ruleset.packet import Packet
from ruleset.resolved import Side, Traffic
from tests.ruleset.small_clinic import GRANTS, LATER, NOW, clinic, forward, grant, ip, tcp, udp, zone

PORTS = {"pc": "eth1.20", "cam": "eth1.60", "internet": "eth0"}


def near(source, src, target, dst, protocol, port, resolved=None, now=NOW):
    resolved = resolved or clinic(forwards=(forward(),))
    packet = Packet(PORTS[source], ip(src), ip(dst), protocol, port)
    asked = Asked(source, target, source, target, packet)
    return nearest(resolved, compile_ruleset(resolved, NOTHING_LIVE, now), asked)


def test_the_permit_with_another_port_is_nearest():
    first = near("pc", "10.20.20.11", "srv", "10.20.30.10", "tcp", 443)[0]
    assert first.grant_id == "permit:reception-emr"
    assert first.differs == ("it allows tcp 8443, you asked tcp 443",)
    assert (first.origin.file, first.origin.line) == ("site.yaml", 40)


def test_the_permit_for_another_device_names_the_device():
    first = near("pc", "10.20.20.12", "srv", "10.20.30.10", "tcp", 8443)[0]
    assert first.differs == ("it is for reception-1, you asked for pc",)


def test_a_closer_port_wins():
    resolved = clinic(grants=(grant("permit:far", zone("pc"), zone("srv"), tcp(9000)), *GRANTS[-1:]))
    found = near("pc", "10.20.20.11", "srv", "10.20.30.10", "tcp", 8444, resolved)
    assert [n.grant_id for n in found] == ["permit:reception-emr", "permit:far"]


def test_another_protocol_is_further_than_another_port():
    both = (grant("permit:t", zone("pc"), zone("srv"), tcp(1)), grant("permit:u", zone("pc"), zone("srv"), udp(443)))
    found = near("pc", "10.20.20.11", "srv", "10.20.30.10", "tcp", 443, clinic(grants=both))
    assert [n.grant_id for n in found] == ["permit:t", "permit:u"]


def test_an_ended_permit_says_when():
    after = datetime(2028, 1, 1, tzinfo=UTC)
    first = near("pc", "10.20.20.11", "srv", "10.20.30.10", "tcp", 8443, clinic(), after)[0]
    assert first.differs == (f"it ended on {LATER.date().isoformat()}",)


def test_a_permission_for_names_says_that_addresses_must_be_learned():
    update = grant("pack:update", zone("pc"), Side("internet", "internet", learned=True), tcp(8530))
    first = near("pc", "10.20.20.11", "internet", "198.51.100.7", "tcp", 8530, clinic(grants=(update,)))[0]
    assert "learned" in first.differs[0]


def test_forwards_are_the_only_permissions_of_the_internet():
    found = near("internet", "198.51.100.7", "gateway", "203.0.113.2", "tcp", 22)
    assert [n.grant_id for n in found] == ["forward:vpn"]


def test_nothing_comes_near_when_nothing_shares_an_end():
    assert near("cam", "10.20.60.11", "srv", "10.20.30.10", "tcp", 1, clinic(grants=(GRANTS[0],))) == ()


def test_what_the_default_policy_gives_to_another_zone_is_not_near_but_a_permit_of_another_zone_is():
    given = (grant("pack:base:pc-web", zone("pc"), zone("internet"), tcp(443)),)
    assert near("cam", "10.20.60.11", "internet", "198.51.100.7", "tcp", 443, clinic(grants=given)) == ()
    permit = (grant("permit:pc-web", zone("pc"), zone("internet"), tcp(443), kind="permit"),)
    found = near("cam", "10.20.60.11", "internet", "198.51.100.7", "tcp", 443, clinic(grants=permit))
    assert [n.differs for n in found] == [("it is for pc, you asked for cam",)]


def test_what_shares_only_the_source_is_not_near():
    dhcp = (grant("core:input:dhcp", zone("pc"), zone("gateway"), udp(67)),)
    assert near("pc", "10.20.20.11", "cam", "10.20.60.11", "tcp", 443, clinic(grants=dhcp)) == ()
    assert near("pc", "10.20.20.11", "gateway", "10.20.20.1", "tcp", 443, clinic(grants=dhcp)) != ()


def test_at_most_three_and_each_grant_once():
    many = tuple(grant(f"permit:p{i % 5}", zone("pc"), zone("srv"), tcp(100 + i)) for i in range(30))
    found = near("pc", "10.20.20.11", "srv", "10.20.30.10", "tcp", 99, clinic(grants=many))
    assert [n.grant_id for n in found] == ["permit:p0", "permit:p1", "permit:p2"]


def test_traffic_is_said_in_words_and_shortened():
    assert traffic_words((tcp(80, (5000, 5010)), Traffic("echo"))) == "tcp 80, 5000-5010 and ping"
    assert traffic_words((Traffic("udp"),)) == "udp on every port"
    assert traffic_words((tcp(*range(1, 21, 2)),)) == "tcp 1, 3, 5, 7, 9, 11, 4 more"
