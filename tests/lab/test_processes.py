"""Processes are recognised for certain before they are signalled, and all of them end."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from gateway.lab import netns, processes
from gateway.lab.processes import identify, is_alive

STUBBORN = (
    "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); sys.stdin.read()"
)


@pytest.fixture
def stubborn():
    child = subprocess.Popen([sys.executable, "-c", STUBBORN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    yield child
    child.kill()
    child.communicate()


def test_a_number_that_was_used_again_is_another_process(stubborn):
    now = identify(stubborn.pid)
    earlier = replace(now, started=now.started - 1)
    assert is_alive(now)
    assert not is_alive(earlier)
    processes.end([earlier], grace=0.0)
    assert stubborn.poll() is None


def test_who_does_not_listen_is_killed(stubborn):
    processes.end([identify(stubborn.pid)], grace=0.1)
    assert stubborn.wait(timeout=5) == -signal.SIGKILL


def test_what_has_ended_is_nobody(stubborn):
    pid = stubborn.pid
    stubborn.kill()
    stubborn.wait()
    assert identify(pid) is None
    assert not is_alive(None)


@pytest.mark.netns
def test_everybody_in_a_namespace_is_found_and_nobody_else():
    name = f"cg-p{os.getpid()}"
    netns.create(name)
    try:
        with netns.inside_named(name):
            inside = subprocess.Popen(["sleep", "600"])
        outside = subprocess.Popen(["sleep", "600"])
        assert processes.inside_namespaces([name]) == [identify(inside.pid)]
        assert processes.inside_namespaces([]) == []
        for child in (inside, outside):
            child.kill()
            child.wait()
    finally:
        netns.delete(name)
