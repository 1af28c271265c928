"""`lab` and `demo` at their edges; tests/lab runs them whole."""

import json
import os

import pytest

from gateway.lab import lifecycle

NOBODY = 65534


@pytest.fixture
def no_lab(monkeypatch, tmp_path):
    """Commands see a machine without any lab."""
    monkeypatch.setattr("gateway.lab.folder.LABS", tmp_path)
    monkeypatch.setattr(lifecycle, "LABS", tmp_path)


def test_without_a_lab_the_way_out_is_told(no_lab, clinicgate):
    done = clinicgate("lab", "status")
    assert done.returncode == 3 and "clinicgate lab up SITE" in done.stderr


@pytest.mark.netns
def test_whatever_needs_the_lab_says_so_in_one_line(no_lab, clinicgate, naika):
    for words in (["lab", "exec", "emr", "--", "true"], ["lab", "apply", naika], ["lab", "confirm"],
                  ["prove", naika, "--live"]):  # fmt: skip
        done = clinicgate(*words)
        assert done.returncode == 3 and "clinicgate lab up SITE" in done.stderr, words
        assert done.stderr.count("\n") == 1 and done.stdout == "", words


@pytest.mark.netns
def test_whatever_enters_the_lab_is_for_root(clinicgate, naika):
    os.seteuid(NOBODY)
    try:
        found = [
            clinicgate(*words)
            for words in (["lab", "exec", "emr", "--", "true"], ["lab", "apply", naika], ["lab", "confirm"],
                          ["prove", naika, "--live"])
        ]  # fmt: skip
    finally:
        os.seteuid(0)
    assert all(done.returncode == 2 and "run it as root" in done.stderr for done in found)
    assert all(done.stderr.count("\n") == 1 for done in found)


def test_another_lab_is_told_with_a_way_out(no_lab, clinicgate, tmp_path):
    (tmp_path / "brk").mkdir()
    done = clinicgate("lab", "status")
    assert "brk is of a test or another program" in done.stderr and "clinicgate lab down --all" in done.stderr


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
        done = clinicgate("lab", "apply", naika, "--confirm-within", "60s")
        assert done.returncode == 0 and "Generation 2 is loaded and waits 60 s" in done.stdout, done.stderr
        assert "clinicgate lab confirm" in done.stdout
        done = clinicgate("lab", "confirm")
        assert done.returncode == 0 and "Generation 2 stays" in done.stdout, done.stderr
        done = clinicgate("lab", "confirm")
        assert done.returncode == 1 and "nothing waits" in done.stderr
    finally:
        assert clinicgate("lab", "down").returncode == 0
    assert clinicgate("lab", "down").stdout == "there was no lab\n"
