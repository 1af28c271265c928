"""The French practice as a running virtual clinic, and the hands of those who work at it.

The site is the shipped example with two permits more, for traffic that is measured. The internet's own stand-ins
answer for every address there is; those below are left to the tests.

May live here: going to and fro between a test and the lab: commands, flows, killing. May not: assertions.
"""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.client import EnforcerClient
from gateway.lab import lifecycle, netns, person, processes
from gateway.lab.folder import SUPERVISOR, Folder, Process, read_processes, read_record
from gateway.lab.kernel import load_ruleset
from gateway.lab.specs import RESOLVER, UI_PORT, WEBUI
from ruleset.load import load_site
from ruleset.resolved import ResolvedSite
from tests.fault.flows import Flow, Place, Protocol, opened, wait_until

EXAMPLES = Path(__file__).parents[2] / "ruleset/examples"
# In ranges that the video catalogue gives for Zoom: what a call of an approved platform leads to.
MEASURED = {4: "170.114.0.77", 6: "2620:123:2000::77"}
PLATFORM_TCP, PLATFORM_UDP = 8801, range(8801, 8811)
PINNED = "34.104.35.20"  # in no published range: only a pin leads there, on Google Meet's ports
PINNED_UDP = range(19302, 19310)
MEASURED_PORTS = range(40010, 40040)
MEASURED_PERMIT = (
    "\n  {}: {{from: {}, to: {}, services: [mesure], reason: Mesure, owner: Prestataire, expires: 2028-06-30}}"
)
PERSON = "technician"
BACK_SECONDS = 15.0


def measured_site() -> str:
    """The text of the example with the permits for measuring."""
    last = MEASURED_PORTS[-1]
    service = f'\n  mesure: {{label: "Mesure", tcp: ["40000-{last}"], udp: ["40000-{last}"]}}'
    permits = MEASURED_PERMIT.format("mesure-serveur", "[medecin-1, medecin-2]", "dossiers")
    permits += MEASURED_PERMIT.format("mesure-admin", "admin", "[medecin-1, medecin-2]")
    text = (EXAMPLES / "cabinet-fr.yaml").read_text(encoding="utf-8")
    return text.replace("\nservices:", f"\nservices:{service}").replace("\npermits:", f"\npermits:{permits}")


class Clinic:
    """A running lab with a confirmed policy. Use `running`."""

    def __init__(self, lab: str, site: Path) -> None:
        self.lab, self.site = lab, site
        self.text = site.read_text(encoding="utf-8")
        self.folder = Folder(lab)
        record = read_record(self.folder)
        assert record is not None, "the lab was built a moment ago"
        self.record = record
        self.resolved = resolved(self.text)
        self._namespaces: dict[str, int] = {}

    def close(self) -> None:
        for descriptor in self._namespaces.values():
            os.close(descriptor)

    def namespace(self, host: str) -> int:
        """A descriptor on a host's network namespace, closed with the clinic."""
        if host not in self._namespaces:
            found = self.record.host(host)
            assert found is not None, f"no host {host} in the lab"
            self._namespaces[host] = netns.open_named(found.namespace)
        return self._namespaces[host]

    def place(self, host: str, version: int) -> Place:
        """Where that host's packets of that IP version come from and go to; the internet is the measured stand-in."""
        if host == "internet":
            return Place(self.namespace(host), MEASURED[version])
        found = self.record.host(host)
        assert found is not None, f"no host {host} in the lab"
        return Place(self.namespace(host), next(a for a in found.addresses if (":" in a) == (version == 6)))

    def flow(self, near: str, far: str, protocol: Protocol, version: int, port: int, **pace: Any) -> Flow:
        """An open flow. Raises OSError when the gateway does not let it through."""
        name = f"{protocol} IPv{version} {near} to {far}"
        return opened(name, protocol, self.place(near, version), self.place(far, version), port, **pace)

    def as_root(self, command: str, **arguments: Any) -> dict[str, Any]:
        """One command of root on the box."""
        with EnforcerClient(self.folder.gateway.enforcer_socket) as client:
            return client.call(command, **arguments)

    def at_page(self, command: str, opened: float | None = None, **arguments: Any) -> dict[str, Any]:
        """One command of the technician at the page; `opened` is when his browser connected (epoch seconds)."""
        with (
            as_user(WEBUI),
            EnforcerClient(self.folder.gateway.enforcer_socket, actor=PERSON, connection_opened=opened) as client,
        ):
            return client.call(command, **arguments)

    def pin(self, client: str, addresses: list[str]) -> None:
        """What the resolver does before it answers a pinned name."""
        with as_user(RESOLVER), EnforcerClient(self.folder.gateway.enforcer_socket) as connection:
            connection.call("pin", client=client, addresses=addresses, ttl=60, name="call.example")

    def unpin(self, client: str, address: str) -> None:
        """What the kernel does by itself when a pin's time is over, without waiting for it."""
        load_ruleset(self.namespace("gateway"), f"delete element inet clinicgate pin4 {{ {client} . {address} }}\n")

    def apply(self, text: str, within: float = 90.0) -> int:
        """Applies a site; it waits for its confirm then. Answer: its generation."""
        return int(self.at_page("apply", site_text=text, site_path=str(self.site), confirm_within=within)["generation"])

    def confirm(self) -> None:
        """Confirms over a new connection from the administrator's PC to the page."""
        self.at_page("confirm", self.reach_page())

    def reach_page(self) -> float:
        """Connects from the administrator's PC to the page; answer: when. Raises LabError."""
        return person.reach_page(person.admin_host(self.record, self.resolved), person.page_address(self.resolved))

    def browse(self, patience: float = 0.5) -> str:
        """The owner's page, loaded on the administrator's PC. Raises OSError, HTTPException when it is not shown."""
        address = str(person.page_address(self.resolved))
        with netns.open_socket(self.namespace("admin"), socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.settimeout(patience)
            sock.connect((address, UI_PORT))
            connection = HTTPConnection(address, UI_PORT)
            connection.sock = sock
            connection.request("GET", "/")
            answer = connection.getresponse()
            if answer.status != 200:
                raise HTTPException(f"the page answers {answer.status}")
            return answer.read().decode()

    def status(self) -> dict[str, Any]:
        return self.as_root("status")

    def settle(self) -> None:
        """Nobody isolated, nothing pending, the clinic's own site loaded and confirmed as it is in the file."""
        for row in self.as_root("quarantine_list")["quarantine"]:
            self.as_root("quarantine_remove", mac=row["mac"])
        now = self.status()
        if now["pending"]:
            self.as_root("rollback")
            now = self.status()
        if now["state"] != "confirmed" or now["drift"] or self.as_root("site")["site_text"] != self.text:
            self.apply(self.text)
            self.confirm()

    def process(self, name: str) -> Process | None:
        """Who runs under that name now."""
        return read_processes(self.folder).get(name)

    def kill(self, name: str) -> Process:
        """`kill -9`; answer: who that was. He is gone on return."""
        victim = self.process(name)
        assert victim is not None, f"{name} does not run"
        os.kill(victim.pid, signal.SIGKILL)
        assert wait_until(lambda: not processes.is_alive(victim), BACK_SECONDS), f"{name} outlived SIGKILL"
        return victim

    def await_successor(self, name: str, victim: Process) -> None:
        """Returns when the supervisor has started that process again, and the enforcer listens if it is that one."""

        def there() -> bool:
            return processes.is_alive(self.process(name)) and self.process(name) != victim

        assert wait_until(there, BACK_SECONDS), f"nobody started {name} again"
        if name == "enforcer":
            assert wait_until(self.enforcer_answers, BACK_SECONDS), "the new enforcer does not answer"

    def enforcer_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self.folder.gateway.enforcer_socket)) == 0

    @contextmanager
    def nobody_starts_anything(self) -> Iterator[None]:
        """The supervisor stands still, so that what is killed stays dead until the block ends."""
        supervisor = self.process(SUPERVISOR)
        assert supervisor is not None, "the lab has no supervisor"
        os.kill(supervisor.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(supervisor.pid, signal.SIGCONT)


@contextmanager
def running(lab: str, text: str) -> Iterator[Clinic]:
    """A clinic with that site applied and confirmed; nothing of it is left afterwards, whatever happens."""
    with TemporaryDirectory() as folder:
        site = Path(folder, "site.yaml")
        site.write_text(text, encoding="utf-8")
        lifecycle.down(lab)
        lifecycle.up(resolved(text), str(site), lab, tied=True)
        try:
            person.apply_and_confirm(site, lab)
            clinic = Clinic(lab, site)
            try:
                _leave_to_tests(clinic)
                yield clinic
            finally:
                clinic.close()
        finally:
            lifecycle.down(lab)


def resolved(text: str) -> ResolvedSite:
    """Raises AssertionError with the problems of a wrong site."""
    loaded = load_site(text.encode(), "site.yaml", datetime.now(UTC))
    assert loaded.resolved is not None, "\n".join(problem.line() for problem in loaded.problems)
    return loaded.resolved


@contextmanager
def as_user(uid: int) -> Iterator[None]:
    """Connections made inside bear that user (SO_PEERCRED takes the effective uid at connect, unix(7))."""
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def _leave_to_tests(clinic: Clinic) -> None:
    """The lab's internet leads every port to its own echo service; not those of the measured addresses."""
    left = [f"ip daddr {MEASURED[4]}", f"ip daddr {PINNED}", f"ip6 daddr {MEASURED[6]}"]
    load_ruleset(clinic.namespace("internet"), "".join(f"insert rule inet world lead {one} return\n" for one in left))
