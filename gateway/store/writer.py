"""The one writer of the event store: batches in, one transaction each, within bounds.

The bounds hold per calendar day. A source that tries too many different things gets an "others" row of its own; when
the whole day is full, a zone has one. Counts stay true either way, only detail is given up.

May live here: the writing SQL and the bounds. May not: deciding what is an event, sockets.
"""

import contextlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from gateway.events import SECONDS_A_SLOT, Label, clean, slot
from gateway.store import counters
from gateway.store.batch import Batch, RowKey, Tally
from gateway.store.migrate import migrate
from gateway.store.names import NameRows
from gateway.store.names_batch import Detail, NamesBatch

StoreError = sqlite3.Error  # what writing raises, for those who may not know SQLite
FILE_MODE = 0o640  # SQLite gives -wal and -shm the same mode; the reader shares our group


KERNEL = "kernel"  # the kind under which the trend holds what the kernel counted itself
_ADD_TO_TREND = "INSERT INTO trend VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept: rows a day in all, for one zone, for one source; days; rare events; accepting rules a day."""

    rows_a_day: int = 3000
    rows_a_zone: int = 600
    rows_a_source: int = 200
    days: int = 180
    happenings: int = 2000
    rules_a_day: int = 500


class EventWriter:
    """Opens (and creates, and migrates) the store. Exactly one process may hold one."""

    def __init__(self, path: Path, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._load: Counter[tuple[str, ...]] = Counter()
        self.renewed = False
        try:
            self._connection = _open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            path.replace(path.with_name(path.name + ".broken"))  # one is kept to look at, never two
            _remove_side_files(path)
            self._connection, self.renewed = _open(path), True
        self._names = NameRows(self._connection)

    def close(self) -> None:
        self._connection.close()

    def write(self, batch: Batch) -> None:
        """Save a batch, all of it or nothing. Raises sqlite3.Error; the batch is unchanged and may be tried again."""
        with self._transaction():
            for key, tally in batch.rows.items():
                self._count(key, tally)
            self._connection.executemany(_ADD_TO_TREND, [(*quarter, count) for quarter, count in batch.trend.items()])
            self._connection.executemany(
                "INSERT INTO happening (at, kind, harm, subject, actor, detail) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (h.at, h.kind.value, h.harm.value, clean(h.subject), clean(h.actor), clean(h.detail))
                    for h in batch.happenings
                ],
            )
            self._connection.executemany(
                "INSERT INTO loss VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET count = count + excluded.count, last_seen = max(last_seen, excluded.last_seen)",
                [(day, cause.value, tally.count, tally.last_seen) for (day, cause), tally in batch.losses.items()],
            )

    def names(self, batch: NamesBatch) -> None:
        """Save what was asked of the name server, as `write` does."""
        with self._transaction():
            self._names.add(batch)

    def keep_names(self, detail: Detail) -> int:
        """Erase, now and for good, what the site's switch no longer lets be kept; returns rows erased."""
        with self._transaction():
            erased = self._names.coarsen(detail)
        self._after_erasing(erased)
        return erased

    def kernel_counters(self, day: str, at: float, readings: Mapping[str, int]) -> None:
        """Turn running totals (packets refused) into the share of `day` and of the quarter hour of `at` (epoch s)."""
        totals = {clean(name, 128): packets for name, packets in readings.items()}
        with self._transaction():
            for counter, grown in counters.added(self._connection, counters.REFUSED, day, totals).items():
                self._connection.execute(
                    "INSERT INTO kernel_count VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET packets = packets + excluded.packets",
                    (day, counter, grown),
                )
                if grown:
                    self._connection.execute(_ADD_TO_TREND, (slot(at), KERNEL, "", grown))

    def let_through(self, day: str, readings: Mapping[str, int]) -> None:
        """Turn running totals (connections begun, by rule id) into the share of `day`."""
        totals = {clean(rule, 64): connections for rule, connections in readings.items()}
        with self._transaction():
            rows = self._connection.execute("SELECT rule FROM let_through WHERE day = ?", (day,))
            present = {str(rule) for (rule,) in rows}
            for rule, grown in counters.added(self._connection, counters.LET_THROUGH, day, totals).items():
                if not grown:
                    continue
                row = rule if rule in present or len(present) < self._limits.rules_a_day else ""
                present.add(row)
                self._connection.execute(
                    "INSERT INTO let_through VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET connections = connections + excluded.connections",
                    (day, row, grown),
                )

    def labels(self, labels: Iterable[Label]) -> None:
        """Remember what people call things; labels of removed devices and rules stay until their counts are gone."""
        rows = [(x.type, clean(x.id, 64), clean(x.label), clean(x.role, 64), clean(x.zone, 64)) for x in labels]
        with self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO label VALUES (?, ?, ?, ?, ?)", rows)
            self._connection.execute(
                "DELETE FROM label WHERE type = 'device' AND id NOT IN (SELECT source FROM blocked)"
                " AND id NOT IN (SELECT value FROM json_each(?))",
                (json.dumps([row[1] for row in rows]),),
            )
            self._connection.execute(
                "DELETE FROM label WHERE type = 'rule' AND id NOT IN (SELECT rule FROM let_through)"
                " AND id NOT IN (SELECT value FROM json_each(?))",
                (json.dumps([row[1] for row in rows if row[0] == "rule"]),),
            )
            self._connection.execute(
                "DELETE FROM let_through_reading WHERE rule NOT IN (SELECT id FROM label WHERE type = 'rule')"
            )

    def facts(self, facts: Mapping[str, str]) -> None:
        """Remember single facts by name."""
        with self._transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO fact VALUES (?, ?)", [(name, clean(text, 1000)) for name, text in facts.items()]
            )

    def fact(self, name: str) -> str | None:
        """What was remembered under `name`, also before a restart."""
        row = self._connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def expire(self, today: str, names_days: int) -> int:
        """Erase what is older than the days kept (bytes are overwritten, not only unlinked); returns rows erased.

        `names_days`: how long the site keeps which names were asked for.
        """
        first = _first_day(today, self._limits.days)
        seconds = (first - date(1970, 1, 1)).total_seconds() - 86400  # one day of slack covers every time zone
        erased = 0
        with self._transaction():
            for statement, limit in (
                ("DELETE FROM blocked WHERE day < ?", first.isoformat()),
                ("DELETE FROM loss WHERE day < ?", first.isoformat()),
                ("DELETE FROM kernel_count WHERE day < ?", first.isoformat()),
                ("DELETE FROM let_through WHERE day < ?", first.isoformat()),
                ("DELETE FROM trend WHERE slot < ?", seconds // SECONDS_A_SLOT),
                ("DELETE FROM happening WHERE at < ?", seconds),
                (
                    "DELETE FROM happening WHERE id NOT IN (SELECT id FROM happening ORDER BY id DESC LIMIT ?)",
                    self._limits.happenings,
                ),
            ):
                erased += self._connection.execute(statement, (limit,)).rowcount
            named = max(first, _first_day(today, names_days))
            erased += self._names.expire(first.isoformat(), named.isoformat())
        self._after_erasing(erased)
        return erased

    def _after_erasing(self, rows: int) -> None:
        """Rows went: learn anew how full days are, and leave no trace of them in the log that waits beside the file."""
        self._load.clear()
        self._names.forget_load()
        if rows:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _count(self, key: RowKey, tally: Tally) -> None:
        if self._grow(key, tally):
            return
        self._know(key.day)
        if self._load[key.day, key.zone, key.source] >= self._limits.rows_a_source:
            key = key.others_of_source()
        if (
            self._load[key.day, key.zone] >= self._limits.rows_a_zone
            or self._load[(key.day,)] >= self._limits.rows_a_day
        ):
            key = key.others()
        if self._grow(key, tally):
            return
        self._connection.execute(
            "INSERT INTO blocked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*_columns(key), tally.count, tally.first_seen, tally.last_seen),
        )
        self._add_load(key.day, key.zone, key.source, 1)

    def _grow(self, key: RowKey, tally: Tally) -> bool:
        changed = self._connection.execute(
            "UPDATE blocked SET count = count + ?, first_seen = min(first_seen, ?), last_seen = max(last_seen, ?)"
            " WHERE day = ? AND kind = ? AND zone = ? AND source = ? AND destination = ? AND target = ?"
            " AND service = ? AND rule = ?",
            (tally.count, tally.first_seen, tally.last_seen, *_columns(key)),
        )
        return changed.rowcount > 0

    def _know(self, day: str) -> None:
        """Learn how full the day is, once: after that the one writer keeps count itself."""
        if (day,) in self._load:
            return
        if len(self._load) > 4 * self._limits.rows_a_day:
            self._load.clear()
        self._load[(day,)] = 0
        for zone, source, rows in self._connection.execute(
            "SELECT zone, source, count(*) FROM blocked WHERE day = ? GROUP BY zone, source", (day,)
        ):
            self._add_load(day, zone, source, rows)

    def _add_load(self, day: str, zone: str, source: str, rows: int) -> None:
        for key in ((day,), (day, zone), (day, zone, source)):
            self._load[key] += rows

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._load.clear()
            self._names.forget_load()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _first_day(today: str, days: int) -> date:
    return date.fromisoformat(today) - timedelta(days=days - 1)


def _columns(key: RowKey) -> tuple[str, ...]:
    return (key.day, key.kind, key.zone, key.source, key.destination, key.target, key.service, key.rule)


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    try:
        connection.execute("PRAGMA auto_vacuum = FULL")  # only an empty file takes it
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA journal_size_limit = 4194304")
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError(f"the event store {path} is damaged")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _remove_side_files(path: Path) -> None:
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
