"""Processes of a lab: recognising them for certain, waiting for them, ending them.

May live here: /proc and pid descriptors (pidfd_open(2)). May not: starting anything.
"""

import os
import select
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gateway.lab import netns
from gateway.lab.folder import Process

PROC = Path("/proc")
TERM_SECONDS = 5.0
KILL_SECONDS = 5.0


def identify(pid: int) -> Process | None:
    """The process with that number at this moment; None when there is none, or only its remains."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before it may hold anything
    return None if fields[0] in "ZX" else Process(pid, int(fields[19]))


def is_alive(process: Process | None) -> bool:
    """Whether this very process still runs."""
    return process is not None and identify(process.pid) == process


def inside_namespaces(names: Iterable[str]) -> list[Process]:
    """Every process whose network namespace is one of these, whoever started it; never this process itself."""
    wanted = {number for name in names if (number := _inode(netns.NAMED / name)) is not None}
    found = []
    for path in PROC.iterdir() if wanted else ():
        if path.name.isdigit() and int(path.name) != os.getpid() and _inode(path / "ns/net") in wanted:
            process = identify(int(path.name))
            if process is not None:
                found.append(process)
    return found


def end(processes: Iterable[Process], grace: float = TERM_SECONDS) -> None:
    """SIGTERM, up to `grace` seconds, then SIGKILL; returns when all are gone.

    Each is checked before it is signalled."""
    waiting = [(process, descriptor) for process in set(processes) if (descriptor := _open(process)) is not None]
    try:
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, KILL_SECONDS)):
            for _, descriptor in waiting:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, number)
            waiting = _still_there(waiting, seconds)
    finally:
        for _, descriptor in waiting:
            os.close(descriptor)


def _still_there(waiting: list[tuple[Process, int]], seconds: float) -> list[tuple[Process, int]]:
    """Waits for the ends of all; closes the descriptors of those that ended."""
    left = []
    for process, descriptor in waiting:
        if select.select([descriptor], [], [], seconds)[0]:  # readable when the process has ended
            os.close(descriptor)
        else:
            left.append((process, descriptor))
            seconds = 0.0
    return left


def _open(process: Process) -> int | None:
    """A descriptor on exactly this process: opened first, then checked, so its number cannot change hands between."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    if identify(process.pid) == process:
        return descriptor
    os.close(descriptor)
    return None


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
