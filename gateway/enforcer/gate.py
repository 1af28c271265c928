"""The one gate: which role may use which command. Every command passes here, and nowhere else is a role looked at.

May live here: the table and the question. May not: what a command does.
"""

from typing import Literal

from gateway.wire import NOT_ALLOWED, UNKNOWN_COMMAND, CommandRefused

Role = Literal["technician", "owner", "resolver", "watcher", "webui", "viewer"]

EVERYBODY: frozenset[Role] = frozenset({"technician", "owner", "resolver", "watcher", "webui", "viewer"})
PEOPLE: frozenset[Role] = frozenset({"technician", "owner", "webui", "viewer"})
CHANGERS: frozenset[Role] = frozenset({"technician", "webui"})
ISOLATORS: frozenset[Role] = frozenset({"technician", "owner", "webui"})

READS: dict[str, frozenset[Role]] = {
    "status": EVERYBODY,
    "site": EVERYBODY,
    "counters": PEOPLE | {"watcher"},
    "generations": PEOPLE,
    "quarantine_list": PEOPLE | {"watcher"},
    "audit_tail": frozenset({"technician", "owner", "webui"}),
    "log_fd": frozenset({"watcher"}),
}
WRITES: dict[str, frozenset[Role]] = {
    "apply": CHANGERS,
    "confirm": CHANGERS,
    "rollback": CHANGERS,
    "quarantine_add": ISOLATORS,
    "quarantine_remove": ISOLATORS,
    "feed_load": frozenset({"technician"}),
    "pin": frozenset({"resolver"}),
}
GATE: dict[str, frozenset[Role]] = READS | WRITES


def pass_through(role: Role | None, command: str) -> None:
    """Raises CommandRefused when `role` may not use `command`; whoever has no role learns nothing about commands."""
    if role is None:
        raise CommandRefused(NOT_ALLOWED, "this user has no role here", "add the user to the access file")
    if command not in GATE:
        raise CommandRefused(UNKNOWN_COMMAND, f"no command {command[:40]!a}")
    if role not in GATE[command]:
        allowed = ", ".join(sorted(GATE[command]))
        raise CommandRefused(NOT_ALLOWED, f"the role {role} may not use `{command}`", f"this takes the role {allowed}")
