"""Who is behind the socket, which role the access file gives, and what a gate says to it."""

import os
import socket
from pathlib import Path

import pytest

from gateway import access
from gateway.access import Access, AccessError, Peer, load_access, pass_through
from gateway.paths import Paths
from gateway.wire import NOT_ALLOWED, UNKNOWN_COMMAND, CommandRefused


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "state", tmp_path / "run")


LOOK_OR_TOUCH: access.Gate = {"look": frozenset({"viewer"}), "touch": frozenset({"technician"})}


def test_a_gate_lets_through_whom_it_names() -> None:
    pass_through(LOOK_OR_TOUCH, "viewer", "look")
    for role, command, code in ((None, "look", NOT_ALLOWED), ("viewer", "touch", NOT_ALLOWED),
                                ("viewer", "fly", UNKNOWN_COMMAND)):  # fmt: skip
        with pytest.raises(CommandRefused) as refused:
            pass_through(LOOK_OR_TOUCH, role, command)
        assert refused.value.code == code


def test_the_kernel_says_who_is_at_the_other_end() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert access.peer_of(one) == Peer(os.getpid(), os.getuid(), os.getgid())


def table(paths: Paths, content: str) -> Access:
    paths.run.mkdir(exist_ok=True)
    paths.access_files[0].write_text(content)
    return Access(paths)


def test_roles_come_from_uid_name_or_group(paths: Paths) -> None:
    found = table(paths, '{"64502": "resolver", "daemon": "viewer", "@nogroup": "owner"}')
    assert found.role_of(Peer(1, 64502, 64502)) == "resolver"
    assert found.role_of(Peer(1, 1, 1)) == "viewer"
    assert found.role_of(Peer(1, 64999, 65534)) == "owner"
    assert found.role_of(Peer(1, 64999, 64999)) is None


def test_root_is_a_technician_whatever_the_file_says(paths: Paths) -> None:
    assert table(paths, "{").role_of(Peer(1, 0, 0)) == "technician"


@pytest.mark.parametrize("content", ["{", "[]", '{"a": "emperor"}', '{"a": ["viewer"]}', "true: viewer", "\x00", "- a"])
def test_a_file_that_is_wrong_gives_nobody_a_role_and_says_why(paths: Paths, content: str) -> None:
    with pytest.raises(AccessError, match=r"access\.json"):
        table(paths, content).role_of(Peer(1, 64502, 64502))


def test_a_file_that_others_may_write_is_not_believed(paths: Paths) -> None:
    table(paths, '{"64502": "technician"}')
    paths.access_files[0].chmod(0o666)
    with pytest.raises(AccessError, match="go-w"):
        load_access(paths.access_files[0])
    paths.access_files[0].chmod(0o644)
    os.chown(paths.access_files[0], 64502, 64502)
    with pytest.raises(AccessError, match="root"):
        load_access(paths.access_files[0])


def test_a_change_of_the_file_counts_at_once(paths: Paths) -> None:
    found = table(paths, '{"64502": "resolver"}')
    assert found.role_of(Peer(1, 64502, 64502)) == "resolver"
    paths.access_files[0].write_text('{"64502": "viewer"}')
    assert found.role_of(Peer(1, 64502, 64502)) == "viewer"
    paths.access_files[0].unlink()
    assert found.role_of(Peer(1, 64502, 64502)) is None
