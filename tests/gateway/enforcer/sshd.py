"""A real sshd for the tests: own configuration, keys, users and port, in its own mount namespace.

The users exist only inside: the files over /etc/passwd and /etc/shadow are bind mounts that end with the process.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from gateway.enforcer import processes
from tests.gateway.enforcer.nets import Net

SSHD = "/usr/sbin/sshd"
PORT = 22  # of a namespace: nothing else listens there
USERS = {"alice": 64811, "bob": 64812}
CONFIG = """Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/person.pub
PidFile {folder}/pid
UsePAM no
StrictModes no
PasswordAuthentication no
PrintMotd no
PrintLastLog no
"""
ENTER = """mount --bind {folder}/passwd /etc/passwd && mount --bind {folder}/shadow /etc/shadow && \
mount --bind {folder}/run /run && exec {sshd} -D -e -f {folder}/config"""


class Sshd:
    """Listens in `net` until `stop`; whoever has the key gets in as any of USERS."""

    def __init__(self, net: Net, folder: Path) -> None:
        self._folder, self._children = folder, []
        for name in ("host", "person"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        (folder / "run" / "sshd").mkdir(parents=True)
        (folder / "config").write_text(CONFIG.format(port=PORT, folder=folder))
        users = "".join(f"{name}:x:{uid}:{uid}::/:/bin/sh\n" for name, uid in USERS.items())
        (folder / "passwd").write_text(Path("/etc/passwd").read_text() + users)
        shadow = "".join(f"{name}:*:19000:0:99999:7:::\n" for name in USERS)
        (folder / "shadow").write_text(Path("/etc/shadow").read_text() + shadow)
        (folder / "shadow").chmod(0o600)
        script = ENTER.format(folder=folder, sshd=SSHD)
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
        self._log = (folder / "log").open("w")
        self._server = net.popen(*command, stderr=self._log, start_new_session=True)
        self._await(net)

    def open(self, net: Net, user: str, address: str, *command: str, **options: str) -> "subprocess.Popen[str]":
        """Run a command on the gateway over a connection from `net`; its input and output are pipes."""
        extra = [
            word for name, value in ({"ConnectTimeout": "20"} | options).items() for word in ("-o", f"{name}={value}")
        ]
        child = net.popen(
            *("ssh", "-F", "none", "-p", str(PORT), "-i", str(self._folder / "person")),
            *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"),
            *extra,
            f"{user}@{address}",
            *command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._children.append(child)
        return child

    def stop(self) -> None:
        for child in self._children:
            child.kill()
            child.communicate()
        sessions = [entry for entry in map(processes.read, _pids()) if entry and entry.parent == self._server.pid]
        for pid in [*(session.pid for session in sessions), self._server.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.wait(10)
        self._log.close()

    def _await(self, net: Net) -> None:
        deadline = time.monotonic() + 20
        with net.enter():
            while time.monotonic() < deadline:
                assert self._server.poll() is None, (self._folder / "log").read_text()
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), timeout=1):
                    return
        raise AssertionError("sshd does not listen")


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def there() -> bool:
    return Path(SSHD).exists() and shutil.which("ssh") is not None
