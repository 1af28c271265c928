"""Processes are started again when they die, read their program where they may, and end with the supervisor."""

import os
import signal
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.lab import lifecycle, processes
from gateway.lab.folder import SUPERVISOR, read_processes
from gateway.lab.person import names_answer
from gateway.lab.supervisor import ANCHOR, LOG_LIMIT, Supervisor

pytestmark = pytest.mark.netns
CAPABILITIES = {"watcher": 0, "webui": 0, "resolver": 1 << 10}


def test_what_dies_is_started_again(bare):
    before = read_processes(bare)["world"]
    os.kill(before.pid, signal.SIGKILL)

    def again():
        now = read_processes(bare).get("world")
        return now is not None and now != before and processes.is_alive(now)

    lifecycle.wait_for(again, 10, "another world")
    assert "ended with status -9; starts again" in bare.log.read_text()


def test_all_end_with_a_killed_supervisor(bare):
    known = read_processes(bare)
    os.kill(known[SUPERVISOR].pid, signal.SIGKILL)
    lifecycle.wait_for(lambda: not any(map(processes.is_alive, known.values())), 10, "the end of all processes")
    assert not lifecycle.status(bare.lab).running


@pytest.mark.parametrize("name", CAPABILITIES)
def test_rights_in_the_kernels_own_words(clinic, name):
    process = read_processes(clinic.folder)[name]
    about = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    assert int(about["CapEff"], 16) == int(about["CapBnd"], 16) == CAPABILITIES[name]
    assert about["NoNewPrivs"] == "1"
    assert "0" not in about["Uid"].split()


def test_the_enforcer_may_administer_the_network_and_not_everything(clinic):
    process = read_processes(clinic.folder)["enforcer"]
    about = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    held = int(about["CapEff"], 16)
    assert held & (1 << 12)  # CAP_NET_ADMIN
    assert not held & (1 << 21)  # CAP_SYS_ADMIN
    assert not held & (1 << 10)  # CAP_NET_BIND_SERVICE


def test_the_programs_mount_is_seen_by_its_processes_alone(clinic):
    place = f" {clinic.folder.code} "
    assert place not in Path("/proc/self/mountinfo").read_text()
    process = read_processes(clinic.folder)["webui"]
    mounts = [line for line in Path(f"/proc/{process.pid}/mountinfo").read_text().splitlines() if place in line]
    assert len(mounts) == 1
    assert mounts[0].split()[5].startswith("ro")


def test_the_labs_root_zone_is_trusted_by_its_processes_alone(clinic):
    if not ANCHOR.exists():
        pytest.skip(f"no {ANCHOR} (Debian package dns-root-data)")
    process = read_processes(clinic.folder)["resolver"]
    seen = Path(f"/proc/{process.pid}/root{ANCHOR}").read_text()
    assert seen == clinic.folder.anchor.read_text()
    assert seen.startswith(". 60 IN DS ")
    assert seen != ANCHOR.read_text()


def test_a_killed_resolver_is_started_again_at_once_and_answers(clinic):
    before = read_processes(clinic.folder)["resolver"]
    os.kill(before.pid, signal.SIGKILL)
    lifecycle.wait_for(lambda: not processes.is_alive(before), 10, "its end")
    names_answer(clinic.record.host("reception-1"), ip_address("10.20.20.1"))
    assert read_processes(clinic.folder)["resolver"] != before
    told = [line for line in clinic.folder.log.read_text().splitlines() if line.startswith("resolver: ended")]
    assert told[-1] == "resolver: ended with status -9; starts again in 0.1 s"


def test_a_log_does_not_grow_without_bound(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.lab.folder.LABS", tmp_path)
    from gateway.lab.folder import Folder

    folder = Folder("t1")
    folder.root.mkdir()
    supervisor = Supervisor(folder, ())
    line = "x" * 100_000
    for _ in range(100):
        supervisor._write("webui", line)
    assert 0 < folder.log.stat().st_size <= LOG_LIMIT
