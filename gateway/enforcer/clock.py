"""The clocks the enforcer needs: people's time, and the time since boot that nobody can set.

May live here: reading clocks and the boot's identity, and the end of a tick. May not: deadlines (pending.py).
"""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks: `wall` in seconds since 1970, `boot` in seconds since boot (sleep included)."""

    wall: float
    boot: float
    boot_id: str

    def utc(self) -> datetime:
        return datetime.fromtimestamp(self.wall, UTC)


def now() -> Moment:
    boot_id = BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""
    return Moment(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), boot_id)


def pass_tick(moment: Moment) -> None:
    """Wait until a process that starts now is younger than `moment` by /proc as well, which counts in ticks (10 ms)."""
    tick = 1 / os.sysconf("SC_CLK_TCK")
    while (left := (moment.boot // tick + 1) * tick - time.clock_gettime(time.CLOCK_BOOTTIME)) > 0:
        time.sleep(left)
