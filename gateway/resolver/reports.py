"""Blocked names on their way to the watcher: counted while they come, sent once a second, losses counted.

One datagram tells that one client asked for one name `count` times. The watcher may be away or slow; then the counts
are added to `lost` and told with the next datagram that gets through. Nothing here waits.

May live here: counting and sending. May not: deciding what is worth telling (the session), the store.
"""

import json
import socket
from collections import Counter
from pathlib import Path
from typing import Any

from filters.dns_answer import Answer, Subject

MAX_ENTRIES = 2000  # different (client, name) pairs within one second


class Reports:
    """`fast` and `add` count, `flush(at)` sends, with `at` in epoch seconds."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._fast: Counter[tuple[str, Answer]] = Counter()  # by identity: cheap enough for every datagram
        self._entries: Counter[tuple[str, Subject]] = Counter()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.lost = 0

    def fast(self, client: str, answer: Answer) -> None:
        """An answer of the fast path that has a subject."""
        key = client, answer
        if key in self._fast or len(self._fast) < MAX_ENTRIES:
            self._fast[key] += 1
        else:
            self.lost += 1

    def add(self, client: str, subject: Subject, count: int = 1) -> None:
        key = client, subject
        if key in self._entries or len(self._entries) < MAX_ENTRIES:
            self._entries[key] += count
        else:
            self.lost += count

    def flush(self, at: float) -> None:
        """Send what was counted; what cannot be sent now is lost, and that is told next time."""
        for (client, answer), count in self._fast.items():
            if answer.subject is not None:
                self.add(client, answer.subject, count)
        entries, self._entries = self._entries, Counter()
        self._fast.clear()
        for (client, subject), count in entries.items():
            told, self.lost = self.lost, 0
            if not self._send(_report(client, subject, count, at, told)):
                self.lost = told + count

    def close(self) -> None:
        self._socket.close()

    def _send(self, message: dict[str, Any]) -> bool:
        try:
            self._socket.sendto(json.dumps(message, separators=(",", ":")).encode("ascii"), self._path)
        except OSError:  # no watcher, or its queue is full
            return False
        return True


def _report(client: str, subject: Subject, count: int, at: float, lost: int) -> dict[str, Any]:
    verdict = subject.verdict
    return {
        "kind": "dns_blocked", "at": round(at, 3), "client": client.partition("%")[0], "name": subject.name,
        "qtype": subject.type, "list": verdict.list, "line": verdict.line, "reason": str(verdict.reason),
        "count": count, "lost": lost,
    }  # fmt: skip
