"""Over which connection did the peer of our socket come? Its ancestors tell.

An `sshd` above it: the outermost process of that connection (not the listener) started when the connection was opened.
A terminal of the box itself: the local console. tmux, screen and services have neither, and so are unknown.
Neither sudo nor a shell in between hides the ancestors, and a process cannot choose older or younger ones.

May live here: that walk. May not: the decision what an origin is good for (confirm.py).
"""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from gateway.enforcer import processes
from gateway.enforcer.clock import Moment
from gateway.enforcer.confirm import Origin
from gateway.enforcer.processes import PROC, Process

Address = IPv4Address | IPv6Address
SSH_NAMES = {"sshd", "sshd-session", "sshd-auth"}
SSH_PROGRAMS = {"/usr/sbin/sshd", "/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth"}
CONSOLE_MAJORS = {4, 5, 204, 229}  # virtual and serial terminals, /dev/console, ttyAMA and friends, hypervisor consoles
TERMINAL_MAKERS = {"sudo", "su"}
UNKNOWN = Origin("unknown", None, "unknown: no SSH connection and no console above the process")


def of_process(pid: int, proc: Path = PROC, is_own: Callable[[Address], bool] | None = None) -> Origin:
    """The origin of a local peer. `is_own` says whether an address is one of this box (default: ask the kernel)."""
    line = processes.lineage(pid, proc)
    if not line:
        return UNKNOWN
    for at, process in enumerate(line):
        if process.name in SSH_NAMES:
            return _ssh(line[at:], proc, is_own or is_own_address)
    return _console(line)


def of_web(connection_opened: float | None, now: Moment) -> Origin:
    """The origin of a person at the page: the trusted webui says when (epoch seconds) the browser connected."""
    if connection_opened is None:
        return Origin("unknown", None, "the page did not say when the browser connected")
    opened = now.boot - (now.wall - connection_opened)
    return Origin("web", opened, f"page, connection opened {now.wall - connection_opened:.0f} s before")


def is_own_address(address: Address) -> bool:
    """Whether `address` belongs to this box: only then can a socket be bound to it."""
    if address.is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _console(line: list[Process]) -> Origin:
    """The process sits at a terminal of the box; only sudo may have put one of its own in between."""
    for process, parent in zip(line, [*line[1:], None], strict=True):
        major, minor = process.terminal
        if major in CONSOLE_MAJORS:
            return Origin("console", None, f"local console {major}:{minor}")
        if parent is None or (parent.terminal != process.terminal and parent.name not in TERMINAL_MAKERS):
            break
    return UNKNOWN


def _ssh(line: list[Process], proc: Path, is_own: Callable[[Address], bool]) -> Origin:
    """`line` begins with an sshd: go up while it is sshd and still of this one connection.

    Anybody may call a program sshd; only Debian's own files count, and only with a connection that can be seen."""
    group = []
    for process in line:
        if process.name not in SSH_NAMES or _is_listener(process, proc):
            break
        group.append(process)
    remote = next((c.remote for p in reversed(group) if (c := processes.connection(p.pid, proc)) is not None), None)
    if remote is None or any(processes.program(p.pid, proc) not in SSH_PROGRAMS for p in group):
        return UNKNOWN
    text = f"ssh from {remote}, sshd process {group[-1].pid}"
    return Origin("ssh", group[-1].started, text, from_here=is_own(remote))


def _is_listener(process: Process, proc: Path) -> bool:
    return "[listener]" in process.title or processes.listens(process.pid, proc)
