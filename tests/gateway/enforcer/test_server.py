"""The socket: framing, bounds, several clients, descriptors; and the whole process from start to end."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.access import Access
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.enforcer import server as server_module
from gateway.enforcer.core import Core
from gateway.enforcer.dispatch import Dispatcher
from gateway.enforcer.server import AlreadyRunning, Server
from gateway.wire import MAX_FRAME
from tests.gateway.enforcer.nets import Net, gateway_links, site
from tests.gateway.enforcer.running import Running, as_uid

pytestmark = pytest.mark.netns


@pytest.fixture
def served(core: Core) -> Iterator[Core]:
    server = Server(core.paths.enforcer_socket, Dispatcher(core, Access(core.paths)))
    server.start()
    yield core
    server.stop()
    assert not core.paths.enforcer_socket.exists()


def raw(core: Core) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(str(core.paths.enforcer_socket))
    return connection


def line(connection: socket.socket) -> dict:
    with connection.makefile("rb") as file:
        return json.loads(file.readline())


def test_one_connection_carries_many_commands(served: Core) -> None:
    with EnforcerClient(served.paths.enforcer_socket) as client:
        assert [client.call("status")["state"] for _ in range(3)] == ["closed"] * 3
        with pytest.raises(Refused):
            client.call("nothing")
        assert client.call("quarantine_list") == {"quarantine": []}


@pytest.mark.parametrize(
    "data",
    [b"{\n", b"[]\n", b"\xff\n", b'{"command": 5}\n', b"x" * (2 * MAX_FRAME), b'{"command": "status", "role": "x"}\n'],
)
def test_garbage_is_answered_and_the_server_lives(served: Core, data: bytes) -> None:
    with raw(served) as connection:
        try:
            connection.sendall(data)
        except OSError:
            pass  # it hung up in the middle, as it may
        else:
            assert line(connection)["code"] == "bad-request"
    assert EnforcerClient(served.paths.enforcer_socket).call("status")["state"] == "closed"


def test_a_message_that_never_ends_does_not_hold_a_place(served: Core, monkeypatch) -> None:
    monkeypatch.setattr(server_module, "MESSAGE_SECONDS", 0.1)
    with raw(served) as connection:
        connection.sendall(b'{"command": ')
        assert connection.recv(100) == b""


def test_clients_are_bounded_by_number(served: Core, monkeypatch) -> None:
    monkeypatch.setattr(server_module, "MAX_OF_ONE_UID", 2)
    first, second = raw(served), raw(served)
    for connection in (first, second):  # both are in before the third knocks
        connection.sendall(b'{"command": "status"}\n')
        assert line(connection)["ok"]
    with raw(served) as third:
        assert line(third)["code"] == "busy"
    first.close()
    second.close()


def open_to_others(core: Core) -> None:
    """pytest's folders are closed to other users."""
    folder = core.paths.run
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(0o755)


def test_silent_strangers_leave_room_for_everybody_with_a_role(served: Core, monkeypatch) -> None:
    open_to_others(served)
    monkeypatch.setattr(server_module, "STRANGER_SECONDS", 100.0)  # nobody's time is up meanwhile
    served.paths.access_files[0].write_text("64510: viewer\n64511: technician\n")
    silent = []
    for uid in range(64600, 64620):
        with as_uid(uid):
            silent += [raw(served) for _ in range(4)]
    with as_uid(64510):  # let in after all of them were, or were sent away
        assert EnforcerClient(served.paths.enforcer_socket).call("status")["state"] == "closed"
    assert line(silent[-1])["code"] == "busy"
    for connection in silent:
        connection.close()


def test_people_in_charge_get_in_when_all_places_are_taken(served: Core, monkeypatch) -> None:
    open_to_others(served)
    served.paths.access_files[0].write_text("64510: viewer\n64511: technician\n")
    monkeypatch.setattr(server_module, "MAX_CLIENTS", 2)
    taken = []
    with as_uid(64510):
        for _ in range(2):
            taken.append(raw(served))
            taken[-1].sendall(b'{"command": "status"}\n')
            assert line(taken[-1])["ok"]
        with raw(served) as third:
            assert line(third)["code"] == "busy"
    for uid in (0, 64511):
        with as_uid(uid), EnforcerClient(served.paths.enforcer_socket) as client:
            assert client.call("status")["state"] == "closed"
    for connection in taken:
        connection.close()


def test_a_silent_stranger_is_sent_away(served: Core, monkeypatch) -> None:
    open_to_others(served)
    monkeypatch.setattr(server_module, "STRANGER_SECONDS", 0.1)
    with as_uid(64600), raw(served) as connection:
        assert connection.recv(100) == b""


def test_a_client_that_leaves_in_the_middle_does_not_stop_the_command(served: Core) -> None:
    with raw(served) as connection:
        request = {"command": "apply", "args": {"site_text": site(), "confirm_within": 60}}
        connection.sendall(json.dumps(request).encode() + b"\n")
    served.wake.wait(10)
    with EnforcerClient(served.paths.enforcer_socket) as client:
        while client.call("status")["state"] == "closed":  # bounded by the test's time-out
            pass
        assert client.call("status")["pending"]["generation"] == 1


def test_status_is_answered_while_a_probe_of_an_apply_takes_its_time(served: Core) -> None:
    from gateway.enforcer.probes import Probe

    begun, go_on = threading.Event(), threading.Event()

    def slow(site, seconds) -> str:
        begun.set()
        go_on.wait(20)
        return ""

    served.probes = (Probe("slow", slow, regression=False),)
    thread = threading.Thread(
        target=lambda: EnforcerClient(served.paths.enforcer_socket).call("apply", site_text=site(), confirm_within=60)
    )
    thread.start()
    assert begun.wait(20)
    with EnforcerClient(served.paths.enforcer_socket) as client:
        assert client.call("status")["generation"] == 1
        assert (
            client.call("quarantine_add", device="reception-1", reason="now")["quarantined"]["device"] == "reception-1"
        )
    go_on.set()
    thread.join()
    assert served.pending is not None


def test_a_second_server_on_the_same_socket_is_refused_and_a_dead_one_is_replaced(served: Core) -> None:
    with pytest.raises(AlreadyRunning):
        Server(served.paths.enforcer_socket, Dispatcher(served, Access(served.paths))).start()
    assert EnforcerClient(served.paths.enforcer_socket).call("status")["generation"] == 0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    net = Net()
    gateway_links(net)
    for parent in (tmp_path, *tmp_path.parents[:2]):  # pytest's folders are closed to other users
        parent.chmod(0o755)
    running = Running(net, tmp_path)
    yield running
    running.stop()
    net.close()


def test_the_process_serves_until_sigterm_and_leaves_the_policy(running: Running) -> None:
    running.start()
    running.call("apply", site_text=site(), confirm_within=60)
    assert running.end(signal.SIGTERM) == 0
    assert "permit:view" in running.net.run("nft", "list", "ruleset")
    assert "generation 1 is loaded, waits for its confirm (60 s)" in running.log()
    assert "the policy stays loaded" in running.log()
    with pytest.raises(EnforcerUnavailable):
        running.call("status")


def test_the_time_to_confirm_runs_out_by_itself(running: Running) -> None:
    running.start()
    running.call("apply", site_text=site(), confirm_within=10)
    with running.client() as client:
        while client.call("status")["state"] != "closed":  # bounded by the test's time-out
            threading.Event().wait(0.2)
        assert client.call("generations")["generations"][0]["state"] == "returned"


def test_anybody_may_knock_and_a_stranger_is_refused(running: Running) -> None:
    running.start()
    assert stat.S_IMODE(running.paths.enforcer_socket.stat().st_mode) == 0o666
    with as_uid(64999), running.client() as client, pytest.raises(Refused) as refused:
        client.call("status")
    assert refused.value.code == "not-allowed"


def test_the_log_socket_comes_through(running: Running) -> None:
    running.start()
    running.paths.access_files[0].write_text("64503: watcher")
    with as_uid(64503), running.client() as client:
        told, descriptors = client.call_with_descriptors("log_fd")
        with pytest.raises(Refused, match="another process reads the log"):
            client.call("log_fd")
    assert (told["group"], len(descriptors)) == (5, 1)
    os.close(descriptors[0])


def test_a_second_process_is_refused(running: Running) -> None:
    running.start()
    other = running.net.popen(
        *(sys.executable, "-m", "gateway.enforcer"),
        stderr=subprocess.PIPE,
        env={**os.environ, "CLINICGATE_STATE": str(running.paths.state), "CLINICGATE_RUN": str(running.paths.run)},
    )
    assert "another enforcer" in other.communicate(timeout=30)[1]
    assert other.returncode == 1
    assert running.call("status")["generation"] == 0


def test_many_pins_over_one_connection_all_land(running: Running) -> None:
    """How long one takes is a matter of `make bench`."""
    running.start()
    running.call("apply", site_text=site(), confirm_within=60)
    running.paths.access_files[0].write_text("64502: resolver")
    with as_uid(64502), running.client() as client:
        for number in range(500):
            address = f"198.51.{number >> 8}.{number & 255}"
            assert client.call("pin", client="10.20.20.11", addresses=[address], ttl=60)["pinned"] == 1
    assert running.call("status")["pins"] == 500


def test_a_storm_of_signals_ends_it_once(running: Running) -> None:
    """A second signal while the first is handled must not leave it waiting for a lock that it holds itself."""
    running.start()
    for _ in range(50):
        running.process.send_signal(signal.SIGTERM)
        running.process.send_signal(signal.SIGINT)
    assert running.process.wait(30) == 0
