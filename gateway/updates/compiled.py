"""Compiled lists on disk: one file for each version of a list's text, and beside them the key of their hashes.

    compiled/key                  32 random octets, made once
    compiled/ID@INODE-SIZE-TIME   the list ID, made of the text file of which these numbers tell the version

The folder belongs to the resolver's user and is closed to others. Root, who updates lists, makes files there for that
user. A file is written beside and renamed, so it is never half there and never changes while it is mapped. Whatever
lies there is checked as a whole before it is used (filters.lists.ListFile), and can be made again from the text.

May live here: these names, the key, opening, writing, cleaning up. May not: compiling (confined.py), which list counts.
"""

import contextlib
import mmap
import os
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

from filters.lists import ListFile, ListFileError

KEY = "key"
KEY_OCTETS = 32
DRAFT = ".new-"  # what the names of unfinished files begin with
DRAFT_SECONDS = 3600.0  # an unfinished file this old has lost its writer


@dataclass(frozen=True, slots=True)
class Stamp:
    """A version of a text file, without reading it: its inode, octets and time of change (ns)."""

    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)

    @classmethod
    def of_file(cls, file: Path) -> Self | None:
        """None: there is no such file."""
        try:
            found = file.stat()
        except OSError:
            return None
        return cls.of(found) if stat.S_ISREG(found.st_mode) else None

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """What `str` gave."""
        try:
            inode, size, modified = (int(part, 16) for part in text.split("-"))
        except ValueError:
            return None
        return cls(inode, size, modified)

    def __str__(self) -> str:
        return f"{self.inode:x}-{self.size:x}-{self.modified:x}"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A compiled list, mapped and found sound. `made`: when it was compiled."""

    file: ListFile
    made: datetime


class CompiledFolder:
    """The folder; made when it is not there. Every method raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self) -> bytes:
        """The key; made when there is none. One that was damaged is replaced, and all files with it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            key = _read(self._folder / KEY, KEY_OCTETS + 1)
            if len(key) == KEY_OCTETS:
                return key
            (self._folder / KEY).unlink()
        with self._draft() as (draft, file):
            file.write(secrets.token_bytes(KEY_OCTETS))
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # somebody else was quicker: that key counts
                os.link(draft, self._folder / KEY)
        return _read(self._folder / KEY, KEY_OCTETS)

    def open(self, name: str, stamp: Stamp) -> Mapped | None:
        """The compiled form of that version; None: there is none. Raises ListFileError too: there is no sound one.

        Reads all of it (40 ms for a million names), mostly outside the interpreter's lock: call it in a thread.
        """
        try:
            descriptor = os.open(self._file(name, stamp), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb"):
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_size == 0:
                raise ListFileError("an empty file: compile the list again")
            mapped = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
        return Mapped(ListFile(memoryview(mapped), self.key()), datetime.fromtimestamp(about.st_mtime, UTC))

    def before(self, name: str) -> Stamp | None:
        """The version of which there is a compiled form, the newest if there are several."""
        found = [(entry.stat().st_mtime, entry.name) for entry in self._folder.glob(f"{name}@*")]
        for _, entry in sorted(found, reverse=True):
            if (stamp := Stamp.from_text(entry.partition("@")[2])) is not None:
                return stamp
        return None

    @contextlib.contextmanager
    def writing(self, name: str, stamp: Stamp) -> Iterator[BinaryIO]:
        """A file to write the compiled form into; it is in its place at the end, unless the block raises."""
        with self._draft() as (draft, file):
            yield file
            draft.replace(self._file(name, stamp))

    def take(self, file: Path, name: str, stamp: Stamp) -> None:
        """`file`, made elsewhere, becomes the compiled form of that version."""
        self._give(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC))
        file.replace(self._file(name, stamp))

    def clean(self, keep: Iterable[tuple[str, Stamp]]) -> None:
        """Remove every compiled form but these, and what killed writers left."""
        kept = {KEY, *(self._file(name, stamp).name for name, stamp in keep)}
        long_ago = time.time() - DRAFT_SECONDS
        for file in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if file.name not in kept and (not file.name.startswith(DRAFT) or file.lstat().st_mtime < long_ago):
                    file.unlink()

    def _file(self, name: str, stamp: Stamp) -> Path:
        return self._folder / f"{name}@{stamp}"

    @contextlib.contextmanager
    def _draft(self) -> Iterator[tuple[Path, BinaryIO]]:
        """An empty file of the folder's owner; what is left of it at the end goes."""
        draft = self._folder / f"{DRAFT}{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self._give(os.dup(descriptor))
            with os.fdopen(descriptor, "w+b") as file:
                yield draft, file
        finally:
            draft.unlink(missing_ok=True)

    def _give(self, descriptor: int) -> None:
        """The file to the folder's owner, for nobody else; the descriptor is closed."""
        try:
            owner = self._folder.stat()
            os.fchmod(descriptor, 0o600)
            if owner.st_uid != os.geteuid():
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        finally:
            os.close(descriptor)


def _read(file: Path, at_most: int) -> bytes:
    """A plain file's beginning. Raises OSError, also for a link."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        return opened.read(at_most)
