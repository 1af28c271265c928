"""What was asked and answered, as numbers: by zone, device, verdict and list, the top names, how long it took.

Everything is bounded: the views and lists are the site's own, clients and names are not, so those are kept in sketches
that say how far they may err, and what found no room is counted as lost. The fast path only counts on the answers it
holds; its tables hand that over from time to time.

The query log is kept here for a minute at most: who (nobody, a zone, a client), which name, what became of it. Blocked
names are not in it: each of those is told at once by the session.

May live here: counting. May not: writing it anywhere, the clock, deciding who may see it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Literal, NamedTuple

from filters.dns_answer import Address, Subject
from filters.verdict import Verdict

Detail = Literal["off", "zone", "device"]

BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds; the last bucket is open
TOP = 512  # names followed in one sketch
MAX_CLIENTS = 4096
MAX_BATCH = 4096  # different names between two looks
MAX_LOGGED = 4096  # different entries of the query log between two looks


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts since the beginning. Names come with how much too high their count may be.

    `latency`: questions by the index of their bound (BOUNDS), the last for all that took longer.
    """

    views: Mapping[str, int]
    verdicts: Mapping[tuple[str, str, str], int]  # view, action, reason
    lists: Mapping[tuple[str, str], int]  # view, list
    clients: Mapping[str, int]
    names: tuple[tuple[str, int, int], ...]
    blocked: tuple[tuple[str, int, int], ...]
    latency: tuple[int, ...]
    lost: int


class TopNames:
    """The most frequent names in bounded room (space saving, by batches): a count is never too low, its error known."""

    def __init__(self, size: int = TOP) -> None:
        self._size = size
        self._known: dict[str, tuple[int, int]] = {}
        self._batch: Counter[str] = Counter()
        self._floor = 0

    def add(self, name: str, count: int) -> None:
        if name in self._batch or len(self._batch) < MAX_BATCH:
            self._batch[name] += count
        else:
            self.merge()
            self._batch[name] = count

    def merge(self) -> None:
        """Take the batch in; the least frequent names fall out, and lend their count as error to later ones."""
        for name, count in self._batch.items():
            known, error = self._known.get(name, (self._floor, self._floor))
            self._known[name] = known + count, error
        self._batch.clear()
        if len(self._known) > self._size:
            ranked = nlargest(self._size + 1, self._known.items(), key=lambda item: item[1][0])
            self._floor = max(self._floor, ranked[-1][1][0])
            self._known = dict(ranked[: self._size])

    def top(self, count: int) -> tuple[tuple[str, int, int], ...]:
        """(name, count, how much of it may be others'), the most frequent first."""
        self.merge()
        ranked = nlargest(count, self._known.items(), key=lambda item: item[1][0])
        return tuple((name, total, error) for name, (total, error) in ranked)


class Entry(NamedTuple):
    """One line of the query log: by zone `client` is empty, by device `zone` may be (the client tells it)."""

    zone: str
    client: str
    name: str
    verdict: Verdict


class QueryLog:
    """What was asked since the last `take`, within a bound. `adopt` changes the detail, and forgets what is finer."""

    def __init__(self) -> None:
        self.detail: Detail = "off"
        self._entries: Counter[Entry] = Counter()
        self._lost = 0

    def adopt(self, detail: Detail) -> None:
        """From now on by this; what was kept by another detail is forgotten, but not that it was asked."""
        if detail != self.detail:
            self._entries.clear()
            self.detail = detail

    def zone(self, view: str, subject: Subject, count: int) -> None:
        """`count` answers of a table, whoever asked; by device, somebody else tells who (`client`)."""
        if self.detail == "zone":
            self._add(Entry(zone_of(view), "", subject.name, subject.verdict), count)

    def client(self, view: str, client: Address | str, subject: Subject, count: int = 1) -> None:
        """`count` answers to one client."""
        if self.detail == "zone":
            self.zone(view, subject, count)
        elif self.detail == "device":
            self._add(Entry("", str(client), subject.name, subject.verdict), count)

    def take(self) -> tuple[Counter[Entry], int]:
        """The entries since the last time, and how many questions found no room among them."""
        taken, lost = self._entries, self._lost
        self._entries, self._lost = Counter(), 0
        return taken, lost

    def _add(self, entry: Entry, count: int) -> None:
        if entry.verdict.blocks:
            return
        if entry in self._entries or len(self._entries) < MAX_LOGGED:
            self._entries[entry] += count
        else:
            self._lost += count


def zone_of(view: str) -> str:
    """A view is a zone, or a device with a policy of its own in one: zone/device."""
    return view.partition("/")[0]


@dataclass(slots=True)
class Accounts:
    """`add` for every answer that is not one of the fast path, `fast` for those, in bulk."""

    views: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lists: Counter[tuple[str, str]] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    names: TopNames = field(default_factory=TopNames)
    blocked: TopNames = field(default_factory=TopNames)
    latency: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    log: QueryLog = field(default_factory=QueryLog)
    lost: int = 0

    def add(self, view: str, subject: Subject, waited: float, client: Address) -> None:
        """One answer to `client`, `waited` seconds after its question came."""
        self._count(view, subject, 1)
        self.log.client(view, client, subject)
        self.latency[bisect_left(BOUNDS, waited)] += 1

    def fast(self, view: str, subject: Subject, count: int) -> None:
        """`count` answers out of a table: each took microseconds."""
        self._count(view, subject, count)
        self.log.zone(view, subject, count)
        self.latency[0] += count

    def client(self, client: str, count: int) -> None:
        """`count` questions of a client, whatever became of them."""
        if client in self.clients or len(self.clients) < MAX_CLIENTS:
            self.clients[client] += count
        else:
            self.lost += count

    def snapshot(self, top: int = 50) -> Snapshot:
        """All of it as values; counting goes on."""
        return Snapshot(
            dict(self.views),
            dict(self.verdicts),
            dict(self.lists),
            dict(self.clients),
            self.names.top(top),
            self.blocked.top(top),
            tuple(self.latency),
            self.lost,
        )

    def _count(self, view: str, subject: Subject, count: int) -> None:
        verdict = subject.verdict
        self.views[view] += count
        self.verdicts[view, verdict.action.value, verdict.reason.value] += count
        if verdict.list:
            self.lists[view, verdict.list] += count
        (self.blocked if verdict.blocks else self.names).add(subject.name, count)
