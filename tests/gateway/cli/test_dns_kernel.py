"""Allowing a name for a while on its whole way: the command, the real enforcer, the real resolver, and a PC's dig.

The deaths too: neither process takes an allowance with it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway import audit
from gateway.client import EnforcerClient, EnforcerUnavailable
from gateway.paths import RUN_VARIABLE, STATE_VARIABLE
from tests.gateway.cli.conftest import Done
from tests.gateway.enforcer.nets import ROOT, Net, address, gateway_links, site, wire
from tests.gateway.enforcer.running import Running
from tests.gateway.resolver.world import Authority

pytestmark = pytest.mark.netns
Cli = Callable[..., Done]
PATIENCE = 60.0  # seconds; what is waited for takes one or two
GATEWAY, GATEWAY6 = "10.20.20.1", "2001:db8:20:20::1"
DNS = """dns:
  upstreams: [{{server: 127.99.0.53, port: {port}}}]
  lists: {{malware: {{path: malware.hosts}}}}
  zones: {{pc: {{lists: [malware]}}}}
  log: {{detail: device}}
"""


class Clinic:
    """A gateway with its enforcer and resolver, and a PC beside it."""

    def __init__(self, folder: Path, gateway: Net, desk: Net) -> None:
        self.net, self.desk, self.site = gateway, desk, folder / "site.yaml"
        self.enforcer = Running(gateway, folder, "--site", str(self.site))
        self.paths = self.enforcer.paths
        self.resolver: subprocess.Popen[str] | None = None

    def start_resolver(self) -> None:
        told = {STATE_VARIABLE: str(self.paths.state), RUN_VARIABLE: str(self.paths.run), "PYTHONPATH": str(ROOT)}
        command = (sys.executable, "-m", "gateway.resolver")
        self.resolver = self.net.popen(*command, env={**os.environ, **told}, stderr=subprocess.DEVNULL)

    def kill_resolver(self) -> None:
        if self.resolver is not None:
            self.resolver.kill()
            self.resolver.wait(PATIENCE)

    def dig(self, name: str, at: str = GATEWAY) -> str:
        """The code and the addresses the PC is told, "" when nobody answers."""
        told = self.desk.run("dig", f"@{at}", "+tries=1", "+time=2", "+noedns", name, check=False)
        code = told.partition("status: ")[2].partition(",")[0]
        found = [line.split()[-1] for line in told.splitlines() if line.startswith(f"{name}.") and "\tA\t" in line]
        return " ".join((code, *found))

    def until(self, wanted: str, name: str = "bad.example", seconds: float = PATIENCE, at: str = GATEWAY) -> bool:
        """Whether the PC is told that, sooner or later."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.dig(name, at) == wanted:
                return True
        return False


@contextmanager
def networks() -> Iterator[tuple[Net, Net]]:
    gateway, desk = Net(), Net()
    try:
        gateway_links(gateway)
        gateway.run("ip", "link", "del", "eth1.20")
        wire(gateway, "eth1.20", desk, "eth0")
        desk.run("ip", "link", "set", "eth0", "address", "02:00:00:20:20:11")  # as the site declares it
        address(gateway, "eth1.20", f"{GATEWAY}/24", f"{GATEWAY6}/64")
        address(desk, "eth0", "10.20.20.11/24", "2001:db8:20:20::abcd/64")  # a temporary address, which no site names
        yield gateway, desk
    finally:
        gateway.close()
        desk.close()


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """The policy is loaded, and bad.example is blocked for the PC."""
    with networks() as (gateway, desk):
        with gateway.enter():
            authority = Authority()
        authority.records |= {"bad.example": ["192.0.2.66"], "www.example": ["192.0.2.1"]}
        made = Clinic(tmp_path, gateway, desk)
        made.paths.lists.mkdir(parents=True)
        (made.paths.lists / "malware.hosts").write_text("0.0.0.0 bad.example\n")
        made.site.write_text(site() + DNS.format(port=authority.upstream.port))
        monkeypatch.setenv(RUN_VARIABLE, str(made.paths.run))
        monkeypatch.setenv(STATE_VARIABLE, str(made.paths.state))
        try:
            made.enforcer.start()
            made.start_resolver()
            assert made.until("NOERROR 192.0.2.1", "www.example")
            assert made.until("NXDOMAIN")
            yield made
        finally:
            made.kill_resolver()
            made.enforcer.stop()
            with gateway.enter():
                authority.close()


def test_an_allowance_counts_at_once_outlives_both_processes_and_can_be_taken_back(
    clinic: Clinic, clinicgate: Cli
) -> None:
    done = clinicgate("dns", "allow", "bad.example", "--for", "1h", "--device", "reception-1", "--reason", "a supplier")
    assert done.returncode == 0, done.stderr
    assert clinic.until("NOERROR 192.0.2.66")
    assert clinic.until("NOERROR 192.0.2.66", at=GATEWAY6), "a device is known by its MAC whatever its address"
    explained = clinicgate("dns", "explain", "bad.example", "--from", "reception-1")
    assert "a person allowed it for a while" in explained.stdout and "a supplier" in explained.stdout
    assert "bad.example for device reception-1" in clinicgate("status").stdout
    clinic.enforcer.end(signal.SIGKILL)
    assert clinic.dig("bad.example") == "NOERROR 192.0.2.66", "the resolver needs nobody for what it knows"
    clinic.kill_resolver()
    clinic.enforcer.start()
    assert "bad.example for device reception-1" in clinicgate("dns", "allowances").stdout
    clinic.start_resolver()
    assert clinic.until("NOERROR 192.0.2.66")
    assert clinicgate("dns", "disallow", 1).returncode == 0
    assert clinic.until("NXDOMAIN")
    assert "all intact" in clinicgate("audit", "verify").stdout


def test_an_allowance_is_over_by_itself_and_that_is_written_down(clinic: Clinic, clinicgate: Cli) -> None:
    for seconds in (4, 15, 50):  # a busy machine may miss the shortest
        allowed = clinicgate("dns", "allow", "bad.example", f"--for={seconds}s", "--zone", "pc", "--reason", "x")
        assert allowed.returncode == 0, allowed.stderr
        if clinic.until("NOERROR 192.0.2.66", seconds=seconds):
            break
    else:
        pytest.fail("it never counted")
    assert clinic.until("NXDOMAIN")
    assert "no name is allowed" in clinicgate("dns", "allowances").stdout
    with EnforcerClient(clinic.paths.enforcer_socket) as client:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            last = client.call("audit_tail", count=1)["records"][0]
            if last["outcome"] == "ended: its time is over":
                break
    assert (last["actor"], last["outcome"]) == ("enforcer", "ended: its time is over")
    assert "bad.example for zone pc" in last["plan"]
    assert audit.verify(clinic.paths).intact


def test_the_running_resolver_answers_people_not_for_their_device(clinic: Clinic, clinicgate: Cli) -> None:
    told = clinicgate("dns", "test", "bad.example", "--from", "reception-1").stdout
    assert "NXDOMAIN" in told and "list malware, line 1" in told
    told = clinicgate("dns", "test", "www.example", "--from", "cam").stdout
    assert "NOERROR" in told and "192.0.2.1" in told
    before = clinicgate("dns", "explain", "bad.example", "--from", "10.20.20.11", "--json").stdout
    assert '"reason": "listed"' in before
    with EnforcerClient(clinic.paths.resolver_socket, who="resolver") as client:
        counted = client.call("accounts")["clients"]
    assert [row["client"] for row in counted] == ["10.20.20.11"], "the PC's own questions of this test alone"
    clinic.kill_resolver()
    with pytest.raises(EnforcerUnavailable), EnforcerClient(clinic.paths.resolver_socket, who="resolver") as client:
        client.call("accounts")
