"""A memory for the process that comes after a crash: the cache in the run folder, which is in memory itself.

Written while nothing else is to do: a few entries at a time are taken from the cache, a thread puts them into a file
beside, which takes the old one's place when it is whole. Nothing here waits for a disk in the loop, and a file that
cannot be written or read costs nothing but the memory.

May live here: that file. May not: its form and checks (filters.dns_warm), what is answered.
"""

import asyncio
import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from filters.dns_cache import BoundedCache
from filters.dns_warm import MARK, MAX_OCTETS, BadWarmError, Writer, read
from gateway.resolver.config import ResolverConfig
from gateway.resolver.journal import Journal

PAUSE_SECONDS = 5.0  # between two snapshots, and so what a crash may cost of it
STEP_SECONDS = 0.02
STEP = 50  # entries a step: a tenth of a millisecond
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Warm:
    """`adopt` each configuration, `run` for ever. While `trusted()` is false nothing is kept for a successor."""

    def __init__(self, file: Path, cache: BoundedCache, trusted: Callable[[], bool], journal: Journal) -> None:
        self._file, self._cache, self._trusted, self._journal = file, cache, trusted, journal
        self._mark, self._written = b"", -1

    def adopt(self, config: ResolverConfig) -> None:
        """From now on answers are got this way; what was got in another way goes, and the first time what lies in the
        file comes."""
        mark, first = mark_of(config), not self._mark
        if mark == self._mark:
            return
        self._mark = mark
        if first:
            self._restore()
        else:
            self._cache.clear()

    async def run(self) -> None:
        """Snapshots, as long as there is something new."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            if self._mark and self._trusted() and self._cache.changes != self._written:
                try:
                    await self.write()
                except OSError as error:
                    self._journal.say("cache", f"cannot be kept for a restart: {error.strerror or error}")

    async def write(self) -> None:
        """One snapshot. Raises OSError."""
        changes, writer = self._cache.changes, Writer(self._mark)
        draft = self._file.with_name(self._file.name + ".new")
        with contextlib.ExitStack() as files:
            file = await asyncio.to_thread(_begun, draft, files)
            await asyncio.to_thread(file.write, writer.head)
            for octets in self._steps(writer):
                await asyncio.to_thread(file.write, octets)
                await asyncio.sleep(STEP_SECONDS)
            await asyncio.to_thread(file.write, writer.tail)
            await asyncio.to_thread(files.close)
        await asyncio.to_thread(draft.replace, self._file)
        self._written = changes

    def _steps(self, writer: Writer) -> Iterator[bytes]:
        """What is there now; what goes meanwhile is left out."""
        keys = self._cache.held()
        for at in range(0, len(keys), STEP):
            found = ((key, self._cache.frozen(key)) for key in keys[at : at + STEP])
            yield b"".join(writer.entry(key, frozen) for key, frozen in found if frozen is not None)

    def _restore(self) -> None:
        try:
            found = read(_content(self._file), self._mark, time.monotonic())
        except FileNotFoundError:
            return
        except (OSError, BadWarmError) as error:
            self._journal.say("cache", f"begins empty: {error}")
            return
        self._cache.warm(found)
        self._journal.say("cache", f"begins with {len(self._cache)} answers of the process before")


def mark_of(config: ResolverConfig) -> bytes:
    """What answers depend on: who is asked, what is done to them, and the boot, whose clock tells their age."""
    try:
        boot = BOOT.read_text(encoding="ascii")
    except OSError:
        boot = ""
    routes = sorted((name, servers) for name, servers in config.routes.items())
    facts = (boot, config.upstreams, routes, config.remove_ech, config.networks)
    return blake2b(repr(facts).encode(), digest_size=MARK).digest()


def _begun(draft: Path, files: contextlib.ExitStack) -> BinaryIO:
    draft.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    return files.enter_context(os.fdopen(os.open(draft, flags, 0o600), "wb"))


def _content(file: Path) -> bytes:
    """Of a plain file of our own. Raises OSError."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        about = os.fstat(opened.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid():
            raise PermissionError(f"{file} is not ours")
        return opened.read(MAX_OCTETS + 1)
