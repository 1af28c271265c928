"""How the resolver fares, written down every few seconds where health and `clinicgate status` read it.

May live here: what is told of the last minute. May not: judging it (health.py), the file's form (vitals.py).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from filters.dns_exchange import Counters
from gateway.resolver.unbound import Recursor
from gateway.vitals import Answering, Vitals, write_vitals

EVERY_SECONDS = 5.0
LOOKS = 12  # of the last minute


class SelfCheck:
    """`run()` for ever. `look(at)` says how it fares, compared with the looks of the last minute."""

    def __init__(self, path: Path, counters: Callable[[], Counters], recursor: Recursor) -> None:
        self._path, self._counters, self._recursor = path, counters, recursor
        self._past: deque[tuple[int, int, int]] = deque([(0, 0, 0)], maxlen=LOOKS)
        self._answering: Answering = "untried"

    async def run(self) -> None:
        while True:
            write_vitals(self._path, self.look(time.time()))
            await asyncio.sleep(EVERY_SECONDS)

    def look(self, at: float) -> Vitals:
        """`at` in epoch seconds."""
        counters, recursor = self._counters(), self._recursor
        answered, failed, overload = self._past[0]
        if counters.answered > self._past[-1][0]:
            self._answering = "answer"
        elif counters.failed > failed and counters.answered == answered:
            self._answering = "silent"
        self._past.append((counters.answered, counters.failed, counters.overload))
        return Vitals(
            at, recursor.state, recursor.version, recursor.strict, recursor.restarts, recursor.trouble,
            self._answering, counters.overload - overload,
        )  # fmt: skip
