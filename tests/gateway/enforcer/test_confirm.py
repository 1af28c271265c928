"""Who may confirm: the table of cases, without a machine."""

import pytest

from gateway.enforcer.clock import Moment
from gateway.enforcer.confirm import Origin, may_confirm
from gateway.enforcer.pending import begin

WAITING = begin(7, 6, "alice", 90.0, Moment(1000.0, 500.0, "boot-1"))


def ssh(opened: float | None, from_here: bool = False) -> Origin:
    return Origin("ssh", opened, "ssh", from_here)


@pytest.mark.parametrize(
    ("actor", "origin", "allowed", "says"),
    [
        ("alice", ssh(500.01), True, "new connection"),
        ("alice", ssh(499.99), False, "older than the policy"),
        ("alice", ssh(500.0), False, "older than the policy"),
        ("alice", ssh(None), False, "cannot be seen"),
        ("alice", ssh(510.0, from_here=True), False, "begins on the gateway itself"),
        ("bob", ssh(510.0), False, "applied by alice"),
        ("", ssh(510.0), False, "applied by alice"),
        ("alice", Origin("console", None, "console"), True, "local console"),
        ("bob", Origin("console", None, "console"), False, "applied by alice"),
        ("alice", Origin("web", 510.0, "page"), True, "new connection"),
        ("alice", Origin("web", 490.0, "page"), False, "older than the policy"),
        ("alice", Origin("unknown", None, "?"), False, "cannot be seen"),
        ("alice", Origin("unknown", 510.0, "?"), False, "cannot be seen"),
    ],
)
def test_the_same_person_over_a_new_connection_or_at_the_console(
    actor: str, origin: Origin, allowed: bool, says: str
) -> None:
    decision = may_confirm(WAITING, actor, origin)
    assert decision.allowed is allowed
    assert says in decision.why
    assert allowed or decision.hint


def test_the_way_out_names_only_ways_there_are() -> None:
    hint = may_confirm(WAITING, "alice", Origin("unknown", None, "?")).hint
    assert "new SSH session" in hint and "local console" in hint and "clinicgate lab confirm" in hint
    assert "page" not in hint


def test_nobody_can_confirm_what_nobody_known_applied() -> None:
    nobody = begin(0, 0, "", 90.0, Moment(0.0, 0.0, ""))
    assert not may_confirm(nobody, "", Origin("console", None, "console")).allowed
