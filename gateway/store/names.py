"""The name server's part of the store: a minute's batch in, what is too old or too fine out.

The bounds hold per calendar day, apart for names that were blocked and names that were not, so that the many cannot
push out the few that matter; beyond them the "others" row of a zone keeps the counts true.

May live here: the SQL of those tables and of blocked names. May not: transactions (the writer's), the switch's meaning.
"""

import sqlite3
from collections import Counter

from filters.verdict import BLOCKING
from gateway.events import Kind
from gateway.store.names_batch import Asked, Detail, NameKey, NamesBatch

ROWS_A_DAY, ROWS_A_ZONE, BLOCKED_A_ZONE = 15_000, 4000, 1000
BLOCKED_REASONS = frozenset(reason.value for reason in BLOCKING)
_NAMED = Kind.NAME_BLOCKED.value
EVER = "9999-12-31"  # after every day there is

_ANSWERED = "INSERT INTO dns_answered VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
_LISTED = "INSERT INTO dns_listed VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
_LATENCY = "INSERT INTO dns_latency VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
_CLIENT = "INSERT INTO dns_client VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
_GROW = """UPDATE dns_name SET count = count + ?, first_seen = min(first_seen, ?), last_seen = max(last_seen, ?),
    rule = ?
    WHERE day = ? AND zone = ? AND source = ? AND name = ? AND action = ? AND reason = ? AND list = ?"""
_FOLD_NAMES = """INSERT INTO dns_name
    SELECT day, zone, '', name, action, reason, list, max(rule), sum(count), min(first_seen), max(last_seen)
    FROM dns_name WHERE source <> '' GROUP BY day, zone, name, action, reason, list
    ON CONFLICT DO UPDATE SET count = count + excluded.count, first_seen = min(first_seen, excluded.first_seen),
        last_seen = max(last_seen, excluded.last_seen)"""
_FOLD_WHO = """INSERT INTO blocked
    SELECT day, kind, zone, '', destination, target, service, rule, sum(count), min(first_seen), max(last_seen)
    FROM blocked WHERE kind = ? AND source <> '' GROUP BY day, kind, zone, destination, target, service, rule
    ON CONFLICT DO UPDATE SET count = count + excluded.count, first_seen = min(first_seen, excluded.first_seen),
        last_seen = max(last_seen, excluded.last_seen)"""
_FOLD_WHAT = """INSERT INTO blocked
    SELECT day, kind, zone, '', '', target, '', rule, sum(count), min(first_seen), max(last_seen)
    FROM blocked WHERE kind = ? AND day < ? AND (source || destination || service) <> ''
    GROUP BY day, kind, zone, target, rule
    ON CONFLICT DO UPDATE SET count = count + excluded.count, first_seen = min(first_seen, excluded.first_seen),
        last_seen = max(last_seen, excluded.last_seen)"""
_DROP_WHO = "DELETE FROM blocked WHERE kind = ? AND source <> ''"
_DROP_WHAT = "DELETE FROM blocked WHERE kind = ? AND day < ? AND (source || destination || service) <> ''"


class NameRows:
    """One writer's view of the tables: it remembers how full a day is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._load: Counter[tuple[str, ...]] = Counter()

    def forget_load(self) -> None:
        """What was counted may not be true any more: rows went, or a transaction failed."""
        self._load.clear()

    def add(self, batch: NamesBatch) -> None:
        run = self._connection.executemany
        run(_ANSWERED, [(*key, count) for key, count in batch.answered.items() if count > 0])
        run(_LISTED, [(*key, count) for key, count in batch.listed.items() if count > 0])
        run(_LATENCY, [(*key, count) for key, count in batch.latency.items() if count > 0])
        run(_CLIENT, [(*key, count) for key, count in batch.clients.items() if count > 0])
        for key, asked in batch.names.items():
            self._name(key, asked)

    def expire(self, first_day: str, first_named: str) -> int:
        """Erase totals before `first_day`, and names and devices before `first_named`; returns rows erased."""
        return (
            self._run("DELETE FROM dns_answered WHERE day < ?", first_day)
            + self._run("DELETE FROM dns_listed WHERE day < ?", first_day)
            + self._run("DELETE FROM dns_latency WHERE day < ?", first_day)
            + self._run("DELETE FROM dns_name WHERE day < ?", first_named)
            + self._run("DELETE FROM dns_client WHERE day < ?", first_named)
            + self._forget_blocked(first_named)
        )

    def coarsen(self, detail: Detail) -> int:
        """Erase what is finer than the site's switch allows; counts stay. Returns rows erased."""
        if detail == "device":
            return 0
        erased = self._run("DELETE FROM dns_client")
        if detail == "off":
            return erased + self._run("DELETE FROM dns_name") + self._forget_blocked(EVER)
        self._run(_FOLD_NAMES)
        self._run(_FOLD_WHO, _NAMED)
        return erased + self._run("DELETE FROM dns_name WHERE source <> ''") + self._run(_DROP_WHO, _NAMED)

    def _forget_blocked(self, before: str) -> int:
        """Blocked names among the events, of days before that one, become counts of their zone and list."""
        self._run(_FOLD_WHAT, _NAMED, before)
        return self._run(_DROP_WHAT, _NAMED, before)

    def _run(self, statement: str, *values: str) -> int:
        return self._connection.execute(statement, values).rowcount

    def _name(self, key: NameKey, asked: Asked) -> None:
        if self._grow(key, asked):
            return
        self._know(key.day)
        blocked = key.reason in BLOCKED_REASONS
        room = BLOCKED_A_ZONE if blocked else ROWS_A_ZONE
        if self._load[key.day, key.zone, str(blocked)] >= room or self._load[(key.day,)] >= ROWS_A_DAY:
            key = key.others()
            if self._grow(key, asked):
                return
        self._connection.execute(
            "INSERT INTO dns_name VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, asked.rule, asked.count, asked.first_seen, asked.last_seen),
        )
        self._add_load(key.day, key.zone, blocked, 1)

    def _grow(self, key: NameKey, asked: Asked) -> bool:
        values = asked.count, asked.first_seen, asked.last_seen, asked.rule
        return self._connection.execute(_GROW, (*values, *key)).rowcount > 0

    def _know(self, day: str) -> None:
        """Learn how full the day is, once: after that the one writer keeps count itself."""
        if (day,) in self._load:
            return
        self._load[(day,)] = 0
        rows = self._connection.execute(
            "SELECT zone, reason, count(*) FROM dns_name WHERE day = ? GROUP BY zone, reason", (day,)
        )
        for zone, reason, count in rows.fetchall():
            self._add_load(day, zone, reason in BLOCKED_REASONS, count)

    def _add_load(self, day: str, zone: str, blocked: bool, rows: int) -> None:
        self._load[(day,)] += rows
        self._load[day, zone, str(blocked)] += rows
