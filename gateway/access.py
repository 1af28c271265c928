"""Who is behind the peer of a Unix socket of ours, which role that is, and whether the role may use a command.

The uid that connected decides the role (SO_PEERCRED: the kernel says it), by the access file.

May live here: peer credentials, the access file, roles, the one question a gate asks. May not: which command a role may
use (each process has a table of its own), which person it is (enforcer/identity.py).
"""

import grp
import pwd
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import yaml

from gateway.paths import Paths
from gateway.wire import NOT_ALLOWED, UNKNOWN_COMMAND, CommandRefused

Role = Literal["technician", "owner", "resolver", "watcher", "webui", "viewer"]
Gate = Mapping[str, frozenset[Role]]

ROOT = 0
MAX_ACCESS_FILE = 1 << 16
ROLES: frozenset[str] = frozenset(get_args(Role))


@dataclass(frozen=True, slots=True)
class Peer:
    """Who connected, as the kernel knows it."""

    pid: int
    uid: int
    gid: int


class AccessError(ValueError):
    """The access file is not what it should be; nobody but root has a role until it is mended."""


def peer_of(connection: socket.socket) -> Peer:
    """SO_PEERCRED, see unix(7). Raises OSError."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return Peer(*struct.unpack("3i", raw))


def pass_through(gate: Gate, role: Role | None, command: str) -> None:
    """Raises CommandRefused when `role` may not use `command`; whoever has no role learns nothing about commands."""
    if role is None:
        raise CommandRefused(NOT_ALLOWED, "this user has no role here", "add the user to the access file")
    if command not in gate:
        raise CommandRefused(UNKNOWN_COMMAND, f"no command {command[:40]!a}")
    if role not in gate[command]:
        allowed = ", ".join(sorted(gate[command]))
        raise CommandRefused(NOT_ALLOWED, f"the role {role} may not use `{command}`", f"this takes the role {allowed}")


def user_name(uid: int) -> str:
    """The user's name, or `uid:N`."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"


class Access:
    """Who has which role, from the first access file there is:

    `{1000: technician, clinicgate-dns: resolver, "@staff": viewer}`; keys are uids, user names or `@group`.
    Read anew when it changes. Root is always a technician.
    """

    def __init__(self, paths: Paths) -> None:
        self._files = paths.access_files
        self._known: tuple[object, dict[str, Role]] = (None, {})

    def role_of(self, peer: Peer) -> Role | None:
        """None: no role, no command. Raises AccessError for a file that cannot be understood (root excepted)."""
        if peer.uid == ROOT:
            return "technician"
        table = self._table()
        direct = table.get(str(peer.uid)) or table.get(user_name(peer.uid))
        return direct or next((table[f"@{name}"] for name in _groups(peer) if f"@{name}" in table), None)

    def _table(self) -> dict[str, Role]:
        for file in self._files:
            try:
                about = file.stat()
            except OSError:
                continue
            stamp = (file, about.st_ino, about.st_mtime_ns, about.st_ctime_ns, about.st_size)
            if self._known[0] != stamp:  # a pin must not wait for a YAML parser
                self._known = (stamp, load_access(file))
            return self._known[1]
        return {}


def load_access(file: Path) -> dict[str, Role]:
    """Raises AccessError naming the entry that is wrong."""
    try:
        about = file.stat()
        if about.st_mode & 0o022 or about.st_uid != ROOT:
            raise AccessError(f"{file} must belong to root and be writable by root alone (chown root, chmod go-w)")
        content = yaml.safe_load(file.read_bytes()[:MAX_ACCESS_FILE])
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise AccessError(f"{file} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise AccessError(f"{file} must map users to roles")
    table: dict[str, Role] = {}
    for who, role in content.items():
        if not isinstance(who, str | int) or isinstance(who, bool) or str(role) not in ROLES:
            raise AccessError(f"{file}: {who!r}: {role!r} is no user and role (roles: {', '.join(sorted(ROLES))})")
        table[str(who)] = role
    return table


def _groups(peer: Peer) -> list[str]:
    numbers = {peer.gid}
    try:
        user = pwd.getpwuid(peer.uid)
        numbers.update(group.gr_gid for group in grp.getgrall() if user.pw_name in group.gr_mem)
    except KeyError:
        pass
    return [group.gr_name for group in grp.getgrall() if group.gr_gid in numbers]
