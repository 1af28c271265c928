"""A bad policy cannot lock anybody out: apply and confirm over real SSH connections, as real users.

An administrator's computer and the gateway are two namespaces; sshd is Debian's; alice and bob are technicians.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import audit
from tests.gateway.enforcer.nets import ROOT, Net, address, site, wire
from tests.gateway.enforcer.running import Running
from tests.gateway.enforcer.sshd import USERS, Sshd, there

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(not there(), reason="no sshd (package openssh-server)"),
]
GATEWAY = "10.20.10.1"
# What a person does on the gateway: one command a line of input, its outcome a line of output.
SHELL = """
import json, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from gateway.client import EnforcerClient, Refused
client = EnforcerClient(Path({socket!r}))
print("ready", flush=True)
for line in sys.stdin:
    command, args = json.loads(line)
    try:
        print(json.dumps(["done", client.call(command, **args)]), flush=True)
    except Refused as error:
        print(json.dumps([error.code, error.message]), flush=True)
"""


class Person:
    """Somebody at a session on the gateway."""

    def __init__(self, session) -> None:
        self._session = session
        ready = session.stdout.readline()
        assert ready == "ready\n", ready + session.stderr.read()

    def does(self, command: str, **args) -> list:
        self._session.stdin.write(json.dumps([command, args]) + "\n")
        self._session.stdin.flush()
        return json.loads(self._session.stdout.readline())


class Clinic:
    """The gateway with its enforcer and sshd, and the administrator's computer."""

    def __init__(self, folder: Path) -> None:
        self.gateway, self.admin = Net(), Net()
        wire(self.gateway, "eth1.10", self.admin, "eth0")
        address(self.gateway, "eth1.10", f"{GATEWAY}/24")
        address(self.admin, "eth0", "10.20.10.11/24")
        self.enforcer = Running(self.gateway, folder)
        self.enforcer.paths.run.mkdir()
        self.enforcer.paths.access_files[0].write_text("\n".join(f"{uid}: technician" for uid in USERS.values()))
        self.enforcer.start()
        self.sshd = Sshd(self.gateway, folder / "ssh")
        (folder / "shell.py").write_text(SHELL.format(root=str(ROOT), socket=str(self.enforcer.paths.enforcer_socket)))
        self._shell = f"{sys.executable} {folder / 'shell.py'}"

    def person(self, user: str, net: Net | None = None, **options: str) -> Person:
        return Person(self.sshd.open(net or self.admin, user, GATEWAY, self._shell, **options))

    def stop(self) -> None:
        self.sshd.stop()
        self.enforcer.stop()
        self.gateway.close()
        self.admin.close()


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    folder = Path(tempfile.mkdtemp(prefix="cg-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "ssh").mkdir()
    clinic = Clinic(folder)
    yield clinic
    clinic.stop()
    shutil.rmtree(folder)


def test_only_the_same_person_over_a_new_connection_confirms(clinic: Clinic) -> None:
    alice = clinic.person("alice", ControlMaster="yes", ControlPath=f"{clinic.enforcer.paths.run}/mux")
    assert alice.does("apply", site_text=site(), site_path="site.yaml", confirm_within=60)[0] == "done"
    code, why = alice.does("confirm")
    assert (code, "older than the policy" in why) == ("confirm-refused", True)

    on_the_old_connection = clinic.person("alice", ControlPath=f"{clinic.enforcer.paths.run}/mux")
    assert "older than the policy" in on_the_old_connection.does("confirm")[1]

    code, why = clinic.person("bob").does("confirm")
    assert (code, "applied by" in why) == ("confirm-refused", True)

    from_the_gateway_itself = clinic.person("alice", clinic.gateway)
    assert "begins on the gateway itself" in from_the_gateway_itself.does("confirm")[1]

    assert clinic.enforcer.call("status")["state"] == "pending"
    told, result = clinic.person("alice").does("confirm")
    assert (told, result["generation"], "10.20.10.11" in result["origin"]) == ("done", 1, True)
    assert clinic.enforcer.call("status")["state"] == "confirmed"

    records = audit.tail(clinic.enforcer.paths.audit, 10)
    tried = [(r["actor"], r["outcome"].split(":")[0]) for r in records if r["command"] == "confirm"]
    alice_is, bob_is = (f"uid:{USERS[name]}" for name in ("alice", "bob"))
    assert [who for who, _ in tried] == [alice_is, alice_is, bob_is, alice_is, alice_is]
    assert [outcome for _, outcome in tried] == ["refused"] * 4 + ["done"]
    assert audit.verify(clinic.enforcer.paths).intact


def test_a_process_that_left_its_session_is_nowhere(clinic: Clinic) -> None:
    """As tmux does: a new session, the parent gone."""
    alice = clinic.person("alice")
    alice.does("apply", site_text=site(), site_path="site.yaml", confirm_within=60)
    out = Path(tempfile.mkdtemp(dir=clinic.enforcer.paths.run)) / "out"
    out.parent.chmod(0o777)
    command = f"""setsid sh -c 'echo "[\\"confirm\\", {{}}]" | {clinic._shell} > {out}.part; mv {out}.part {out}' &"""
    clinic.sshd.open(clinic.admin, "alice", GATEWAY, command).communicate(timeout=30)
    while not out.exists():  # bounded by the test's time-out
        os.sched_yield()
    assert "cannot be seen" in out.read_text()


def test_a_policy_that_cuts_the_administrator_returns_and_his_old_session_could_not_keep_it(clinic: Clinic) -> None:
    """The administrators' zone moves away: what he has stays, but nobody new gets in; so nobody can confirm."""
    alice = clinic.person("alice")
    alice.does("apply", site_text=site(), site_path="site.yaml", confirm_within=60)
    told = clinic.person("alice").does("confirm")
    assert told[0] == "done", told
    clinic.gateway.run("ip", "link", "add", "eth1.11", "type", "veth", "peer", "name", "far")
    moved = site().replace("10.20.10.", "10.20.11.").replace("20:10::", "20:11::").replace("vlan: 10,", "vlan: 11,")
    assert alice.does("apply", site_text=moved, site_path="moved.yaml", confirm_within=10)[0] == "done"
    assert alice.does("confirm")[0] == "confirm-refused"
    new = clinic.sshd.open(clinic.admin, "alice", GATEWAY, "echo in", ConnectTimeout="2")
    assert new.communicate(timeout=30)[0] == ""
    while clinic.enforcer.call("status")["generation"] != 1:  # bounded by the test's time-out
        os.sched_yield()
    assert clinic.person("alice").does("status")[1]["state"] == "confirmed"
