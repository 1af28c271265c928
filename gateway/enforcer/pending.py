"""An applied policy that waits for its confirm: the file that survives a crash, and when its time is over.

May live here: the value, its file, the deadline. May not: who may confirm (confirm.py), loading anything.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from gateway import durable
from gateway.enforcer.clock import Moment

SHORTEST, LONGEST, USUAL = 10.0, 3600.0, 90.0  # seconds to confirm within


@dataclass(frozen=True, slots=True)
class Pending:
    """`generation` is loaded; `previous` returns unless `actor` confirms in time. Times as in clock.Moment."""

    generation: int
    previous: int
    actor: str
    confirm_within: float
    applied_wall: float
    applied_boot: float
    boot_id: str

    def seconds_left(self, now: Moment) -> float:
        """On the boot clock, which nobody can set; 0 after another boot."""
        if now.boot_id != self.boot_id:
            return 0.0
        return max(0.0, self.applied_boot + self.confirm_within - now.boot)


def begin(generation: int, previous: int, actor: str, confirm_within: float, now: Moment) -> Pending:
    return Pending(generation, previous, actor, confirm_within, now.wall, now.boot, now.boot_id)


def write(path: Path, pending: Pending) -> None:
    """Durable before anything is loaded, so that no crash can make a policy stay that nobody confirmed."""
    durable.write_json(path, asdict(pending) | {"deadline_wall": pending.applied_wall + pending.confirm_within})


def read(path: Path) -> Pending | None:
    """None when nothing is pending. A file that cannot be read is pending all the same: nobody can confirm it."""
    if not path.exists():
        return None
    values = durable.read_json(path) or {}
    try:
        return Pending(
            int(values["generation"]),
            int(values["previous"]),
            str(values["actor"]),
            float(values["confirm_within"]),
            float(values["applied_wall"]),
            float(values["applied_boot"]),
            str(values["boot_id"]),
        )
    except (KeyError, TypeError, ValueError):
        return Pending(0, 0, "", 0.0, 0.0, 0.0, "")
