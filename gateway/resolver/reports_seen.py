"""What the resolver saw that the watcher's detectors need: addresses it answered, and STUN sent to the port of DNS.

Addresses go out soon after they were first answered (filters.dns_resolved says which, and when again), STUN at most
once a minute and client, counted. Few rows at a time: the watcher must hear of blocked names beside them.

May live here: these rows and their pace. May not: how they are sent (reports_outbox.py), what they mean.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from filters.dns_resolved import Resolved
from gateway.resolver.reports_outbox import Row

ROWS_A_SECOND = 400
STUN_EVERY = 60.0
MAX_CLIENTS = 1024

Put = Callable[[str, float, Sequence[Row]], None]


class Seen:
    """`stun` counts, `flush(now, at)` tells: `now` in seconds of the loop's clock, `at` in epoch seconds."""

    def __init__(self, resolved: Resolved, put: Put) -> None:
        self._resolved, self._put = resolved, put
        self._stun: Counter[str] = Counter()
        self._due = 0.0
        self.unknown = 0  # STUN messages of more clients than are told apart within a minute

    def stun(self, client: str) -> None:
        """A client sent a STUN message."""
        if client in self._stun or len(self._stun) < MAX_CLIENTS:
            self._stun[client] += 1
        else:
            self.unknown += 1

    def flush(self, now: float, at: float) -> None:
        """Once a second."""
        taken = self._resolved.take(now, ROWS_A_SECOND)
        self._put("dns_resolved", at, [(zone, str(address), 1) for zone, address in taken])
        if self._stun and now >= self._due:
            self._due = now + STUN_EVERY
            self._put("dns_stun", at, list(self._stun.items()))
            self._stun.clear()
