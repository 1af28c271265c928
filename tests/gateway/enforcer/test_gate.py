"""The gate, command by command: a reading role never writes."""

from typing import get_args

import pytest

from gateway.access import Role
from gateway.enforcer import gate
from gateway.enforcer.commands import COMMANDS
from gateway.wire import CommandRefused

ROLES = get_args(Role)
MAY = {
    "technician": set(gate.GATE) - {"pin", "log_fd", "flow_fd"},
    "owner": {
        *("status", "site", "counters", "generations", "quarantine_list", "audit_tail"),
        *("quarantine_add", "quarantine_remove", "dns_allow", "dns_disallow", "dns_allowances"),
    },
    "webui": set(gate.GATE) - {"pin", "log_fd", "flow_fd", "feed_load", "dns_allow", "dns_disallow"},
    "viewer": {"status", "site", "counters", "generations", "quarantine_list", "dns_allowances"},
    "watcher": {"status", "site", "counters", "quarantine_list", "log_fd", "flow_fd"},
    "resolver": {"status", "site", "pin"},
}


def passes(role: Role | None, command: str) -> bool:
    try:
        gate.pass_through(role, command)
    except CommandRefused:
        return False
    return True


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_use_exactly_its_commands(role: Role) -> None:
    assert {command for command in gate.GATE if passes(role, command)} == MAY[role]


@pytest.mark.parametrize("command", sorted(gate.WRITES))
def test_no_reading_role_may_write(command: str) -> None:
    assert not passes("viewer", command)
    assert not passes("watcher", command)
    assert not passes(None, command)
    assert passes("resolver", command) is (command == "pin")


def test_every_command_there_is_stands_at_the_gate_and_no_other() -> None:
    assert set(COMMANDS) == set(gate.GATE)
    assert not set(gate.READS) & set(gate.WRITES)


def test_a_stranger_learns_nothing_about_commands() -> None:
    texts = set()
    for command in ("status", "apply", "no-such-command"):
        with pytest.raises(CommandRefused) as refused:
            gate.pass_through(None, command)
        texts.add(refused.value.message)
    assert len(texts) == 1


def test_an_unknown_command_is_named_safely() -> None:
    with pytest.raises(CommandRefused) as refused:
        gate.pass_through("technician", "x\n\x1b[2J")
    assert refused.value.message.isprintable()
