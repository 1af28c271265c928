"""A lab is there whole or not at all, whatever ended the one before."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.lab import lifecycle, netns, processes
from gateway.lab.errors import LabError
from gateway.lab.folder import SUPERVISOR, Folder, read_processes
from gateway.lab.topology import prefix
from tests.lab.conftest import lab_name, nothing_left

pytestmark = pytest.mark.netns
ROOT = Path(__file__).parents[2]


def test_everything_runs(clinic):
    status = lifecycle.status(clinic.lab)
    assert status.running
    assert status.processes == dict.fromkeys(("world", "enforcer", "watcher", "resolver", "webui"), True)
    assert {host.name for host in status.hosts} >= {"gateway", "internet", "attacker", "reception-1", "probe-guest"}


def test_a_running_lab_is_not_built_over(clinic, small):
    with pytest.raises(LabError, match=r"up already.*lab down"):
        lifecycle.up(small, str(clinic.site), clinic.lab)
    assert lifecycle.status(clinic.lab).running


def test_two_labs_stand_side_by_side(clinic, bare):
    assert lifecycle.status(bare.lab).running
    assert lifecycle.down(bare.lab) == [bare.lab]
    assert nothing_left(bare.lab)
    assert lifecycle.status(clinic.lab).running


def test_down_is_whole_and_can_be_repeated(bare):
    known = [*read_processes(bare).values()]
    assert known
    lifecycle.down(bare.lab)
    assert nothing_left(bare.lab)
    assert not any(processes.is_alive(process) for process in known)
    assert lifecycle.down(bare.lab) == []
    with pytest.raises(LabError, match=f"no lab {bare.lab}"):
        lifecycle.status(bare.lab)


@pytest.mark.parametrize("step", ["authority.make", "load_ruleset", "_start", "status"])
def test_what_was_begun_is_undone_when_a_step_fails(small, small_file, monkeypatch, step):
    def fail(*_arguments, **_more):
        raise LabError("no")

    monkeypatch.setattr(f"gateway.lab.lifecycle.{step}", fail)
    lab = lab_name("f")
    try:
        with pytest.raises(LabError, match="no"):
            lifecycle.up(small, str(small_file), lab, gateway=False)
        assert nothing_left(lab)
    finally:
        lifecycle.down(lab)


def test_an_interrupt_undoes_what_was_begun(small, small_file, monkeypatch):
    def interrupt(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("gateway.lab.lifecycle.write_plan", interrupt)
    with pytest.raises(KeyboardInterrupt):
        lifecycle.up(small, str(small_file), lab_name("i"))
    assert nothing_left(lab_name("i"))


HOLD = """
import sys
from gateway.lab import lifecycle
from tests.gateway.lab.conftest import SMALL, resolve
lifecycle.up(resolve(SMALL), sys.argv[2], sys.argv[1], tied=True)
print("up", flush=True)
sys.stdin.read()
"""


def test_the_next_start_cleans_up_after_a_killed_one(small, small_file):
    """kill -9 leaves namespaces and files; processes end with the one they are tied to."""
    lab = lab_name("k")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, lab, str(small_file)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "up\n"
        known = read_processes(Folder(lab))
        assert {SUPERVISOR, "world", "enforcer"} <= set(known)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        lifecycle.wait_for(lambda: not any(map(processes.is_alive, known.values())), 10, "the end of all processes")
        assert netns.names(prefix(lab))
        lifecycle.up(small, str(small_file), lab, gateway=False)
        assert lifecycle.status(lab).running
    finally:
        holder.kill()
        holder.communicate()
        lifecycle.down(lab)
    assert nothing_left(lab)


def test_a_program_left_in_a_namespace_ends_with_the_lab(bare):
    with netns.inside_named(f"{prefix(bare.lab)}emr"):
        left = subprocess.Popen(["sleep", "600"])
    lifecycle.down(bare.lab)
    assert left.wait(timeout=10) == -signal.SIGTERM


def test_waiting_ends_with_a_reason():
    with pytest.raises(LabError, match="the moon did not come up"):
        lifecycle.wait_for(lambda: False, 0.05, "the moon")
    with pytest.raises(LabError, match="the sun"):
        lifecycle.wait_for(lambda: False, 60, "the sun", alive=lambda: False)


def test_a_program_closed_to_others_is_told_with_the_way_out(small, small_file, tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setattr(lifecycle, "SOURCE", tmp_path)
    with pytest.raises(LabError, match=f"chmod -R go\\+rX {tmp_path}"):
        lifecycle.up(small, str(small_file), lab_name("c"))


def test_only_root_builds_labs(monkeypatch, small, small_file):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="as root"):
        lifecycle.up(small, str(small_file), lab_name("r"))
