"""An enforcer as a process of its own in a namespace, and a client of it as any user."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from gateway.client import EnforcerClient
from gateway.paths import RUN_VARIABLE, STATE_VARIABLE, Paths
from tests.gateway.enforcer.nets import ROOT, Net

ENTRY = ("-m", "gateway.enforcer")


class Running:
    """`python -m gateway.enforcer` (or another entry point with the same environment) inside `net`."""

    def __init__(
        self, net: Net, folder: Path, *arguments: str, entry: tuple[str, ...] = ("-m", "gateway.enforcer")
    ) -> None:
        self.net, self.paths = net, Paths(folder / "state", folder / "run")
        self._arguments, self._entry = arguments, entry
        self._lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self, **environment: str) -> "Running":
        """Returns when it listens. Raises AssertionError with its log when it ends before."""
        self.paths.enforcer_socket.unlink(missing_ok=True)
        told = {STATE_VARIABLE: str(self.paths.state), RUN_VARIABLE: str(self.paths.run), "PYTHONPATH": str(ROOT)}
        self.process = self.net.popen(
            *(sys.executable, *self._entry, *self._arguments),
            stderr=subprocess.PIPE,
            env={**os.environ, **told, **environment},
        )
        for line in self.process.stderr:
            self._lines.append(line)
            if "listening" in line:
                threading.Thread(target=self._lines.extend, args=(self.process.stderr,), daemon=True).start()
                return self
        raise AssertionError(f"it ended: {self.log()}")

    def call(self, command: str, /, **args):
        with self.client() as client:
            return client.call(command, **args)

    def client(self, **options) -> EnforcerClient:
        return EnforcerClient(self.paths.enforcer_socket, 60.0, **options)

    def log(self) -> str:
        return "".join(self._lines)

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
