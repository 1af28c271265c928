"""The power goes while the enforcer changes its state: afterwards the state is whole, and what was promised is there.

The lab kernel with its unwritten pages is killed at random moments; its disk stays and is used again. This loses what
was not synced; it does not reorder what a disk holds in its own cache.
"""

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.kernel import uml

CUTS = int(os.environ.get("CLINICGATE_POWER_CUTS", "3"))
SEED = int(os.environ.get("CLINICGATE_POWER_CUT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
JOB = uml.HERE / "power_cut.py"
START_SECONDS = 60.0
LONGEST_STEP = 0.3  # seconds between two promises, about

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.timeout(60 + 30 * CUTS),
    pytest.mark.skipif(shutil.which("mke2fs") is None, reason="mke2fs is not installed (Debian package e2fsprogs)"),
]


@dataclass
class Promised:
    """What the enforcer had promised up to a cut, read from what it told."""

    confirmed: int = 0
    confirming: int = 0
    isolated: set[str] = field(default_factory=set)

    def hear(self, told: dict[str, Any]) -> None:
        if told["what"] == "confirmed":
            self.confirmed = told["value"]
        elif told["what"] == "confirming":
            self.confirming = told["value"]
        elif told["what"] == "isolated":
            self.isolated.add(told["value"])


def test_the_state_is_whole_after_each_power_cut(tmp_path: Path, figure: Callable[[str], None]) -> None:
    disk, dice = _new_disk(tmp_path), random.Random(SEED)
    promised, notes = Promised(), 0
    for cut in range(CUTS):
        machine = uml.start(JOB, tmp_path / f"boot{cut}", ["work"], disk=disk)
        # Now and then the cut comes while the enforcer still reads what the last one left; the first does not.
        early = cut > 0 and dice.random() < 0.25
        _wait_for(machine, 1 if early else dice.randint(6, 25))
        time.sleep(dice.uniform(0.0, LONGEST_STEP))  # the moment of the cut is the test's input
        machine.cut_power()
        told = _told(machine)
        _judge(told, promised, f"before cut {cut} of seed {SEED}")
        for note in told:
            promised.hear(note)
        notes += len(told)
    last = uml.start(JOB, tmp_path / "last", ["look"], disk=disk)
    assert last.wait(START_SECONDS) == 0, last.output
    assert _judge(_told(last), promised, f"after the last cut of seed {SEED}")
    assert promised.confirmed, f"nothing was ever confirmed in {CUTS} boots (seed {SEED})"
    figure(f"power cuts: {CUTS}, promises told: {notes}, generations confirmed up to {promised.confirmed}, seed {SEED}")


def _judge(told: list[dict[str, Any]], promised: Promised, when: str) -> bool:
    """Compare what a start found with what was promised before; answer: whether that start came to its end."""
    found = next((note["value"] for note in told if note["what"] == "started"), None)
    if found is None:
        return False
    allowed = {promised.confirmed, max(promised.confirmed, promised.confirming)}
    assert found["loaded"] in allowed, f"{when}: {found} loaded, promised {promised}"
    assert found["compiled"] or found["loaded"] == 0, f"{when}: {found}"
    assert found["broken"] == [] and found["leftovers"] == [] and not found["pending"], f"{when}: {found}"
    assert promised.isolated <= set(found["isolated"]), f"{when}: {found}, promised {promised}"
    assert found["audit"] == [] and found["troubles"] == [], f"{when}: {found}"
    promised.confirmed = found["loaded"]  # a confirm that came through before it could be told counts from now on
    return True


def _new_disk(folder: Path) -> Path:
    disk = folder / "disk.ext4"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", disk, "64M"], check=True, capture_output=True)
    return disk


def _told(machine: uml.Machine) -> list[dict[str, Any]]:
    file = machine.share / "promises"
    lines = file.read_text().split("\n")[:-1] if file.exists() else []  # a line without its end was not told
    return [json.loads(line) for line in lines]


def _wait_for(machine: uml.Machine, promises: int) -> None:
    """Until it has told that many lines; the first is that it starts, the second what it found."""
    deadline = time.monotonic() + START_SECONDS
    while len(_told(machine)) < promises:
        assert machine.process.poll() is None, f"the lab kernel ended by itself:\n{machine.output}"
        assert time.monotonic() < deadline, f"told {_told(machine)} within {START_SECONDS:g} s:\n{machine.output}"
        time.sleep(0.01)
