"""The kernel's word on the time, and the trust anchor's age."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.resolver import unbound_clock


def test_the_kernel_says_the_same_to_another_program() -> None:
    asked = "import ctypes; print(ctypes.CDLL(None).adjtimex(bytes(512)))"
    state = int(subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout)
    assert unbound_clock.synchronised() is (0 <= state != 5)


def test_a_time_before_the_anchor_was_installed_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unbound_clock, "synchronised", lambda: True)
    anchor = tmp_path / "anchor"
    anchor.touch()
    assert unbound_clock.time_is_known(anchor)
    later = time.time() + 1000
    os.utime(anchor, (later, later))
    assert not unbound_clock.time_is_known(anchor)


def test_an_unsynchronised_time_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unbound_clock, "synchronised", lambda: False)
    assert not unbound_clock.time_is_known(tmp_path)


def test_a_time_that_is_vouched_for_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unbound_clock, "synchronised", lambda: False)
    monkeypatch.setenv("CLINICGATE_TIME", "known")
    assert unbound_clock.time_is_known(tmp_path)
    monkeypatch.setenv("CLINICGATE_TIME", "perhaps")
    assert not unbound_clock.time_is_known(tmp_path)
