"""The one gate: which role may use which command. Every command passes here, and nowhere else is a role looked at.

May live here: the table and the question. May not: what a command does.
"""

from gateway import access
from gateway.access import Role

EVERYBODY: frozenset[Role] = frozenset({"technician", "owner", "resolver", "watcher", "webui", "viewer"})
PEOPLE: frozenset[Role] = frozenset({"technician", "owner", "webui", "viewer"})
CHANGERS: frozenset[Role] = frozenset({"technician", "webui"})
ISOLATORS: frozenset[Role] = frozenset({"technician", "owner", "webui"})
ALLOWERS: frozenset[Role] = frozenset({"technician", "owner"})

READS: dict[str, frozenset[Role]] = {
    "status": EVERYBODY,
    "site": EVERYBODY,
    "counters": PEOPLE | {"watcher"},
    "generations": PEOPLE,
    "quarantine_list": PEOPLE | {"watcher"},
    "dns_allowances": PEOPLE,
    "audit_tail": frozenset({"technician", "owner", "webui"}),
    "log_fd": frozenset({"watcher"}),
    "flow_fd": frozenset({"watcher"}),
}
WRITES: dict[str, frozenset[Role]] = {
    "apply": CHANGERS,
    "confirm": CHANGERS,
    "rollback": CHANGERS,
    "quarantine_add": ISOLATORS,
    "quarantine_remove": ISOLATORS,
    "dns_allow": ALLOWERS,
    "dns_disallow": ALLOWERS,
    "feed_load": frozenset({"technician"}),
    "pin": frozenset({"resolver"}),
}
GATE: dict[str, frozenset[Role]] = READS | WRITES


def pass_through(role: Role | None, command: str) -> None:
    """Raises CommandRefused when `role` may not use `command`; whoever has no role learns nothing about commands."""
    access.pass_through(GATE, role, command)
