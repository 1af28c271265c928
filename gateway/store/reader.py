"""Reading the event store from another process, as another user, without the right to write anything.

A WAL database needs its `-wal` and `-shm` files even for reading (https://www.sqlite.org/wal.html, "Read-Only
Databases"). While the writer lives, or after it was killed, they are there. After a *clean* close SQLite removes them,
and a reader that may not create files fails to open. Then, and only then, nobody writes, and `immutable=1` is safe:
unless a writer starts in the middle, which is checked afterwards, and the read repeated.

May live here: opening read-only and that fallback. May not: what is asked (gateway.report), writing.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from gateway.store.migrate import steps, version

T = TypeVar("T")
ATTEMPTS = 4
BUSY_MS = 2000
KNOWN_VERSION = len(steps())


class StoreUnavailableError(Exception):
    """The event store cannot be read: says why, where, and what to do."""


def read(path: Path, query: Callable[[sqlite3.Connection], T]) -> T:
    """Run `query` on one consistent snapshot and return its value. Raises StoreUnavailableError."""
    problem: Exception | None = None
    for _ in range(ATTEMPTS):
        before = _signature(path)
        try:
            connection, immutable = _open(path)
        except sqlite3.Error as error:
            problem = error
            continue
        try:
            connection.execute("BEGIN")
            _check_version(path, connection)
            value = query(connection)
        except sqlite3.DatabaseError as error:
            problem = error
            continue
        finally:
            connection.close()
        if not immutable or _signature(path) == before:
            return value
    raise StoreUnavailableError(f"the event store {path} cannot be read: {problem or 'it changes too often'}")


def _open(path: Path) -> tuple[sqlite3.Connection, bool]:
    """A read-only connection, and whether it assumes that nobody writes."""
    try:
        return _connect(path, "mode=ro"), False
    except sqlite3.OperationalError:
        if _wal(path).exists():
            raise
        return _connect(path, "mode=ro&immutable=1"), True


def _connect(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?{options}", uri=True, isolation_level=None)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _check_version(path: Path, connection: sqlite3.Connection) -> None:
    present, known = version(connection), KNOWN_VERSION
    if present != known:
        raise StoreUnavailableError(
            f"the event store {path} has schema {present}, this release reads {known}: "
            + ("start the watcher of this release once" if present < known else "install the newer release")
        )


def _signature(path: Path) -> tuple[bool, int, int]:
    """Changes when somebody writes: is there a WAL, and the file's time (ns) and size."""
    try:
        stat = path.stat()
    except OSError as error:
        raise StoreUnavailableError(f"no event store at {path} ({error.strerror}): has the watcher ever run?") from None
    return _wal(path).exists(), stat.st_mtime_ns, stat.st_size


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
