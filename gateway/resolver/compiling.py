"""Having a list's text compiled for the shelf, by a confined process, while the resolver goes on answering.

One after the other, so that a box with little memory never holds two. Files are opened and renamed in a thread.

May live here: that order. May not: what the process does and may (gateway.updates), which list is in force (shelf.py).
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from typing import BinaryIO

from gateway.resolver.journal import Journal
from gateway.resolver.shelf import Shelf, Text
from gateway.updates.compiled import CompiledFolder, Stamp
from gateway.updates.confined import Compile, UnfitError, compile_names


class Compiling:
    """`begin()` whenever the shelf may have something waiting; `done()` is called when it has something new."""

    def __init__(self, shelf: Shelf, folder: CompiledFolder, journal: Journal, done: Callable[[], None]) -> None:
        self._shelf, self._folder, self._journal, self._done = shelf, folder, journal, done
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        if self._task is None and self._shelf.waiting:
            self._task = asyncio.create_task(self._run())

    async def finished(self, seconds: float) -> None:
        """Until nothing is being compiled any more, or so long."""
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=seconds)

    async def stop(self) -> None:
        """End what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            for text in self._shelf.waiting:
                self._shelf.finished(text, await self._compile(text))
        finally:
            self._task = None
            self._done()

    async def _compile(self, text: Text) -> str:
        """Why it could not be compiled, "" when it was."""
        began = time.monotonic()
        try:
            with contextlib.ExitStack() as open_files:
                key, source, into = await asyncio.to_thread(self._open, text, open_files)
                found = await compile_names(source, Compile(text.name, key, into))
                await asyncio.to_thread(open_files.close)
        except (OSError, UnfitError) as error:
            return str(error)
        took, memory = time.monotonic() - began, found.memory >> 20
        self._journal.say(
            f"list {text.name}", f"compiled {found.lines} lines in {took:.1f} s in a process of {memory} MiB"
        )
        return ""

    def _open(self, text: Text, open_files: contextlib.ExitStack) -> tuple[bytes, BinaryIO, BinaryIO]:
        """Raises OSError."""
        key = self._folder.key()
        source = open_files.enter_context(text.file.open("rb"))
        if Stamp.of(os.fstat(source.fileno())) != text.stamp:
            raise OSError("it changed meanwhile")
        return key, source, open_files.enter_context(self._folder.writing(text.name, text.stamp))
