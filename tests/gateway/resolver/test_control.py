"""The resolver's socket: who is answered, in which bounds, and that nothing sent there can hurt."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import wire
from gateway.access import Access
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.paths import Paths
from gateway.resolver import control as control_module
from gateway.resolver.control import Control
from gateway.resolver.journal import Journal
from tests.gateway.enforcer.running import as_uid
from tests.gateway.resolver.world import CLIENT, PATIENCE, Running

ROLES = {64500: "technician", 64501: "owner", 64502: "resolver", 64503: "watcher", 64504: "webui", 64505: "viewer"}
MAY = {
    "technician": {"ask", "explain", "accounts"}, "owner": {"ask", "explain", "accounts"}, "resolver": set(),
    "watcher": {"accounts"}, "webui": {"ask", "explain", "accounts"}, "viewer": {"explain"},
}  # fmt: skip
ARGS: dict[str, dict[str, Any]] = {
    "ask": {"name": "bad.example", "client": CLIENT}, "explain": {"name": "bad.example", "client": CLIENT},
    "accounts": {},
}  # fmt: skip


class Served:
    """A control socket of a running resolver."""

    def __init__(self, running: Running, paths: Paths) -> None:
        self.running, self.path = running, paths.resolver_socket
        self.control = running.do(self._make(paths))

    async def _make(self, paths: Paths) -> Control:
        made = Control(self.running.resolver, self.path, Access(paths), Journal())
        await made.start()
        return made

    def call(self, command: str, **args: Any) -> dict[str, Any]:
        with EnforcerClient(self.path, PATIENCE, who="resolver") as client:
            return client.call(command, **args)

    def connect(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(PATIENCE)
        made.connect(str(self.path))
        return made


@pytest.fixture
def served(running: Running, tmp_path: Path) -> Iterator[Served]:
    paths = Paths(tmp_path / "state", tmp_path / "run")
    paths.run.mkdir()
    paths.access_files[0].write_text(json.dumps({str(uid): role for uid, role in ROLES.items()}))
    for parent in (tmp_path, *tmp_path.parents[:2]):  # pytest's folders are closed to other users
        parent.chmod(0o755)
    made = Served(running, paths)
    yield made
    running.do(made.control.close())
    assert not made.path.exists()


def heard(connection: socket.socket) -> list[dict[str, Any]]:
    """Messages until the other side closes."""
    with connection, connection.makefile("rb") as stream:
        return [json.loads(line) for line in stream]


def test_root_asks_and_is_answered(served: Served) -> None:
    assert served.call("ask", name="bad.example", client=CLIENT)["rcode"] == "NXDOMAIN"
    assert served.call("explain", name="bad.example", client="pc")["verdict"]["list"] == "malware"
    assert served.call("accounts")["lost"] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="connecting as other users takes root")
@pytest.mark.parametrize("uid", [*ROLES, 64999])
def test_each_role_may_ask_exactly_its_commands(served: Served, uid: int) -> None:
    may = set()
    with as_uid(uid), EnforcerClient(served.path, PATIENCE) as client:
        for command, args in ARGS.items():
            with contextlib.suppress(Refused):
                client.call(command, **args)
                may.add(command)
    assert may == MAY.get(ROLES.get(uid, ""), set())


def test_a_broken_access_file_gives_nobody_a_role(served: Served, tmp_path: Path) -> None:
    (tmp_path / "run" / "access.json").write_text("{")
    assert served.call("accounts")["lost"] == 0, "root is a technician all the same"
    if os.geteuid() == 0:
        with as_uid(64500), pytest.raises(Refused, match="no role"):
            served.call("accounts")


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{}\n", b"[]\n", b"\xff\n", b'{"command": 5}\n', b'{"command": "fly"}\n', b'{"command": "ask"}\n',
     b'{"command": "ask", "args": {"name": "a.example", "client": "pc", "nft": 1}}\n',
     b'{"command": "accounts", "actor": "bob"}\n', b'{"command": "accounts", "args": {"top": true}}\n'],
)  # fmt: skip
def test_odd_messages_are_refused_in_words(served: Served, line: bytes) -> None:
    connection = served.connect()
    connection.sendall(line)
    connection.shutdown(socket.SHUT_WR)
    (answer,) = heard(connection)
    assert (answer["ok"], answer["message"].isprintable()) == (False, True)


def test_a_message_without_an_end_is_cut_off(served: Served) -> None:
    connection = served.connect()
    connection.sendall(b"x" * (control_module.MAX_MESSAGE + 1))
    (answer,) = heard(connection)
    assert answer["code"] == wire.BAD_REQUEST


def test_whoever_says_nothing_is_let_go(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_module, "IDLE_SECONDS", 0.05)
    assert heard(served.connect()) == []


def test_clients_have_a_bound_and_leaving_makes_room(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_module, "MAX_OF_ONE_UID", 1)
    with EnforcerClient(served.path, PATIENCE) as first:
        first.call("accounts")
        (answer,) = heard(served.connect())
        assert answer["code"] == wire.BUSY
    for _ in range(1000):  # the other end hears of our leaving a moment later
        with contextlib.suppress(Refused, EnforcerUnavailable):
            served.call("accounts")
            break
    else:
        pytest.fail("no room again")


def test_many_requests_in_one_breath_are_all_answered_in_order(served: Served) -> None:
    connection = served.connect()
    lines = [json.dumps({"command": "explain", "args": {"name": f"n{n}.example", "client": "pc"}}) for n in range(20)]
    connection.sendall("".join(f"{line}\n" for line in lines).encode())
    connection.shutdown(socket.SHUT_WR)
    assert [answer["name"] for answer in heard(connection)] == [f"n{n}.example" for n in range(20)]


def test_a_slow_reader_gets_all_of_it_and_one_who_never_reads_is_cut_off(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = json.dumps({"command": "explain", "args": {"name": "a.example", "client": "pc"}}) + "\n"
    slow = served.connect()
    slow.sendall(line.encode() * 200)
    slow.shutdown(socket.SHUT_WR)
    assert served.call("accounts")["lost"] == 0
    assert len(heard(slow)) == 200
    monkeypatch.setattr(control_module, "SEND_SECONDS", 0.05)
    with served.connect() as deaf, pytest.raises((BrokenPipeError, ConnectionResetError)):
        deaf.sendall(line.encode() * 1_000_000)  # blocks until the other side gives up


def test_dns_goes_on_beside_a_client_that_dawdles(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b'{"command":')
        assert served.running.ask("www.example").answer


def test_a_socket_left_by_a_killed_process_is_taken_over(served: Served, tmp_path: Path) -> None:
    left = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(left))

    async def start_and_close() -> bool:
        again = Control(served.running.resolver, left, Access(Paths(tmp_path, tmp_path)), Journal())
        await again.start()
        listening = left.exists()
        await again.close()
        return listening

    assert served.running.do(start_and_close())


def test_who_ends_late_leaves_the_socket_of_a_successor(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "two.sock"

    async def overlap() -> bool:
        old, new = (
            Control(served.running.resolver, path, Access(Paths(tmp_path, tmp_path)), Journal()) for _ in range(2)
        )
        await old.start()
        await new.start()
        await old.close()
        stays = path.exists()
        await new.close()
        return stays and not path.exists()

    assert served.running.do(overlap())


def test_without_the_right_to_listen_the_resolver_goes_on(
    served: Served, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    async def start_and_close() -> None:
        again = Control(
            served.running.resolver, tmp_path / "file" / "x.sock", Access(Paths(tmp_path, tmp_path)), Journal()
        )
        await again.start()
        await again.close()

    served.running.do(start_and_close())
    assert "people cannot ask" in capfd.readouterr().err
    assert served.running.ask("www.example").answer
