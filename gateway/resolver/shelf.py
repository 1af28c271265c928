"""The block lists as the resolver has them: mapped, kept while their text does not change, and what is wrong with them.

No list's text is read here: a confined process compiles it (compiling.py), or `clinicgate lists` did before. Until the
compiled form is there, and when the new text is no list, or gone, the version before goes on. A list that never was
leaves its zones without it. Both are told in the status file, and in the journal.

May live here: which versions are in force. May not: compiling, line formats, which zone uses which list.
"""

import contextlib
import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filters.dns_listed import Shelved
from filters.lists import ListFileError
from gateway.resolver.journal import Journal
from gateway.updates.compiled import CompiledFolder, Mapped, Stamp
from ruleset.problems import printable

MAX_TEXT = 128 << 20  # octets
RETRY_SECONDS = 300.0  # after which a list that could not be compiled is tried again: the cause may be gone
BEING_COMPILED = "being compiled"


@dataclass(frozen=True, slots=True)
class Text:
    """A version of a list's text that wants compiling."""

    name: str
    file: Path
    stamp: Stamp


@dataclass(slots=True)
class _Book:
    """One list. `seen`: the version looked at last, None: no file; `mapped` with its `version`: what is in force."""

    seen: Stamp | None = None
    mapped: Mapped | None = None
    version: Stamp | None = None
    problem: str = ""
    waits: bool = False  # for its compiled form
    compiled: Stamp | None = None  # the version that was compiled last
    retry: float = float("inf")


class Shelf:
    """`load({id: path})` -> the lists that can be had; like the rest it works on files: call it in a thread."""

    def __init__(self, lists: Path, folder: CompiledFolder, journal: Journal, status: Path) -> None:
        self._lists, self._folder, self._journal, self._status = lists, folder, journal, status
        self._books: dict[str, _Book] = {}
        self._done: deque[tuple[Text, str]] = deque()
        self._told: list[dict[str, Any]] | None = None
        self.waiting: tuple[Text, ...] = ()

    def load(self, wanted: Mapping[str, str]) -> dict[str, Shelved]:
        """What is in force from now on, by id; `waiting` says what must be compiled for more."""
        self._hear()
        waiting = []
        for name, path in wanted.items():
            book, text = self._books.get(name), self._find(name, path)
            if book is None or book.seen != (text and text.stamp) or book.retry <= time.monotonic():
                if book is None:
                    book = self._books[name] = self._begun(name)
                self._look(book, name, path, text)
            if book.waits and text is not None:
                waiting.append(text)
        for gone in set(self._books) - set(wanted):
            del self._books[gone]
        self.waiting = tuple(waiting)
        return {name: Shelved(name, book.mapped.file) for name, book in self._books.items() if book.mapped}

    def changed(self, wanted: Mapping[str, str]) -> bool:
        """Whether `load` would do something."""
        now = time.monotonic()
        return bool(self._done) or any(
            (book := self._books.get(name)) is None
            or book.retry <= now
            or book.seen != ((text := self._find(name, path)) and text.stamp)
            for name, path in wanted.items()
        )

    def finished(self, text: Text, trouble: str = "") -> None:
        """The text was compiled, or why it could not be; it counts at the next `load`."""
        self._done.append((text, trouble))

    def tell(self) -> None:
        """Write the status file, when what `load` gave has been taken over; a folder that is full or gone is borne."""
        told = [_facts(name, book) for name, book in self._books.items()]
        if told == self._told:
            return
        fresh = self._status.with_name(self._status.name + ".new")
        with contextlib.suppress(OSError):
            fresh.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            fresh.write_text(json.dumps({"lists": told}, indent=1) + "\n", encoding="ascii")
            fresh.chmod(0o644)
            fresh.replace(self._status)
            self._told = told

    def clean(self) -> None:
        """Remove compiled forms nobody needs any more."""
        books = self._books.items()
        keep = [(name, stamp) for name, book in books for stamp in (book.seen, book.version) if stamp is not None]
        with contextlib.suppress(OSError):
            self._folder.clean(keep)

    def _find(self, name: str, path: str) -> Text | None:
        file = self._lists / path
        if Path(path).is_absolute() or ".." in Path(path).parts:
            return None
        stamp = Stamp.of_file(file)
        return None if stamp is None else Text(name, file, stamp)

    def _begun(self, name: str) -> _Book:
        """What was in force before this process began, until a version of now takes its place."""
        book = _Book()
        with contextlib.suppress(OSError, ListFileError):
            book.version = self._folder.before(name)
            book.mapped = self._folder.open(name, book.version) if book.version else None
        return book

    def _hear(self) -> None:
        while self._done:
            text, trouble = self._done.popleft()
            book = self._books.get(text.name)
            if book is None or book.seen != text.stamp:
                continue  # yet another version came meanwhile
            book.waits, book.compiled = False, text.stamp
            if trouble:
                self._fails(book, text.name, trouble)
            else:
                self._look(book, text.name, text.file.name, text)

    def _look(self, book: _Book, name: str, path: str, text: Text | None) -> None:
        """Take over another version, or note what keeps it from being taken."""
        book.seen, book.waits, book.retry = None if text is None else text.stamp, False, float("inf")
        if text is None:
            self._fails(book, name, f"no file {path} in {self._lists}", float("inf"))
        elif text.stamp.size > MAX_TEXT:
            self._fails(book, name, f"larger than {MAX_TEXT >> 20} MiB", float("inf"))
        else:
            self._map(book, text)

    def _map(self, book: _Book, text: Text) -> None:
        if book.mapped is not None and book.version == text.stamp:
            self._taken(book, book.mapped, text)
            return
        try:
            mapped, trouble = self._folder.open(text.name, text.stamp), ""
        except (OSError, ListFileError) as error:
            mapped, trouble = None, str(error)
        if mapped is not None:
            self._taken(book, mapped, text)
        elif book.compiled == text.stamp:  # by ourselves, a moment ago
            book.compiled = None
            self._fails(book, text.name, f"its compiled form cannot be used: {trouble or 'it is gone'}")
        else:
            book.waits, book.problem = True, BEING_COMPILED
            if trouble:
                self._journal.say(f"list {text.name}", f"its compiled form cannot be used, another is made: {trouble}")

    def _taken(self, book: _Book, mapped: Mapped, text: Text) -> None:
        book.mapped, book.version, book.problem = mapped, text.stamp, ""
        self._journal.say(f"list {text.name}", _in_force(mapped))

    def _fails(self, book: _Book, name: str, why: str, after: float = RETRY_SECONDS) -> None:
        book.problem, book.retry = why, time.monotonic() + after
        keeps = "the version before stays" if book.mapped else "zones go on without it"
        self._journal.say(f"list {name}", f"not in use: {why}; {keeps}")


def _facts(name: str, book: _Book) -> dict[str, Any]:
    report = book.mapped.file.reports[0] if book.mapped else None
    return {
        "id": name,
        "format": str(report.format) if report else "",
        "rules": report.rules if report else 0,
        "rejects": sum(report.rejects.values()) if report else 0,
        "compiled_at": book.mapped.made.isoformat() if book.mapped else None,
        "problem": printable(book.problem, 300),
    }


def _in_force(mapped: Mapped) -> str:
    report = mapped.file.reports[0]
    rejected = sum(report.rejects.values())
    return (
        f"in force: {report.rules} rules of the {report.format} format, {rejected} lines rejected,"
        f" compiled {mapped.made:%Y-%m-%d %H:%M:%S} UTC"
    )
