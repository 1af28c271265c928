"""The servers of the DNS benchmark, each a process in a network namespace of the benchmark's own.

Ours is `python -m gateway.resolver` as the product starts it: it learns its site from an enforcer's socket, reads its
list from the lists folder, and reports to a watcher's socket. unbound and dnsmasq are Debian's, with one thread, the
same blocked names, the same upstream, a cache as large, and no log.

May live here: starting, waiting until they answer, ending. May not: questions (dns_names.py), measuring.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode

from gateway.lab import netns
from gateway.paths import RUN_VARIABLE, STATE_VARIABLE
from tests.bench import dns_names
from tests.gateway.resolver.world import FakeEnforcer, datagram_listener

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
UNBOUND_CONF = """server:
  interface: {address}
  access-control: 10.33.0.0/16 allow
  num-threads: 1
  do-ip6: no
  do-daemonize: no
  do-not-query-localhost: no
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{folder}"
  use-syslog: no
  verbosity: 0
  module-config: "iterator"
  msg-cache-size: 16m
  rrset-cache-size: 32m
{zones}
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: {upstream}
"""
DNSMASQ_CONF = """keep-in-foreground
no-resolv
no-hosts
no-poll
bind-interfaces
listen-address={address}
user=root
pid-file=
cache-size=10000
server={upstream}
{zones}
"""


@dataclass(frozen=True)
class Server:
    """One that is measured."""

    name: str
    address: str
    pid: int


@contextmanager
def servers(folder: Path, blocked: Sequence[str]) -> Iterator[list[Server]]:
    """All three, answering; the calling thread is in their namespace meanwhile. Raises RuntimeError."""
    with ExitStack() as stack:
        descriptor = netns.make()
        stack.callback(os.close, descriptor)
        stack.enter_context(netns.inside(descriptor))
        lines = ["link set lo up", *(f"address add {subnet} dev lo" for subnet in dns_names.SUBNETS)]
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
        upstream = [sys.executable, "-m", "tests.bench.dns_upstream", dns_names.UPSTREAM]
        stack.enter_context(_process("upstream", upstream, folder))
        started = [
            Server("ours", dns_names.GATEWAY, stack.enter_context(_ours(folder / "ours", blocked))),
            Server("unbound", dns_names.UNBOUND, stack.enter_context(_unbound(folder, blocked))),
            Server("dnsmasq", dns_names.DNSMASQ, stack.enter_context(_dnsmasq(folder, blocked))),
        ]
        for server in started:
            _wait(server, blocked[-1], folder)
        yield started


@contextmanager
def _ours(folder: Path, blocked: Sequence[str]) -> Iterator[int]:
    lists, run = folder / "lists", folder / "run"
    for made in (lists, run):
        made.mkdir(parents=True)
    (lists / dns_names.LIST_PATH).write_text(dns_names.list_text(blocked), encoding="ascii")
    with ExitStack() as stack:
        enforcer = FakeEnforcer(run / "enforcer.sock")
        stack.callback(enforcer.close)
        answer = {"site_text": dns_names.site_text(), "generation": 1}
        enforcer.answers["site"] = lambda args: answer
        enforcer.answers["pin"] = lambda args: {}
        stack.enter_context(_watcher(run / "events.sock"))
        environment = {RUN_VARIABLE: str(run), STATE_VARIABLE: str(folder)}
        command = [sys.executable, "-m", "gateway.resolver"]
        yield stack.enter_context(_process("ours", command, folder.parent, environment))


@contextmanager
def _watcher(path: Path) -> Iterator[None]:
    """Takes every report, as the watcher would, so that none is lost."""
    with datagram_listener(path) as listener:
        listener.settimeout(None)

        def listen() -> None:
            while listener.recv(65536):
                pass

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(2)
            thread.join()


@contextmanager
def _unbound(folder: Path, blocked: Sequence[str]) -> Iterator[int]:
    zones = "\n".join(f'  local-zone: "{name}" always_nxdomain' for name in blocked)
    path = folder / "unbound.conf"
    text = UNBOUND_CONF.format(address=dns_names.UNBOUND, folder=folder, zones=zones, upstream=dns_names.UPSTREAM)
    path.write_text(text, encoding="ascii")
    with _process("unbound", ["unbound", "-d", "-c", str(path)], folder) as pid:
        yield pid


@contextmanager
def _dnsmasq(folder: Path, blocked: Sequence[str]) -> Iterator[int]:
    zones = "\n".join(f"local=/{name}/" for name in blocked)
    path = folder / "dnsmasq.conf"
    path.write_text(DNSMASQ_CONF.format(address=dns_names.DNSMASQ, zones=zones, upstream=dns_names.UPSTREAM), "ascii")
    with _process("dnsmasq", ["dnsmasq", f"--conf-file={path}"], folder) as pid:
        yield pid


@contextmanager
def _process(name: str, command: list[str], folder: Path, environment: dict[str, str] | None = None) -> Iterator[int]:
    """Runs until the block ends, and no longer than this process; what it says is in the folder, for errors."""
    with (
        (folder / f"{name}.log").open("wb") as log,
        subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(environment or {})},
        ) as process,
    ):  # fmt: skip
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5.0)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(server: Server, blocked: str, folder: Path) -> None:
    """Until a listed name is blocked and another one is answered."""
    wanted = {blocked: dns.rcode.NXDOMAIN, "ready.example": dns.rcode.NOERROR}
    until = time.monotonic() + START_SECONDS
    while wanted and time.monotonic() < until:
        name = next(iter(wanted))
        try:
            source = dns_names.CLIENTS[0]
            found = dns.query.udp(dns.message.make_query(name, "A"), server.address, 0.5, source=source).rcode()
        except (dns.exception.DNSException, OSError):
            found = None
        if found == wanted[name]:
            del wanted[name]
        else:
            time.sleep(0.05)
    if wanted:
        said = (folder / f"{server.name}.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{server.name} does not answer {next(iter(wanted))} as it should:\n{said}")
