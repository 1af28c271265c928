"""`lab` and `demo` at their edges; tests/lab runs them whole."""

import json

import pytest

from gateway.lab import lifecycle


@pytest.fixture
def no_lab(monkeypatch, tmp_path):
    """Commands see a machine without any lab."""
    monkeypatch.setattr("gateway.lab.folder.LABS", tmp_path)
    monkeypatch.setattr(lifecycle, "LABS", tmp_path)


def test_without_a_lab_the_way_out_is_told(no_lab, clinicgate):
    done = clinicgate("lab", "status")
    assert done.returncode == 1 and "clinicgate lab up SITE" in done.stderr
    done = clinicgate("lab", "exec", "emr", "--", "true")
    assert done.returncode == 2 and "clinicgate lab up SITE" in done.stderr


@pytest.mark.parametrize("text", ["4", "x", "1.5", "86401", "-60"])
def test_a_duration_is_whole_seconds(clinicgate, text):
    done = clinicgate("demo", f"--duration={text}")
    assert done.returncode == 2 and "whole seconds from 5" in done.stderr


@pytest.mark.parametrize("command", [("lab", "up"), ("demo",)])
def test_a_wrong_site_builds_nothing(no_lab, clinicgate, broken, command):
    done = clinicgate(*command, broken)
    assert done.returncode == 1 and "no zone 'mgmnt'" in done.stderr


@pytest.mark.netns
def test_a_lab_from_the_command_line(clinicgate, naika):
    if (lifecycle.LABS / lifecycle.DEFAULT_LAB).exists():
        pytest.skip("somebody else's lab is up on this machine")
    try:
        done = clinicgate("lab", "up", naika)
        assert done.returncode == 0 and "generation 1 of" in done.stdout, done.stderr
        told = json.loads(clinicgate("lab", "status", "--json").stdout)
        assert told["running"] and all(told["processes"].values()) and "10.10.20.11" in told["hosts"]["reception-1"]
        done = clinicgate("lab", "exec", "reception-1", "--", "ping", "-c", "1", "-W", "2", "reception-2")
        assert done.returncode == 0 and "1 received" in done.stdout
        done = clinicgate("prove", naika, "--live")
        assert done.returncode == 0 and "sent as real packets: no difference" in done.stdout
    finally:
        assert clinicgate("lab", "down").returncode == 0
    assert clinicgate("lab", "down").stdout == "there was no lab\n"
