"""Where a command comes from: made-up process trees, and a real sshd between two namespaces."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.enforcer import clock, origin
from gateway.enforcer.clock import Moment
from tests.gateway.enforcer.nets import Net, address, wire
from tests.gateway.enforcer.sshd import Sshd, there

TTY1, PTS0 = 4 << 8 | 1, 136 << 8


def tree(proc: Path, *line: tuple[str, int]) -> Path:
    """Processes 10, 11, ... each the parent of the one before, the last one's parent is 1."""
    for at, (title, tty) in enumerate(line):
        pid, parent = 10 + at, 11 + at if at + 1 < len(line) else 1
        (proc / str(pid)).mkdir()
        fields = ["S", str(parent), "1", "1", str(tty), *["0"] * 14, str(1000 - at), *["0"] * 30]
        (proc / str(pid) / "stat").write_text(f"{pid} ({title.split(':')[0]}) {' '.join(fields)}")
        (proc / str(pid) / "cmdline").write_text(title)
        if title.startswith("sshd"):
            _as_debians_sshd(proc / str(pid), title.split(":")[0])
    return proc


def _as_debians_sshd(process: Path, name: str) -> None:
    """The program's file, and an established connection from 192.0.2.9."""
    folder = "/usr/sbin" if name == "sshd" else "/usr/lib/openssh"
    (process / "exe").symlink_to(f"{folder}/{name}")
    (process / "fd").mkdir()
    (process / "fd" / "3").symlink_to("socket:[99]")
    (process / "net").mkdir()
    row = "0: 020000C0:0016 090200C0:D431 01 0:0 0:0 0 0 0 99"
    (process / "net" / "tcp").write_text(f"head\n{row}\n")


def of(proc: Path) -> origin.Origin:
    return origin.of_process(10, proc, lambda _: False)


def test_the_outermost_process_of_the_connection_tells_its_age(tmp_path: Path) -> None:
    line = [("python", PTS0), ("sudo", PTS0), ("bash", PTS0), ("sshd: alice@pts/0", 0), ("sshd: alice [priv]", 0)]
    found = of(tree(tmp_path, *line, ("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 0), ("systemd", 0)))
    assert (found.kind, found.opened) == ("ssh", 9.96)


def test_newer_sshd_has_processes_of_other_names(tmp_path: Path) -> None:
    line = [("bash", PTS0), ("sshd-session: alice@pts/0", 0), ("sshd-session: alice [priv]", 0)]
    found = of(tree(tmp_path, *line, ("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 0)))
    assert (found.kind, found.opened) == ("ssh", 9.98)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ([("clinicgate", TTY1), ("bash", TTY1), ("login", TTY1), ("systemd", 0)], "console"),
        ([("clinicgate", PTS0), ("sudo", PTS0), ("sudo", TTY1), ("bash", TTY1)], "console"),
        ([("clinicgate", 204 << 8 | 64), ("bash", 204 << 8 | 64)], "console"),
        ([("clinicgate", PTS0), ("bash", PTS0), ("tmux: server", 0), ("systemd", 0)], "unknown"),
        ([("clinicgate", PTS0), ("bash", PTS0), ("ttyd", TTY1), ("bash", TTY1)], "unknown"),
        ([("clinicgate", 0), ("cron", 0), ("systemd", 0)], "unknown"),
        ([("clinicgate", PTS0), ("sshd: x [listener]", 0)], "unknown"),
    ],
)
def test_console_and_unknown(tmp_path: Path, line: list[tuple[str, int]], kind: str) -> None:
    assert of(tree(tmp_path, *line)).kind == kind


@pytest.mark.parametrize("spoil", ["exe", "fd/3", "net/tcp"])
def test_a_program_that_only_calls_itself_sshd_is_unknown(tmp_path: Path, spoil: str) -> None:
    """Copied under that name, or run without a connection of its own."""
    proc = tree(tmp_path, ("bash", PTS0), ("sshd: alice@pts/0", 0), ("systemd", 0))
    assert of(proc).kind == "ssh"
    (proc / "11" / spoil).unlink()
    if spoil == "exe":
        (proc / "11" / "exe").symlink_to("/tmp/sshd")
    assert of(proc).kind == "unknown"


def test_a_process_that_is_gone_is_unknown(tmp_path: Path) -> None:
    assert of(tmp_path).kind == "unknown"


def test_the_page_tells_when_the_browser_connected() -> None:
    now = Moment(wall=10_000.0, boot=500.0, boot_id="b")
    assert origin.of_web(9_990.0, now).opened == 490.0
    assert origin.of_web(None, now).kind == "unknown"


@pytest.mark.netns
def test_own_addresses_are_told_from_others(net) -> None:
    address(net, "lo", "10.20.10.1/32")
    assert [origin.is_own_address(ip_address(a)) for a in ("10.20.10.1", "127.0.0.9", "::1", "10.20.10.11")] == [
        True,
        True,
        True,
        False,
    ]


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cg-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.netns
@pytest.mark.skipif(not there(), reason="no sshd (package openssh-server)")
def test_a_real_connection_has_the_age_and_the_address_it_has(folder: Path) -> None:
    gateway, admin = Net(), Net()
    wire(gateway, "eth1", admin, "eth0")
    address(gateway, "eth1", "10.20.10.1/24")
    address(admin, "eth0", "10.20.10.11/24")
    sshd = Sshd(gateway, folder)
    try:
        before = clock.now().boot
        from_outside = _origin(gateway, sshd.open(admin, "alice", "10.20.10.1", "echo $$; cat"))
        from_here = _origin(gateway, sshd.open(gateway, "alice", "10.20.10.1", "echo $$; cat"))
    finally:
        sshd.stop()
    assert from_outside.kind == from_here.kind == "ssh"
    assert before - 0.02 <= from_outside.opened <= clock.now().boot
    assert "10.20.10.11" in from_outside.text
    assert (from_outside.from_here, from_here.from_here) == (False, True)


def _origin(gateway: Net, session: "subprocess.Popen[str]") -> origin.Origin:
    pid = int(session.stdout.readline())
    with gateway.enter():
        return origin.of_process(pid)
