"""The schema, as numbered SQL files applied once each and in order; `PRAGMA user_version` is the last one applied.

A file is `NNNN_words.sql`. It is never changed after a release: a change is a new file.

May live here: finding and applying those files. May not: rows.
"""

import sqlite3
from pathlib import Path

FOLDER = Path(__file__).parent / "schema"


class SchemaTooNewError(Exception):
    """The store was written by a newer release; this one must not touch it."""


def steps(folder: Path = FOLDER) -> list[tuple[int, Path]]:
    """The numbered files in order. Raises ValueError when a number is missing or given twice."""
    found = sorted((int(path.name.split("_", 1)[0]), path) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    numbers = [number for number, _ in found]
    if numbers != list(range(1, len(found) + 1)):
        raise ValueError(f"the schema files in {folder} are not numbered 1, 2, 3, ...: {numbers}")
    return found


def version(connection: sqlite3.Connection) -> int:
    """The last step applied; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, folder: Path = FOLDER) -> int:
    """Apply what is missing, each step in one transaction with its number; returns the version reached.

    Raises SchemaTooNewError, or sqlite3.Error with nothing of the failing step applied.
    """
    known = steps(folder)
    present = version(connection)
    if present > len(known):
        raise SchemaTooNewError(
            f"the event store has schema {present}, this release knows {len(known)}: install the newer one"
        )
    for number, path in known[present:]:
        try:
            connection.executescript(f"BEGIN IMMEDIATE;\n{path.read_text()}\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error:
            connection.rollback()
            raise
    return len(known)
