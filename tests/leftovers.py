"""What a test session may leave on the machine: nothing. This module sees what is left and takes it away.

May live here: looking at namespaces, mounts, links, run files and processes, and removing those of this session.
May not: anything about one feature. Tests share the machine with other sessions and with a running demo, so
what stood there before is never touched, and what appeared while another session ran is named but not blamed.
"""

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SESSION_VARIABLE = "CLINICGATE_TEST_SESSION"
PREFIX = "cg-"
NAMESPACES = Path("/run/netns")
FOLDERS = (NAMESPACES, Path("/etc/netns"), Path("/run/clinicgate"))
OURS = ("clinicgate", "gateway.enforcer", "gateway.resolver", "gateway.watcher", "gateway.lab", "webui")


@dataclass(frozen=True)
class Traces:
    """What of ours can be seen on the machine at one moment, each as a readable name."""

    files: frozenset[Path]
    mounts: frozenset[str]
    links: frozenset[str]

    def __sub__(self, other: "Traces") -> "Traces":
        return Traces(self.files - other.files, self.mounts - other.mounts, self.links - other.links)

    def names(self) -> list[str]:
        """One line for each trace, for the message of a failing session."""
        return sorted([f"file {path}" for path in self.files] + [f"mount {path}" for path in self.mounts]) + [
            f"link {name}" for name in sorted(self.links)
        ]


def traces() -> Traces:
    """Everything that looks like ours: run files, mounts below them, links with our prefix in this namespace."""
    files = frozenset(path for folder in FOLDERS if folder.is_dir() for path in folder.iterdir())
    return Traces(files, frozenset(_mounts()), frozenset(_links()))


def _mounts() -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = line.split()[4]
        if f"/{PREFIX}" in point or "clinicgate" in Path(point).name:
            yield point


def _links() -> list[str]:
    return [path.name for path in Path("/sys/class/net").iterdir() if path.name.startswith(PREFIX)]


def processes_of(session: str) -> dict[int, str]:
    """Processes that carry this session's mark in their environment, by pid; without our own."""
    mark = f"{SESSION_VARIABLE}={session}".encode()
    return {
        pid: command
        for pid, command in _processes()
        if pid != os.getpid() and mark in _read(Path(f"/proc/{pid}/environ")).split(b"\0")
    }


def product_is_running() -> bool:
    """True when a demo, a lab or a service of ours runs on this machine: then its traces are in use."""
    return any(any(word in command for word in OURS) for pid, command in _processes() if pid != os.getpid())


def _processes() -> Iterator[tuple[int, str]]:
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            command = _read(path / "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
            if command:  # kernel threads and zombies have none
                yield int(path.name), command


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended meanwhile, or is not ours to read
        return b""


def remove(left: Traces) -> None:
    """Takes away traces; only names with our prefix and what lies in our run folder."""
    for point in left.mounts:
        subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)
    for name in left.links:
        subprocess.run(["ip", "link", "delete", name], capture_output=True, check=False)
    for path in left.files:
        if path.parent == NAMESPACES and path.name.startswith(PREFIX):
            subprocess.run(["ip", "netns", "delete", path.name], capture_output=True, check=False)
        elif path.parent.name == "clinicgate" or path.name.startswith(PREFIX):
            subprocess.run(["rm", "-rf", "--one-file-system", str(path)], capture_output=True, check=False)


def ours(found: Traces) -> Traces:
    """The part of `found` that by its name can only be ours; other programs have namespaces, too."""
    files = frozenset(p for p in found.files if p.name.startswith(PREFIX) or p.parent.name == "clinicgate")
    return Traces(files, found.mounts, found.links)


def kill(pids: dict[int, str]) -> None:
    """Ends the processes this session left behind, each by its number."""
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


class Presence:
    """Knows whether other test sessions run on this machine: each holds a shared lock on one folder that exists."""

    def __init__(self, folder: Path = Path("/run")) -> None:
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def alone(self) -> bool:
        """True when no other session runs. Keeps the shared lock in any case."""
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(self._folder, fcntl.LOCK_SH)
            return False
        fcntl.flock(self._folder, fcntl.LOCK_SH)
        return True

    def close(self) -> None:
        os.close(self._folder)


@contextmanager
def nothing_is_left() -> Iterator[list[str]]:
    """Cleans up after a crashed session, runs the session, then fills the yielded list with what it left."""
    session = f"{os.getpid()}-{os.urandom(4).hex()}"
    os.environ[SESSION_VARIABLE] = session
    presence = Presence()
    if presence.alone() and not product_is_running():
        remove(ours(traces()))
    before = traces()
    found: list[str] = []
    try:
        yield found
    finally:
        running = processes_of(session)
        found += [f"process {pid} {command[:120]}" for pid, command in sorted(running.items())]
        kill(running)
        left = ours(traces() - before)
        if presence.alone() and not product_is_running():
            found += left.names()
            remove(left)
        presence.close()
        del os.environ[SESSION_VARIABLE]
