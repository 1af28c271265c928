"""Running totals of the kernel, turned into what was added since the last reading.

A total that shrank was reset, and a counter that was not there before is new: both count from zero. Only the very first
readings of a new store are of unknown age, and count nothing.

May live here: that arithmetic and the tables of last readings. May not: days, transactions (the writer's).
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ledger:
    """One kind of counter: the fact that says since when it is read, and the SQL of its last readings."""

    fact: str
    recall: str
    remember: str


REFUSED = Ledger(
    "counters_known_since",
    "SELECT counter, packets FROM kernel_reading",
    "INSERT OR REPLACE INTO kernel_reading VALUES (?, ?)",
)
LET_THROUGH = Ledger(
    "let_through_known_since",
    "SELECT rule, connections FROM let_through_reading",
    "INSERT OR REPLACE INTO let_through_reading VALUES (?, ?)",
)


def added(connection: sqlite3.Connection, ledger: Ledger, day: str, readings: Mapping[str, int]) -> dict[str, int]:
    """By counter, how much each total of `readings` grew; the readings are remembered, in the caller's transaction."""
    known = {str(name): int(total) for name, total in connection.execute(ledger.recall)}
    unknown_age = connection.execute("SELECT 1 FROM fact WHERE name = ?", (ledger.fact,)).fetchone() is None
    connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (ledger.fact, day))
    connection.executemany(ledger.remember, readings.items())
    grown = {}
    for name, total in readings.items():
        last = known.get(name, total if unknown_age else 0)
        grown[name] = total - last if total >= last else total
    return grown
