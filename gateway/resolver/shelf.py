"""The block lists on disk: found, read, compiled, and kept while their file does not change.

A list that cannot be read never takes DNS down: its last good version goes on, or the zone goes on without it, and
the journal says so.

May live here: list files. May not: line formats (filters.lists), fetching lists, which zone uses which.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filters.lists import CompiledList, ListRefusedError, compile_list
from gateway.resolver.journal import Journal

MAX_FILE = 128 << 20  # octets


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A file's identity; another one means it must be read again."""

    path: Path
    inode: int
    size: int
    modified: int


class Shelf:
    """`load({id: path})` -> the compiled lists. `folders` are searched in order; `key` keys the hashes."""

    def __init__(self, folders: Sequence[Path], key: bytes, journal: Journal) -> None:
        self._folders, self._key, self._journal = folders, key, journal
        self._stamps: dict[str, _Stamp | None] = {}
        self._compiled: dict[str, CompiledList] = {}

    def load(self, wanted: Mapping[str, str]) -> dict[str, CompiledList]:
        """The lists that can be had, by id; reads and compiles only what changed."""
        for name, path in wanted.items():
            stamp = self._find(path)
            if name not in self._stamps or self._stamps[name] != stamp:
                self._stamps[name] = stamp
                self._read(name, path, stamp)
        for gone in set(self._stamps) - set(wanted):
            del self._stamps[gone]
            self._compiled.pop(gone, None)
        return {name: self._compiled[name] for name in wanted if name in self._compiled}

    def changed(self, wanted: Mapping[str, str]) -> bool:
        """Whether a file changed since the last load."""
        return any(self._stamps.get(name) != self._find(path) for name, path in wanted.items())

    def _find(self, path: str) -> _Stamp | None:
        relative = Path(path)
        if relative.is_absolute() or ".." in relative.parts:
            return None
        for folder in self._folders:
            try:
                found = (folder / relative).stat()
            except OSError:
                continue
            return _Stamp(folder / relative, found.st_ino, found.st_size, found.st_mtime_ns)
        return None

    def _read(self, name: str, path: str, stamp: _Stamp | None) -> None:
        try:
            if stamp is None:
                raise FileNotFoundError(f"no {path} in {' or '.join(map(str, self._folders))}")
            if stamp.size > MAX_FILE:
                raise ListRefusedError(f"larger than {MAX_FILE >> 20} MiB")
            with stamp.path.open("rb") as lines:
                compiled = compile_list(name, lines, self._key)
        except (OSError, ListRefusedError) as error:
            keeps = "the version read before stays" if name in self._compiled else "zones go on without it"
            self._journal.say(f"list {name}", f"not read: {error}; {keeps}")
            return
        self._compiled[name] = compiled
        rejects = sum(compiled.rejects.values())
        self._journal.say(f"list {name}", f"{len(compiled)} rules of the {compiled.format} format, {rejects} rejected")
