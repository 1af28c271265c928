"""Who is behind the socket, and which role the access file gives."""

import os
import socket
from pathlib import Path

import pytest

from gateway.enforcer import identity
from gateway.enforcer.identity import Access, AccessError, Peer, load_access
from gateway.paths import Paths


def made_up(proc: Path, login: str | None, environ: bytes = b"") -> Path:
    (proc / "7").mkdir()
    if login is not None:
        (proc / "7" / "loginuid").write_text(login)
    (proc / "7" / "environ").write_bytes(environ)
    return proc


def test_the_kernel_says_who_is_at_the_other_end() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert identity.peer_of(one) == Peer(os.getpid(), os.getuid(), os.getgid())


@pytest.mark.parametrize(
    ("uid", "login", "environ", "person"),
    [
        (0, "1000001", b"SUDO_UID=5\0", "uid:1000001"),  # the login wins
        (0, "4294967295", b"SUDO_UID=1000002\0", "uid:1000002"),
        (0, None, b"", "root"),
        (0, None, b"SUDO_UID=-1\0", "root"),
        (0, None, b"SUDO_UID=99999999999999\0", "root"),
        (1000003, None, b"SUDO_UID=0\0", "uid:1000003"),  # only root is believed
    ],
)
def test_the_person_is_the_login_behind_sudo(tmp_path: Path, uid, login, environ, person) -> None:
    assert identity.person(Peer(7, uid, 0), made_up(tmp_path, login, environ)) == person


def access(paths: Paths, content: str) -> Access:
    paths.run.mkdir(exist_ok=True)
    paths.access_files[0].write_text(content)
    return Access(paths)


def test_roles_come_from_uid_name_or_group(paths: Paths) -> None:
    found = access(paths, '{"64502": "resolver", "daemon": "viewer", "@nogroup": "owner"}')
    assert found.role_of(Peer(1, 64502, 64502)) == "resolver"
    assert found.role_of(Peer(1, 1, 1)) == "viewer"
    assert found.role_of(Peer(1, 64999, 65534)) == "owner"
    assert found.role_of(Peer(1, 64999, 64999)) is None


def test_root_is_a_technician_whatever_the_file_says(paths: Paths) -> None:
    assert access(paths, "{").role_of(Peer(1, 0, 0)) == "technician"


@pytest.mark.parametrize("content", ["{", "[]", '{"a": "emperor"}', '{"a": ["viewer"]}', "true: viewer", "\x00", "- a"])
def test_a_file_that_is_wrong_gives_nobody_a_role_and_says_why(paths: Paths, content: str) -> None:
    with pytest.raises(AccessError, match=r"access\.json"):
        access(paths, content).role_of(Peer(1, 64502, 64502))


def test_a_file_that_others_may_write_is_not_believed(paths: Paths) -> None:
    access(paths, '{"64502": "technician"}')
    paths.access_files[0].chmod(0o666)
    with pytest.raises(AccessError, match="go-w"):
        load_access(paths.access_files[0])
    paths.access_files[0].chmod(0o644)
    os.chown(paths.access_files[0], 64502, 64502)
    with pytest.raises(AccessError, match="root"):
        load_access(paths.access_files[0])


def test_a_change_of_the_file_counts_at_once(paths: Paths) -> None:
    found = access(paths, '{"64502": "resolver"}')
    assert found.role_of(Peer(1, 64502, 64502)) == "resolver"
    paths.access_files[0].write_text('{"64502": "viewer"}')
    assert found.role_of(Peer(1, 64502, 64502)) == "viewer"
    paths.access_files[0].unlink()
    assert found.role_of(Peer(1, 64502, 64502)) is None
