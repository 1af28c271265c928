"""A gateway and one camera, each in a network namespace, with the real enforcer and the real watcher.

The namespaces have no names: each belongs to a process that holds it and ends when this one does, whatever happens.
The watcher runs as another user without any right, as on the box.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gateway.paths import Paths

ROOT = Path(__file__).parents[3]
SITE = ROOT / "ruleset" / "examples" / "naika-clinic.yaml"
WATCHER = 64503
PATIENCE_SECONDS = 30.0
CAMERA_MAC = "02:00:0a:0a:3c:0b"
SEND = "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nfor _ in range(int(sys.argv[1])): "
SEND += "s.sendto(b'x', ('198.51.100.7', 10001))"


class World:
    """`folder` holds state and run; the camera sends, the watcher can be started and ended."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.paths = Paths(folder / "state", folder / "run")
        self._stack = stack
        self._folders()
        self._gateway, self._camera = self._namespace(), self._namespace()
        self._wire()

    def enforcer(self, site: str = "") -> subprocess.Popen[str]:
        """Start it, with another site than the example's if there is a text; it answers when this returns."""
        file = SITE
        if site:
            file = self.paths.state.parent / "site.yaml"
            file.write_text(site)
        started = self._start(self._gateway, [], "gateway.enforcer", "--site", str(file))
        said(started, "listening on")
        return started

    def watcher(self) -> subprocess.Popen[str]:
        """Start it as another user, without rights."""
        drop = ["setpriv", f"--reuid={WATCHER}", f"--regid={WATCHER}", "--clear-groups", "--no-new-privs",
                "--bounding-set=-all", "--inh-caps=-all", "--"]  # fmt: skip
        return self._start(self._gateway, drop, "gateway.watcher")

    def resolver(self) -> subprocess.Popen[str]:
        """Start it."""
        return self._start(self._gateway, [], "gateway.resolver")

    def camera_runs(self, script: str, *arguments: str) -> None:
        """Python on the camera; it fails when the script does."""
        inside(self._camera, sys.executable, "-c", script, *arguments)

    def knock(self, times: int) -> None:
        """The camera sends that many UDP packets towards the internet."""
        inside(self._camera, sys.executable, "-c", SEND, str(times))

    def report(self, **message: object) -> None:
        """What the resolver would report."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(json.dumps(message).encode(), str(self.paths.events_socket))

    def _folders(self) -> None:
        for path in (self.paths.state, self.paths.run):
            path.mkdir()
            os.chown(path, 0, WATCHER)
            path.chmod(0o1775)
        access = self.paths.access_files[0]
        access.write_text(json.dumps({str(WATCHER): "watcher"}))
        access.chmod(0o644)

    def _namespace(self) -> int:
        """The pid of a process that holds a new network namespace until its input ends."""
        holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo ready && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._stack.callback(_end, holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        return holder.pid

    def _wire(self) -> None:
        peer = ["peer", "name", "cam0", "netns", str(self._camera), "address", CAMERA_MAC]
        inside(self._gateway, "ip", "link", "add", "eth1.60", "type", "veth", *peer)
        inside(self._gateway, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "provider")
        for name, address in (("eth1.60", "10.10.60.1/24"), ("eth0", "203.0.113.2/24")):
            inside(self._gateway, "ip", "addr", "add", address, "dev", name)
            inside(self._gateway, "ip", "link", "set", name, "up")
        inside(self._gateway, "ip", "link", "set", "provider", "up")
        inside(self._gateway, "ip", "route", "add", "default", "via", "203.0.113.1")
        inside(self._gateway, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        for command in ("addr add 10.10.60.11/24 dev cam0", "link set cam0 up", "route add default via 10.10.60.1"):
            inside(self._camera, "ip", *command.split())

    def _start(self, namespace: int, before: list[str], module: str, *arguments: str) -> subprocess.Popen[str]:
        env = {**os.environ, "CLINICGATE_STATE": str(self.paths.state), "CLINICGATE_RUN": str(self.paths.run)}
        process = subprocess.Popen(
            ["nsenter", "--net", f"--target={namespace}", "--", *before, sys.executable, "-m", module, *arguments],
            cwd=ROOT, env={**env, "PYTHONDONTWRITEBYTECODE": "1"}, stderr=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self._stack.callback(_end, process)
        return process


@contextmanager
def world() -> Iterator[World]:
    """Everything in it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="watcher-test-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        yield World(Path(folder), stack)


def said(process: subprocess.Popen[str], words: str) -> str:
    """The next line with these words; it fails when the process ends without."""
    assert process.stderr is not None
    seen = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    for line in process.stderr:
        seen.append(line)
        if words in line:
            return line
        assert time.monotonic() < deadline, seen
    raise AssertionError(f"it ended without saying {words!r}: {seen}")


def ended(process: subprocess.Popen[str]) -> int:
    """Ask it to end, and its exit status."""
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE_SECONDS)


def inside(namespace: int, *command: str) -> None:
    subprocess.run(["nsenter", "--net", f"--target={namespace}", "--", *command], check=True)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
