"""An enforcer as a process of its own in a namespace, and a client of it as any user."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.client import EnforcerClient, EnforcerUnavailable
from gateway.paths import RUN_VARIABLE, STATE_VARIABLE, Paths
from tests.gateway.enforcer.nets import ROOT, Net

READY_SECONDS = 30
ENTRY = ("-m", "gateway.enforcer")


class Running:
    """`python -m gateway.enforcer` (or another entry point with the same environment) inside `net`."""

    def __init__(
        self, net: Net, folder: Path, *arguments: str, entry: tuple[str, ...] = ("-m", "gateway.enforcer")
    ) -> None:
        self.net, self.paths = net, Paths(folder / "state", folder / "run")
        self._arguments, self._entry = arguments, entry
        self._log = folder / "log"
        self.process: subprocess.Popen[str] | None = None

    def start(self, **environment: str) -> "Running":
        """Returns when it listens. Raises AssertionError with its log when it ends before."""
        self.paths.enforcer_socket.unlink(missing_ok=True)
        told = {STATE_VARIABLE: str(self.paths.state), RUN_VARIABLE: str(self.paths.run), "PYTHONPATH": str(ROOT)}
        with self._log.open("a") as log:
            self.process = self.net.popen(
                *(sys.executable, *self._entry, *self._arguments),
                stderr=log,
                env={**os.environ, **told, **environment},
            )
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()
            with contextlib.suppress(EnforcerUnavailable):
                self.call("status")
                return self
            time.sleep(0.01)
        raise AssertionError(f"not listening: {self.log()}")

    def call(self, command: str, /, **args):
        with self.client() as client:
            return client.call(command, **args)

    def client(self, **options) -> EnforcerClient:
        return EnforcerClient(self.paths.enforcer_socket, 60.0, **options)

    def log(self) -> str:
        return self._log.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait, answer the exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


@contextlib.contextmanager
def as_uid(uid: int) -> Iterator[None]:
    """This process connects as `uid`: peer credentials are those of the moment of the connect."""
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
