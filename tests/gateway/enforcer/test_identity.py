"""Which person is behind the socket."""

from pathlib import Path

import pytest

from gateway.access import Peer
from gateway.enforcer import identity


def made_up(proc: Path, login: str | None, environ: bytes = b"") -> Path:
    (proc / "7").mkdir()
    if login is not None:
        (proc / "7" / "loginuid").write_text(login)
    (proc / "7" / "environ").write_bytes(environ)
    return proc


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
