"""Running totals become growth: new counters and reset ones from zero, the first ones of a store not at all."""

import sqlite3
from collections.abc import Iterator

import pytest

from gateway.store.counters import LET_THROUGH, REFUSED, Ledger, added
from gateway.store.migrate import migrate


@pytest.fixture
def store() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize("ledger", [REFUSED, LET_THROUGH], ids=["refused", "let through"])
def test_totals_become_growth(store: sqlite3.Connection, ledger: Ledger):
    assert added(store, ledger, "2026-11-22", {"a": 700}) == {"a": 0}
    assert added(store, ledger, "2026-11-22", {"a": 703, "new": 5}) == {"a": 3, "new": 5}
    assert added(store, ledger, "2026-11-22", {"a": 2, "new": 5}) == {"a": 2, "new": 0}


def test_the_two_kinds_do_not_know_each_other(store: sqlite3.Connection):
    added(store, REFUSED, "2026-11-22", {"x": 1})
    assert added(store, LET_THROUGH, "2026-11-22", {"x": 9}) == {"x": 0}
    assert added(store, REFUSED, "2026-11-22", {"x": 4}) == {"x": 3}
