"""Two clients that ask a resolver thousands of questions a second and check every answer, in a process of its own.

    python -m tests.fault.dns_load JOB    JOB is JSON, see `Job`; ends when standard input does; prints what it saw

Each client asks as Windows' does: again after one second, and after two and four, and gives up after eight. A question
is lost when it got no answer until then. What an answer ought to be is known beforehand, octet by octet but for TTLs.

May live here: asking, checking, counting. May not: what happens to the resolver meanwhile (dns_storm.py).
"""

import contextlib
import json
import os
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any

from gateway.lab import netns

AGAIN = (1.0, 2.0, 4.0, 8.0)  # seconds after the first try; the last is the end
BEHIND = 0.05  # seconds the schedule may be behind: a busy machine asks less, it does not ask in bursts
BUCKETS = 100  # a second
OPT = bytes.fromhex("00 0029 04d0 00000000 0000")
BLOCKED = {"pc": (3, None), "guest": (0, bytes(4))}  # rcode, address
SHOWN = 20


@dataclass(frozen=True)
class Client:
    """A device of that zone: its namespace, and the resolver's address it asks."""

    zone: str
    namespace: str
    server: str


@dataclass(frozen=True)
class Job:
    """`rate` questions a second of both together. `known` and `fresh`: names below which everything has `address`;
    `blocked`: names the zones' list always has; `toggled`: one it has in every second version."""

    clients: list[Client]
    rate: int
    known: list[str]
    blocked: list[str]
    toggled: str
    fresh: str
    address: str


@dataclass
class Seen:
    """What happened; times are CLOCK_MONOTONIC, in seconds."""

    began: float = 0.0
    ended: float = 0.0
    asked: int = 0
    tries: int = 0
    answered: int = 0
    wrong: list[Any] = field(default_factory=list)
    lost: list[Any] = field(default_factory=list)  # (kind, first try)
    failures: list[Any] = field(default_factory=list)  # SERVFAIL: (kind, first try, answer)
    toggled: list[Any] = field(default_factory=list)  # (last try, answer, blocked)
    late: list[Any] = field(default_factory=list)  # (kind, first try, answer), after more than a tenth of a second
    buckets: dict[str, dict[int, int]] = field(default_factory=dict)  # zone -> hundredth of a second -> answers


@dataclass
class Question:
    kind: str
    zone: str
    question: bytes
    first: float
    last: float
    tries: int = 1


class Asker:
    """One client."""

    def __init__(self, client: Client, job: Job, seen: Seen) -> None:
        descriptor = netns.open_named(client.namespace)
        try:
            self.socket = netns.open_socket(descriptor, socket.AF_INET, socket.SOCK_DGRAM)
        finally:
            os.close(descriptor)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.connect((client.server, 53))
        self.socket.setblocking(False)
        self._zone, self._seen, self._address = client.zone, seen, socket.inet_aton(job.address)
        self._names = names(job)
        self.open: dict[int, Question] = {}
        self._waiting: tuple[deque[tuple[int, Question]], ...] = tuple(deque() for _ in AGAIN)  # by tries, in order
        self._id = 0

    def ask(self, now: float) -> None:
        kind, question = next(self._names)
        self._id = (self._id + 1) & 0xFFFF
        while self._id in self.open:
            self._id = (self._id + 1) & 0xFFFF
        asked = self.open[self._id] = Question(kind, self._zone, question, now, now)
        self._seen.asked += 1
        self._send(self._id, asked)
        self._waiting[0].append((self._id, asked))

    def again(self, now: float) -> None:
        """Whatever waited long enough is asked again, or given up."""
        for stage, after in enumerate(AGAIN):
            waiting = self._waiting[stage]
            while waiting and (waiting[0][1].first + after <= now or waiting[0][0] not in self.open):
                number, asked = waiting.popleft()
                if self.open.get(number) is not asked:
                    continue
                if asked.tries == len(AGAIN):
                    del self.open[number]
                    self._seen.lost.append((asked.kind, asked.first))
                    continue
                asked.last, asked.tries = now, asked.tries + 1
                self._send(number, asked)
                self._waiting[stage + 1].append((number, asked))

    def hear(self, now: float) -> None:
        for _ in range(256):
            try:
                reply = self.socket.recv(4096)
            except OSError:  # nothing there, or nobody (an ICMP error)
                return
            asked = self.open.pop(int.from_bytes(reply[:2], "big"), None)
            if asked is not None:
                self._check(reply, asked, now)

    def _send(self, number: int, asked: Question) -> None:
        self._seen.tries += 1
        with contextlib.suppress(OSError):  # refused while nobody listens: asked again like one that got no answer
            self.socket.send(number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\1" + asked.question + OPT)

    def _check(self, reply: bytes, asked: Question, now: float) -> None:
        seen, end = self._seen, 12 + len(asked.question)
        seen.answered += 1
        bucket = seen.buckets.setdefault(asked.zone, {})
        bucket[int(now * BUCKETS)] = bucket.get(int(now * BUCKETS), 0) + 1
        if now - asked.first > 0.1:
            seen.late.append((asked.kind, asked.first, now))
        rcode, answers = reply[3] & 15, int.from_bytes(reply[6:8], "big")
        address = reply[end + 12 : end + 16] if answers == 1 else None
        told = rcode, address
        blocked = told == BLOCKED[asked.zone] and b"list storm line " in reply
        right = told == (0, self._address) and b"list storm" not in reply
        if rcode == 2 and answers == 0:
            seen.failures.append((asked.kind, asked.first, now))
        elif asked.kind == "toggled" and (blocked or right):
            seen.toggled.append((asked.last, now, blocked))
        elif reply[12:end] != asked.question or not (blocked if asked.kind == "blocked" else right):
            seen.wrong.append((asked.kind, asked.zone, asked.first, reply.hex()))


def names(job: Job) -> Iterator[tuple[str, bytes]]:
    """(kind, question) without end: of a hundred 60 known, 30 blocked, 5 toggled, 5 that were never asked before."""
    known, blocked = cycle(map(question, job.known)), cycle(map(question, job.blocked))
    toggled, serial = question(job.toggled), 0
    kinds = (["known", "known", "blocked"] * 6 + ["toggled", "fresh"]) * 5
    for kind in cycle(kinds):
        match kind:
            case "known":
                yield kind, next(known)
            case "blocked":
                yield kind, next(blocked)
            case "toggled":
                yield kind, toggled
            case _:
                serial += 1
                yield kind, question(f"n{os.getpid()}-{serial}.{job.fresh}")


def tries(first: float) -> list[float]:
    """When a question that gets no answer is asked."""
    return [first, *(first + after for after in AGAIN[:-1])]


def question(name: str) -> bytes:
    """Name, type A, class IN."""
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1"


def run(job: Job) -> Seen:
    seen = Seen(time.monotonic())
    askers = [Asker(client, job, seen) for client in job.clients]
    turn, step, due, asking = cycle(askers), 1 / job.rate, time.monotonic(), True
    while asking or any(asker.open for asker in askers):
        now = time.monotonic()
        if asking:
            due = max(due, now - BEHIND)
            while due <= now:
                next(turn).ask(now)
                due += step
        for asker in askers:
            asker.again(now)
        waits = max(0.0, min(due - time.monotonic(), 0.01)) if asking else 0.01
        heard = [asker.socket for asker in askers]
        readable = select.select([sys.stdin, *heard] if asking else heard, [], [], waits)[0]
        now = time.monotonic()
        for asker in askers:
            if asker.socket in readable:
                asker.hear(now)
        asking = asking and sys.stdin not in readable
        seen.ended = now if asking else seen.ended
    for asker in askers:
        asker.socket.close()
    return seen


def main() -> int:
    raw = json.loads(sys.argv[1])
    seen = run(Job(**{**raw, "clients": [Client(**one) for one in raw["clients"]]}))
    seen.wrong = [len(seen.wrong), seen.wrong[:SHOWN]]
    print(json.dumps(asdict(seen)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
