"""Rows on their way to the watcher: a bounded queue, sent as datagrams of many rows, a few at a time, never waited for.

One datagram is one JSON object: `kind`, `at` (epoch seconds), `lost` (what its sender had to leave out), `entries`
(rows in the order that gateway/watcher/dns_events.py reads them). The watcher may be away or slow: rows wait then, and
those that find no room are counted. A turn sends a bounded number of rows, so that no question waits for a large log.

May live here: the queue, the socket, the form of a datagram. May not: what the rows mean.
"""

import json
import socket
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MAX_OCTETS = 32_000  # of one datagram; the smallest send buffer of Linux takes it
MAX_ROWS = 200  # a datagram of names is made in well under a millisecond
MAX_WAITING = 16_384  # rows
ROWS_A_TURN = 600

Row = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row with the kind and moment it belongs to; `weight`: for how many questions it stands."""

    kind: str
    at: float
    row: Row
    weight: int


class Outbox:
    """`put` rows, `send` some of them; `lost` counts by kind."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._rows: deque[Waiting] = deque()
        self.lost: Counter[str] = Counter()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, kind: str, at: float, rows: Iterable[Row], lost: int = 0) -> None:
        """Rows that end with their count; `lost` more were left out before."""
        self.lost[kind] += lost
        for row in rows:
            weight = int(row[-1])
            if len(self._rows) < MAX_WAITING:
                self._rows.append(Waiting(kind, at, row, weight))
            else:
                self.lost[kind] += weight

    def send(self, rows: int = ROWS_A_TURN) -> bool:
        """Send about so many; False: nobody takes them now, or the system's queue is full."""
        while self._rows and rows > 0:
            taken, data = self._datagram()
            try:
                self._socket.sendto(data, self._path)
            except OSError:
                return False
            self.lost.pop(self._rows[0].kind, None)
            for _ in range(taken):
                self._rows.popleft()
            rows -= taken
        return True

    def close(self) -> None:
        """Send what can be sent without waiting."""
        self.send(MAX_WAITING)
        self._socket.close()

    def _datagram(self) -> tuple[int, bytes]:
        """The first rows of one kind and moment, as many as fit."""
        first, octets = self._rows[0], 0
        parts: list[str] = []
        for waiting in self._rows:
            text = json.dumps(waiting.row, separators=(",", ":"))
            octets += len(text) + 1
            other = waiting.kind != first.kind or waiting.at != first.at
            if other or len(parts) == MAX_ROWS or (parts and octets > MAX_OCTETS):
                break
            parts.append(text)
        head = json.dumps({"kind": first.kind, "at": round(first.at, 3), "lost": self.lost[first.kind]})
        return len(parts), f'{head[:-1]},"entries":[{",".join(parts)}]}}'.encode("ascii")
