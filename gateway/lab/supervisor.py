"""`python -m gateway.lab.supervisor LAB [--world-only]`: starts the lab's processes and starts again what dies.

May live here: starting, waiting, backing off, writing down who runs. May not: which processes and rights (specs.py).

It works in a mount namespace of its own, where it shows this program's folder at a place that other users may read
(a clone in /root is closed to them); that mount ends with the last process. It ends its processes before it ends.
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from gateway.lab.folder import SUPERVISOR, Folder, Process, write_json
from gateway.lab.processes import end, identify
from gateway.lab.specs import Spec, command, environment, specs

CLONE_NEWNS = 0x00020000
MS_REMOUNT, MS_BIND, MS_REC, MS_SLAVE, MS_RDONLY = 0x20, 0x1000, 0x4000, 0x80000, 0x1
PR_SET_PDEATHSIG = 1
FIRST_PAUSE, LONGEST_PAUSE, HEALTHY = 0.05, 5.0, 2.0
LOG_LIMIT = 4 << 20
SOURCE = Path(__file__).parents[2]
ANCHOR = Path("/usr/share/dns/root.key")  # of the Debian package dns-root-data

_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> int:
    """Runs until SIGTERM or SIGINT, exit status 0. `--tied=PID` ends it with the process that started it."""
    starter = next((a.removeprefix("--tied=") for a in arguments if a.startswith("--tied=")), None)
    if starter is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(starter):  # it ended before we asked to be told
            return 1
    folder = Folder(arguments[0])
    show_code(folder)
    _show_anchor(folder)
    asyncio.run(Supervisor(folder, specs(folder, gateway="--world-only" not in arguments)).run())
    return 0


def show_code(folder: Folder) -> None:
    """Mounts the program's folder read-only at a readable place, in a mount namespace of our own. Raises OSError."""
    folder.code.mkdir(exist_ok=True)
    _call(_libc.unshare(CLONE_NEWNS), "a mount namespace of its own")
    _call(_libc.mount(None, b"/", None, MS_REC | MS_SLAVE, None), "making mounts private")
    target = bytes(folder.code)
    _call(_libc.mount(bytes(SOURCE), target, None, MS_BIND, None), f"mounting {SOURCE}")
    _call(_libc.mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY, None), "making it read-only")


def _show_anchor(folder: Folder) -> None:
    """The lab's internet has a root of its own: its trust anchor stands where the real one's file is, for us alone."""
    folder.anchor.touch(mode=0o644)
    if ANCHOR.exists():
        _call(_libc.mount(bytes(folder.anchor), bytes(ANCHOR), None, MS_BIND, None), f"mounting {ANCHOR}")


def _call(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


class Supervisor:
    """Keeps the lab's processes running."""

    def __init__(self, folder: Folder, wanted: tuple[Spec, ...]) -> None:
        self._folder = folder
        self._wanted = wanted
        self._running: dict[str, Process] = {}
        self._stop = asyncio.Event()
        self._log_size = 0

    async def run(self) -> None:
        """Until a signal asks to stop; then every process has ended."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        self._note(SUPERVISOR, identify(os.getpid()))
        keepers = [asyncio.create_task(self._keep(spec)) for spec in self._wanted]
        await self._stop.wait()
        await asyncio.to_thread(end, [p for name, p in self._running.items() if name != SUPERVISOR])
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, spec: Spec) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            started = time.monotonic()
            status = await self._once(spec)
            if self._stop.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - started > HEALTHY else min(pause * 2, LONGEST_PAUSE)
            self._write(spec.name, f"ended with status {status}; starts again in {pause:.1f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)

    async def _once(self, spec: Spec) -> int:
        child = await asyncio.create_subprocess_exec(
            *command(spec, self._folder.lab, _python(self._folder)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd="/",
            env=environment(spec, self._folder, os.environ),
            start_new_session=True,
        )
        self._note(spec.name, identify(child.pid))
        try:
            assert child.stdout is not None
            while line := await _line(child.stdout):
                self._write(spec.name, line)
            return await child.wait()
        finally:
            self._note(spec.name, None)

    def _note(self, name: str, process: Process | None) -> None:
        if process is None:
            self._running.pop(name, None)
        else:
            self._running[name] = process
        with suppress(OSError):  # the folder goes away while the lab is taken down
            write_json(self._folder.processes, {name: asdict(entry) for name, entry in self._running.items()})

    def _write(self, name: str, text: str) -> None:
        """One line to the log, which is begun anew when it has grown too long."""
        line = f"{name}: {text}\n"
        self._log_size += len(line)
        with suppress(OSError), self._folder.log.open("a" if self._log_size < LOG_LIMIT else "w") as log:
            log.write(line)
        if self._log_size >= LOG_LIMIT:
            self._log_size = len(line)


async def _line(stream: asyncio.StreamReader) -> str:
    """The next line without control characters; empty at the end of the stream."""
    try:
        data = await stream.readline()
    except ValueError:  # longer than the buffer: the rest of it comes as the next line
        return "(a line too long to show)"
    text = data.decode("utf-8", "replace").rstrip("\r\n")
    return "".join(c if c.isprintable() else "?" for c in text) or (" " if data else "")


def _python(folder: Folder) -> Path:
    """This interpreter, as the others see it: a virtual environment inside the program's folder moves with it."""
    own = Path(sys.executable)
    return folder.code / own.relative_to(SOURCE) if own.is_relative_to(SOURCE) else own


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
