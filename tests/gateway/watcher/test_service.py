"""The whole watcher beside the real enforcer: what a camera tries is in the store, truly counted, whoever is late."""

import time
from collections.abc import Iterator

import pytest

from gateway.events import Kind
from gateway.health import read_sign_of_life
from gateway.report import Reason, summary
from tests.gateway.watcher.world import World, ended, said, world

pytestmark = pytest.mark.netns


@pytest.fixture
def clinic() -> Iterator[World]:
    with world() as made:
        yield made


def blocked(count: int = 1) -> dict[str, object]:
    row = ["10.10.20.11", "bad.example", "A", "nxdomain", "listed", "malware", "bad.example", count]
    return {"kind": "dns_blocked", "at": time.time(), "lost": 0, "entries": [row]}


def test_a_camera_that_knocks_is_one_row_with_the_kernels_count(clinic: World):
    clinic.enforcer()
    watcher = clinic.watcher()
    said(watcher, "packet log open")
    clinic.knock(1000)
    clinic.report(**blocked(3))
    clinic.report(kind="nonsense")
    assert ended(watcher) == 0
    past = summary(clinic.paths.events_database, time.time())
    camera, reception = past.today.attempts
    assert (camera.zone, camera.source, camera.target, camera.reason) == (
        "cam",
        "camera-1",
        "internet",
        Reason.NOT_PERMITTED,
    )
    assert (camera.count, camera.at_least) == (1000, False)
    assert [(place.destination, place.service) for place in camera.places] == [("198.51.100.7", "udp/10001")]
    assert 20 <= past.today.packets_described < 1000  # the log has a budget for each device
    assert (reception.zone, reception.source, reception.count) == ("pc", "", 3)  # the site names the zone only
    assert [(loss.cause.value, loss.count) for loss in past.losses] == [("datagram_unreadable", 1)]
    assert past.facts["clinic"] == "内科クリニック(例)"
    assert str(past.now.tzinfo) == "Asia/Tokyo"
    assert [h.kind for h in past.happenings] == [Kind.POLICY_APPLIED]


def test_it_starts_before_the_enforcer_and_survives_its_restart(clinic: World):
    watcher = clinic.watcher()
    said(watcher, "no enforcer at")
    clinic.report(**blocked())
    enforcer = clinic.enforcer()
    said(watcher, "packet log open")
    clinic.knock(2)
    enforcer.kill()  # not asked to end: killed
    enforcer.wait()
    said(watcher, "enforcer:")
    clinic.knock(3)  # the log goes on without the enforcer
    clinic.enforcer()
    said(watcher, "enforcer: answers")
    clinic.knock(4)
    assert ended(watcher) == 0
    past = summary(clinic.paths.events_database, time.time())
    # Nobody was known at first, nor the clinic's time zone: the first report may bear another day's date.
    assert {(a.source, a.count) for a in past.week.attempts} == {("camera-1", 9), ("", 1)}
    assert past.losses == ()


def test_the_sign_of_life_is_given_and_withdrawn(clinic: World):
    clinic.enforcer()
    watcher = clinic.watcher()
    said(watcher, "packet log open")
    said_first = read_sign_of_life(clinic.paths.run)
    assert float(said_first["heartbeat"]) == pytest.approx(time.time(), abs=30)
    assert 0 < float(said_first["disk_free_percent"]) <= 100
    assert ended(watcher) == 0
    assert read_sign_of_life(clinic.paths.run) == {}
    assert not clinic.paths.events_socket.exists()


def test_a_folder_it_may_not_write_to_is_named(clinic: World):
    clinic.paths.state.chmod(0o755)
    watcher = clinic.watcher()
    assert "cannot start" in said(watcher, "watcher:")
    assert watcher.wait(30) == 1
