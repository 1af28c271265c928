"""The fast path's tables, one a view, within one bound of memory; and those whose rules do not count any more.

When other rules count, all tables are empty at once. What was in them is let go of afterwards, a little at each tick:
counting up and freeing forty thousand answers together would keep every question waiting for a tenth of a second.

May live here: that. May not: what goes into a table (dns_session.py), looking something up in one (dns_wire.py).
"""

from collections.abc import Iterator

from filters.dns_accounts import Accounts
from filters.dns_wire import FastPath

FAST_OCTETS = 32 << 20  # of all tables together
MIN_VIEWS = 4
LEAVING = 1_000  # answers let go of at a tick: some two milliseconds


class Tables:
    """`of(view)` finds or makes a table, `clear` empties all, `drain` at each tick while `leaving`."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._tables: dict[str, FastPath] = {}
        self._leaving: list[FastPath] = []
        self._walk: Iterator[bool] = iter(())

    def of(self, view: str) -> FastPath:
        table = self._tables.get(view)
        if table is None:
            table = FastPath(account=lambda subject, count: self._accounts.fast(view, subject, count))
            self._tables[view] = table
            for one in self._tables.values():
                one.resize(FAST_OCTETS // max(MIN_VIEWS, len(self._tables)))
        return table

    def clear(self) -> None:
        """Other rules count: nobody is answered out of any table that was made until now."""
        for table in self._tables.values():
            table.clear()
        self._leaving += self._tables.values()
        self._tables.clear()

    @property
    def leaving(self) -> bool:
        return bool(self._leaving)

    def drain(self) -> None:
        """Let go of the next of what left; its accounts are complete then."""
        left = LEAVING
        while self._leaving and left > 0:
            gone = self._leaving[-1].drain(left)
            left -= gone
            if gone == 0:
                self._leaving.pop()

    def harvest(self) -> None:
        """Bring the accounts up to date."""
        for table in (*self._tables.values(), *self._leaving):
            table.harvest()

    def harvest_some(self) -> None:
        """The next portion of the same, round and round: all at once would keep every question waiting."""
        if not next(self._walk, False):
            self._walk = self._portions()
            next(self._walk, False)

    def _portions(self) -> Iterator[bool]:
        for table in (*self._tables.values(), *self._leaving):
            yield from table.portions(LEAVING)
