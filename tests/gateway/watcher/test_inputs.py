"""The sockets: bounded reading, overflow told from an end, a socket file that may lie there already."""

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.watcher.inputs import READS_A_TURN, bind_events, interface_name, read_events, read_log

ROOT = Path(__file__).parents[3]


def test_an_old_socket_file_is_replaced_and_anybody_in_the_folder_may_report(tmp_path: Path):
    path = tmp_path / "events.sock"
    bind_events(path).close()
    events = bind_events(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    got: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(path))
        sender.send(b"one")
        sender.send(b"two")
        read_events(events, got.append)
    events.close()
    assert got == [b"one", b"two"]


def test_a_missing_folder_is_an_error(tmp_path: Path):
    with pytest.raises(OSError, match="No such file"):
        bind_events(tmp_path / "nowhere" / "events.sock")


def test_one_turn_is_bounded():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    theirs.setblocking(False)
    sent = 0
    try:
        while sent < 3 * READS_A_TURN:
            theirs.send(b"x")
            sent += 1
    except BlockingIOError:
        pass  # the system's own bound on waiting datagrams
    got: list[bytes] = []
    assert read_log(ours, got.append, lambda: None)
    assert len(got) == min(sent, READS_A_TURN)
    ours.close()
    theirs.close()


def test_a_log_that_is_of_no_more_use_is_told():
    unconnected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    assert not read_log(unconnected, lambda _: None, lambda: None)
    unconnected.close()


def test_an_interface_that_is_gone_has_no_name():
    assert interface_name(socket.if_nametoindex("lo")) == "lo"
    assert interface_name(999_999) == ""


@pytest.mark.netns
@pytest.mark.parametrize("quiet", [0, 1], ids=["told", "untold"])
def test_every_record_that_the_kernel_dropped_is_counted(quiet: int):
    """A socket buffer for a few records, 5002 packets: what was seen and what was lost make 5002."""
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "tests.gateway.watcher.flood", str(quiet)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen, lost, overflows = map(int, done.stdout.split())
    assert seen + lost == 5002
    assert lost > 1000
    assert (overflows > 0) == (quiet == 0)
