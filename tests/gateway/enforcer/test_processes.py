"""Reading /proc: this very process, and made-up ones with hostile names."""

import os
import socket
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.enforcer import clock, processes


def made_up(proc: Path, pid: int, name: str, parent: int = 1, tty: int = 0, started: int = 100) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    fields = ["S", str(parent), "1", "1", str(tty), *["0"] * 14, str(started), *["0"] * 30]
    (folder / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}\n")
    (folder / "cmdline").write_bytes(name.encode() + b"\0")


def test_this_process_is_read_as_it_is() -> None:
    child = subprocess.Popen(["sh", "-c", "echo ready; read wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        child.stdout.readline()
        found = processes.read(child.pid)
        assert (found.name, found.parent, found.title) == ("sh", os.getpid(), "sh -c echo ready; read wait ")
        assert 0 <= clock.now().boot - found.started < 20
    finally:
        child.kill()
        child.communicate()
    assert processes.read(child.pid) is None


@pytest.mark.parametrize("name", ["a b", "x) S 1 (sshd", "sshd) ", "((", "\n"])
def test_a_hostile_name_moves_no_field(tmp_path: Path, name: str) -> None:
    made_up(tmp_path, 7, name, parent=5, tty=4 << 8 | 1, started=200)
    found = processes.read(7, tmp_path)
    assert (found.name, found.parent, found.terminal, found.started) == (name, 5, (4, 1), 2.0)


def test_a_terminal_number_is_taken_apart_as_the_kernel_packs_it(tmp_path: Path) -> None:
    for pid, (major, minor) in enumerate([(136, 3), (204, 64), (136, 300), (4, 1)], start=10):
        packed = (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)
        made_up(tmp_path, pid, "sh", tty=packed)
        assert processes.read(pid, tmp_path).terminal == (major, minor)


def test_the_lineage_ends_also_when_it_is_a_ring(tmp_path: Path) -> None:
    made_up(tmp_path, 7, "a", parent=8)
    made_up(tmp_path, 8, "b", parent=7)
    assert len(processes.lineage(7, tmp_path)) == processes.MAX_ANCESTORS


def test_a_login_that_was_never_set_is_none(tmp_path: Path) -> None:
    for content, expected in (("1000", 1000), ("4294967295", None), ("garbage", None)):
        (tmp_path / "7").mkdir(exist_ok=True)
        (tmp_path / "7" / "loginuid").write_text(content)
        assert processes.login_uid(7, tmp_path) == expected
    assert processes.login_uid(8, tmp_path) is None


def test_a_variable_is_found_by_its_whole_name(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "environ").write_bytes(b"NOT_SUDO_UID=5\0SUDO_UID=1000\0A=SUDO_UID=7\0")
    assert processes.environment(7, "SUDO_UID", tmp_path) == "1000"
    assert processes.environment(7, "SUDO", tmp_path) is None
    assert processes.environment(8, "A", tmp_path) is None


def test_sockets_of_this_process_are_found() -> None:
    assert processes.connection(os.getpid()) is None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert processes.listens(os.getpid())
        with socket.create_connection(listener.getsockname()) as client:
            found = processes.connection(os.getpid())
            assert (found.local, found.remote) == (ip_address("127.0.0.1"), ip_address("127.0.0.1"))
            assert client.getpeername()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0B0A140A:1F90", "10.20.10.11"),
        ("B80D01200000000000000000010000FF:0016", "2001:db8::ff00:1"),
        ("0000000000000000FFFF00000B0A140A:0016", "10.20.10.11"),  # IPv4 on an IPv6 socket
    ],
)
def test_addresses_of_the_kernel_table_are_read(text: str, address: str) -> None:
    assert processes._address(text) == ip_address(address)
