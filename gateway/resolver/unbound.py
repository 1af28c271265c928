"""Our own Unbound, started and watched: who answers when the site names no upstream.

It reads its configuration from memory, so nothing lies on a disk; it has no rights, no remote control, a port of its
own on 127.0.0.1, and ends with this process. While the time is not known to be right it answers what fails validation
too, and the journal says so; then a strict one takes its place, on another port, so that nothing learned is kept.

May live here: that process. May not: its configuration's text (unbound_config.py), asking it (upstream.py).
"""

import asyncio
import contextlib
import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from filters.dns_exchange import Upstream
from gateway.resolver.journal import Journal
from gateway.resolver.unbound_clock import time_is_known
from gateway.resolver.unbound_config import ADDRESS, Places, config_text
from gateway.vitals import Recursion

TOPIC = "recursion"
MEMORY = 256 << 20  # octets of data: far above what the caches need, far below a board's memory
START_SECONDS = 5.0
STOP_SECONDS = 2.0
LOOK_SECONDS = 5.0  # between two looks at the clock
FIRST_PAUSE, LAST_PAUSE = 0.2, 10.0
_VERSION = re.compile(rb"Version ([0-9A-Za-z.]{1,20})\s")
USER = "unbound"  # of the Debian package; when we are root ourselves, as in a lab


class UnboundError(Exception):
    """It does not run; the text says why."""


class Recursor:
    """`start()` when it is needed, `ready()` waits for it, `stop()`. `moved()`: `upstreams` changed."""

    def __init__(
        self,
        moved: Callable[[], None],
        journal: Journal,
        places: Places | None = None,
        known: Callable[[], bool] | None = None,
    ) -> None:
        self._moved, self._journal, self._places = moved, journal, places or Places()
        self._known = known or (lambda: time_is_known(self._places.anchor))
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self.upstreams: tuple[Upstream, ...] = ()
        self.strict = False  # whether what fails validation is refused
        self.trouble = ""  # why it does not run, now
        self.restarts = 0  # how often it ended by itself
        self.version = ""

    @property
    def state(self) -> Recursion:
        if self._task is None:
            return "unused"
        return "running" if self.upstreams and not self.trouble else "down"

    def start(self) -> None:
        if self._task is None:
            self._settled.clear()
            self._task = asyncio.create_task(self._run())

    async def ready(self) -> None:
        """Until it runs, or it is clear that it does not for now."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                await self._settled.wait()

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        process: asyncio.subprocess.Process | None = None
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    process = await self._replace(process)
                    pause = FIRST_PAUSE
                    await self._watch(process)
                except (UnboundError, OSError) as error:
                    self.trouble = str(error)
                    self._journal.say(TOPIC, f"not running: {error}")
                    self._settled.set()
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LAST_PAUSE)
        finally:
            self.upstreams, self.trouble = (), ""
            if process is not None:
                await _end(process)

    async def _replace(self, old: asyncio.subprocess.Process | None) -> asyncio.subprocess.Process:
        """Start another one, tell where it is, end the old one."""
        for file, package in ((self._places.program, "unbound"), (self._places.anchor, "dns-root-data")):
            if not file.exists():
                raise UnboundError(f"{file} is missing; install the Debian package {package}, or name dns.upstreams")
        self.version = self.version or await _version(self._places.program)
        strict, port = self._known(), free_port()
        made = await self._spawn(config_text(self._places, port, strict=strict))
        try:
            await self._listening(made, port)
        except BaseException:
            await _end(made)
            raise
        self.strict, self.trouble = strict, ""
        self.upstreams = (Upstream(ADDRESS, port),)
        self._moved()
        self._settled.set()
        lax = "answers what fails DNSSEC validation too: the time is not known to be right"
        self._journal.say(TOPIC, "validates DNSSEC" if strict else lax)
        if old is not None:
            await _end(old)
        return made

    async def _spawn(self, text: str) -> asyncio.subprocess.Process:
        """Without rights of any kind, and ended by the kernel when we are."""
        rights = ["--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", "--pdeathsig", "TERM"]
        if os.getuid() == 0:
            rights += ["--reuid", USER, "--regid", USER, "--clear-groups", "--bounding-set=-all"]
        nothing = asyncio.subprocess.DEVNULL
        with os.fdopen(os.memfd_create("unbound.conf"), "wb") as file:
            file.write(text.encode())
            file.flush()
            return await asyncio.create_subprocess_exec(
                "prlimit", f"--data={MEMORY}", "setpriv", *rights, "--",
                str(self._places.program), "-d", "-c", f"/proc/self/fd/{file.fileno()}",
                stdin=nothing, stdout=nothing, stderr=nothing, pass_fds=(file.fileno(),),
            )  # fmt: skip

    async def _listening(self, made: asyncio.subprocess.Process, port: int) -> None:
        end = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < end:
            if made.returncode is not None:
                raise UnboundError(f"it ended with status {made.returncode}; try `{self._places.program} -dd`")
            try:
                _, writer = await asyncio.open_connection(ADDRESS, port)
            except ConnectionError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return
        raise UnboundError("it does not listen")

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Until it must be replaced: it ended (raises UnboundError), or the time became known."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    status = await process.wait()
            except TimeoutError:
                if not self.strict and self._known():
                    return
                continue
            self.restarts += 1
            raise UnboundError(f"it ended with status {status}")


async def _version(program: Path) -> str:
    """Of the program, as it tells it: "1.22.0"; empty when it does not."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    asked = await asyncio.create_subprocess_exec(str(program), "-V", stdin=nothing, stdout=pipe, stderr=nothing)
    told, _ = await asked.communicate()
    found = _VERSION.match(told[:100])
    return found[1].decode() if found else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has, for UDP and TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, socket.socket() as streams:
        datagrams.bind((ADDRESS, 0))
        port = int(datagrams.getsockname()[1])
        streams.bind((ADDRESS, port))
        return port
