"""The file that survives a crash, and the clock its deadline runs on."""

from pathlib import Path

import pytest

from gateway.enforcer import pending
from gateway.enforcer.clock import Moment
from gateway.enforcer.pending import Pending

APPLIED = Moment(wall=1000.0, boot=50.0, boot_id="boot-1")
WAITING = pending.begin(7, 6, "alice", 90.0, APPLIED)


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        (APPLIED, 90.0),
        (Moment(1010.0, 60.0, "boot-1"), 80.0),
        (Moment(1091.0, 140.0, "boot-1"), 0.0),
        (Moment(5000.0, 60.0, "boot-1"), 80.0),  # somebody set the clock: it does not count
        (Moment(10.0, 60.0, "boot-1"), 80.0),
        (Moment(1001.0, 51.0, "boot-2"), 0.0),  # another boot: the time is over
    ],
)
def test_time_runs_on_the_clock_nobody_can_set(moment: Moment, left: float) -> None:
    assert WAITING.seconds_left(moment) == left


def test_it_survives_the_way_to_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "pending.json"
    assert pending.read(file) is None
    pending.write(file, WAITING)
    assert pending.read(file) == WAITING


@pytest.mark.parametrize("content", ["", "{", "[]", '{"generation": "x"}', '{"generation": 7}', "\x00\xff"])
def test_a_file_that_cannot_be_read_is_pending_and_nobody_can_confirm_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "pending.json"
    file.write_text(content)
    found = pending.read(file)
    assert isinstance(found, Pending)
    assert (found.actor, found.seconds_left(APPLIED)) == ("", 0.0)
