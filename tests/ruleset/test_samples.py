"""Representative addresses: never a declared device, never one of ours by mistake, the same every time."""

from dataclasses import replace

from ruleset.resolved import Side
from ruleset.samples import hosts_of, member_of, somebody, stranger
from tests.ruleset.small_clinic import GRANTS, clinic, device, grant, ip, net, tcp, zone


def test_a_stranger_is_in_the_zone_and_is_no_device():
    resolved = clinic()
    for segment in resolved.segments:
        for family in (4, 6):
            sample = stranger(resolved, segment, family)
            if segment.subnet(family) is None:
                assert sample is None
                continue
            assert resolved.segment_of(sample.address) == segment
            assert not any(sample.address in host.addresses for host in resolved.hosts)
            assert not resolved.is_gateway(sample.address)


def test_a_device_at_the_top_of_the_subnet_is_stepped_over():
    resolved = clinic()
    top = stranger(resolved, resolved.segment("pc"), 4).address
    taken = replace(resolved, hosts=(replace(resolved.hosts[0], addresses=(top,)), *resolved.hosts[1:]))
    assert stranger(taken, resolved.segment("pc"), 4).address == top - 1


def test_somebody_on_the_internet_is_outside_and_not_mentioned():
    everywhere = grant("permit:x", zone("pc"), Side("internet", "x", net("198.51.100.0/24")), tcp(1))
    address = somebody(clinic(grants=(*GRANTS, everywhere)), 4)
    assert address == ip("192.0.2.77")
    assert somebody(clinic(), 4) == ip("198.51.100.77")
    assert somebody(clinic(), 6).version == 6


def test_a_device_side_is_that_device_and_a_network_its_first_host():
    resolved = clinic()
    assert member_of(resolved, device("emr"), 6).host == "emr"
    assert member_of(resolved, device("files"), 6) is None
    mail = Side("internet", "mail", net("192.0.2.0/28"))
    assert member_of(resolved, mail, 4).address == ip("192.0.2.1")


def test_the_hosts_of_a_zone_come_in_the_order_of_the_site():
    assert [s.host for s in hosts_of(clinic(), "pc", 4)] == ["reception-1", "room-1"]
    assert [s.host for s in hosts_of(clinic(), "srv", 6)] == ["emr"]
