"""The guard of the test session sees what is left, takes away what is ours, and leaves the rest alone."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests import leftovers
from tests.leftovers import Presence, nothing_is_left, processes_of

NAME = f"{leftovers.PREFIX}guard-{os.getpid()}"


@pytest.fixture(autouse=True)
def keep_mark(monkeypatch):
    """The inner guard overwrites the mark of the session that runs this test."""
    monkeypatch.setenv(leftovers.SESSION_VARIABLE, os.environ[leftovers.SESSION_VARIABLE])


def test_process_left_running_is_named_and_ended():
    with nothing_is_left() as found:
        child = subprocess.Popen(["sh", "-c", "echo up; exec sleep 60"], start_new_session=True, stdout=subprocess.PIPE)
        assert child.stdout.readline() == b"up\n"
        assert child.pid in processes_of(os.environ[leftovers.SESSION_VARIABLE])
    assert any(line.startswith(f"process {child.pid} ") for line in found)
    assert child.wait(timeout=5) == -signal.SIGKILL
    child.stdout.close()


def test_process_that_ended_is_no_leftover():
    with nothing_is_left() as found:
        subprocess.run(["true"], check=True)
    assert not any(line.startswith("process") for line in found)


@pytest.mark.netns
def test_namespace_left_is_seen_and_removed():
    before = leftovers.traces()
    subprocess.run(["ip", "netns", "add", NAME], check=True)
    left = leftovers.ours(leftovers.traces() - before)
    assert f"file {leftovers.NAMESPACES / NAME}" in left.names()
    leftovers.remove(leftovers.Traces(frozenset({leftovers.NAMESPACES / NAME}), frozenset(), frozenset()))
    assert not (leftovers.NAMESPACES / NAME).exists()


@pytest.mark.netns
def test_link_left_in_the_root_namespace_is_seen_and_removed():
    name = f"{leftovers.PREFIX}{os.getpid()}"[:15]
    before = leftovers.traces()
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    left = leftovers.traces() - before
    assert f"link {name}" in left.names()
    leftovers.remove(leftovers.Traces(frozenset(), frozenset(), frozenset({name})))
    assert not Path(f"/sys/class/net/{name}").exists()


def test_names_of_other_programs_are_not_ours():
    strange = leftovers.Traces(frozenset({Path("/run/netns/vpn"), Path("/etc/netns/vpn")}), frozenset(), frozenset())
    assert leftovers.ours(strange).names() == []


def test_second_session_on_the_machine_is_noticed(tmp_path):
    first, second = Presence(tmp_path), Presence(tmp_path)
    assert first.alone()
    assert not second.alone()
    first.close()
    assert second.alone()
    second.close()
