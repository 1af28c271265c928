"""What /proc tells of a process: its parent, name, terminal, start, login and connection (proc(5)).

May live here: reading and decoding /proc. May not: judging what it means (origin.py, identity.py).
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

PROC = Path("/proc")
MAX_ANCESTORS = 64
UNSET_LOGIN = 0xFFFFFFFF
MAX_DESCRIPTORS = 256
MAX_ENVIRONMENT = 1 << 18


@dataclass(frozen=True, slots=True)
class Process:
    """`started` in seconds since boot (resolution 10 ms); `terminal` is the device's (major, minor), (0, 0) if none."""

    pid: int
    parent: int
    name: str
    title: str
    terminal: tuple[int, int]
    started: float


@dataclass(frozen=True, slots=True)
class Connection:
    """Both ends of a TCP connection."""

    local: IPv4Address | IPv6Address
    remote: IPv4Address | IPv6Address


def read(pid: int, proc: Path = PROC) -> Process | None:
    """None when there is no such process (any more)."""
    try:
        stat = (proc / str(pid) / "stat").read_text(errors="replace")
        title = (proc / str(pid) / "cmdline").read_bytes()[:4096]
    except OSError:
        return None
    name, _, rest = stat.partition("(")[2].rpartition(")")  # a name may hold spaces and parentheses
    fields = rest.split()
    if len(fields) < 20:
        return None
    device = int(fields[4])
    terminal = (device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00)
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return Process(pid, int(fields[1]), name, title.replace(b"\0", b" ").decode(errors="replace"), terminal, started)


def lineage(pid: int, proc: Path = PROC) -> list[Process]:
    """The process, its parent, and so on up, at most MAX_ANCESTORS of them."""
    found: list[Process] = []
    while pid > 0 and len(found) < MAX_ANCESTORS and (process := read(pid, proc)) is not None:
        found.append(process)
        pid = process.parent
    return found


def login_uid(pid: int, proc: Path = PROC) -> int | None:
    """The uid of the login this process belongs to (kernel audit); None when never set or not known to this kernel."""
    try:
        value = int((proc / str(pid) / "loginuid").read_text())
    except (OSError, ValueError):
        return None
    return None if value == UNSET_LOGIN else value


def environment(pid: int, name: str, proc: Path = PROC) -> str | None:
    try:
        with (proc / str(pid) / "environ").open("rb") as file:
            content = file.read(MAX_ENVIRONMENT)
    except OSError:
        return None
    for entry in content.split(b"\0"):
        key, _, value = entry.partition(b"=")
        if key == name.encode():
            return value.decode(errors="replace")
    return None


def program(pid: int, proc: Path = PROC) -> str:
    """The file the process runs; empty when it cannot be seen. A process chooses its name, not this."""
    try:
        return str((proc / str(pid) / "exe").readlink()).removesuffix(" (deleted)")
    except OSError:
        return ""


def listens(pid: int, proc: Path = PROC) -> bool:
    """Whether the process holds a listening TCP socket."""
    inodes = set(_socket_inodes(pid, proc))
    return any(state == "0A" and inode in inodes for state, inode, _, _ in _tcp(pid, proc))


def connection(pid: int, proc: Path = PROC) -> Connection | None:
    """The established TCP connection the process holds, if it holds one."""
    inodes = set(_socket_inodes(pid, proc))
    for state, inode, local, remote in _tcp(pid, proc):
        if state == "01" and inode in inodes:
            return Connection(_address(local), _address(remote))
    return None


def _socket_inodes(pid: int, proc: Path) -> Iterator[str]:
    try:
        names = sorted((proc / str(pid) / "fd").iterdir())[:MAX_DESCRIPTORS]
    except OSError:
        return
    for name in names:
        try:
            target = str(name.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def _tcp(pid: int, proc: Path) -> Iterator[tuple[str, str, str, str]]:
    """(state, inode, local, remote) of each TCP socket in the process's own network namespace."""
    for name in ("tcp", "tcp6"):
        try:
            lines = (proc / str(pid) / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 9:
                yield fields[3], fields[9], fields[1], fields[2]


def _address(text: str) -> IPv4Address | IPv6Address:
    """`0100007F:1F90` -> 127.0.0.1: words in host byte order."""
    words = bytes.fromhex(text.partition(":")[0])
    packed = b"".join(struct.pack(">I", word) for word in struct.unpack(f"={len(words) // 4}I", words))
    address = ip_address(packed)
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
