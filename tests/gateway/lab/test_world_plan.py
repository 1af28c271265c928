"""What devices and the internet answer."""

import pytest

from gateway.lab.world_plan import any_port, read_plan, world_plan, write_plan


@pytest.fixture
def planned(small, small_topology):
    return world_plan(small_topology, small)


def test_a_device_answers_on_the_ports_that_somebody_may_use(planned):
    services = {device.namespace: device for device in planned.devices}
    assert 8443 in services["cg-t1-emr"].tcp  # the permit
    assert 443 in services["cg-t1-emr"].tcp  # the default matrix
    assert "cg-t1-reception-1" not in services  # nothing may start towards a PC


def test_the_number_of_ports_is_bounded(planned):
    assert all(len(device.tcp) <= 24 and len(device.udp) <= 24 for device in planned.devices)


def test_a_plan_survives_its_file(planned, tmp_path):
    write_plan(tmp_path / "world.json", planned)
    assert read_plan(tmp_path / "world.json") == planned


def test_what_goes_to_the_attacker_is_not_answered_by_the_internet(small_topology):
    text = any_port(small_topology)
    assert "ip daddr 192.0.2.102 return" in text
    assert "ATTACKER" not in text
