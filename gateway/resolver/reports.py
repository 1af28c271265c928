"""What the watcher is told: blocked names once a second, accounts and the query log once a minute, losses counted.

Blocked names (`dns_blocked`) are events: who, which name, why, how often. The rest is what grew within a minute:
answers by zone and verdict (`dns_verdicts`), by list (`dns_lists`), by time taken (`dns_latency`), and as far as the
site's switch lets it be kept, the names (`dns_log`) and the clients (`dns_clients`). Nothing here waits or touches a
disk.

May live here: counting what is told, and when. May not: how it is sent (reports_outbox.py), deciding what may be kept
(filters.dns_accounts), the store.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from filters.dns_accounts import Accounts, Entry, zone_of
from filters.dns_answer import Answer, Subject
from gateway.resolver.reports_outbox import Outbox, Row

MAX_ENTRIES = 4096  # different (client, answer) pairs within one second
MAX_RULE = 255  # characters of what a rule says
MINUTE = 60  # flushes, one a second: whatever the clock does


class Reports:
    """`fast` and `add` count, `flush(at)` sends, with `at` in epoch seconds.

    `accounts` are the session's; `count` brings them up to date, `count_some` a portion of them.
    """

    def __init__(
        self, path: Path, accounts: Accounts, count: Callable[[], object], count_some: Callable[[], object]
    ) -> None:
        self._accounts, self._count, self._count_some = accounts, count, count_some
        self._outbox = Outbox(path)
        self._fast: Counter[tuple[str, Answer]] = Counter()  # by identity: cheap enough for every datagram
        self._blocked: Counter[tuple[str, Subject]] = Counter()
        self._before: dict[str, Counter[Row]] = {}
        self._flushes = 0
        self._lost = 0  # blocked names
        self._unlogged = 0  # lines of the log
        self._unknown = 0  # questions of clients beyond the accounts' bound, as far as told already

    @property
    def lost(self) -> int:
        """Questions that the watcher was not told of, and how many of them it does not know yet."""
        return self._lost + self._unlogged + self._outbox.lost.total()

    @property
    def waiting(self) -> int:
        """Rows that were not sent yet."""
        return len(self._outbox)

    def fast(self, client: str, answer: Answer, times: int = 1) -> None:
        """An answer of the fast path that is told each time."""
        key = client, answer
        count = self._fast.get(key, 0)
        if count or len(self._fast) < MAX_ENTRIES:
            self._fast[key] = count + times
        elif answer.subject is not None and answer.subject.verdict.blocks:
            self._lost += times
        else:
            self._unlogged += times

    def add(self, client: str, subject: Subject, count: int = 1) -> None:
        """A blocked name."""
        key = client, subject
        if key in self._blocked or len(self._blocked) < MAX_ENTRIES:
            self._blocked[key] += count
        else:
            self._lost += count

    def put(self, kind: str, at: float, rows: Sequence[Row]) -> None:
        """Rows of another kind, to go out with the next flush."""
        self._outbox.put(kind, at, rows)

    def flush(self, at: float) -> None:
        """Once a second."""
        self._tell_blocked(at)
        self._count_some()
        self._flushes += 1
        if self._flushes >= MINUTE:
            self._flushes = 0
            self._tell_minute(at)
        self._outbox.send()

    def close(self, at: float) -> None:
        """The last flush: all that can be sent without waiting."""
        self._tell_blocked(at)
        self._count()
        self._tell_minute(at)
        self._outbox.close()

    def _tell_blocked(self, at: float) -> None:
        log = self._accounts.log
        for (client, answer), count in self._fast.items():
            if answer.subject is None:
                continue
            if answer.subject.verdict.blocks:
                self.add(client, answer.subject, count)
            elif log.detail == "device":
                log.client("", client, answer.subject, count)
        self._fast.clear()
        rows = [_blocked(client, subject, count) for (client, subject), count in self._blocked.items()]
        self._blocked.clear()
        self._outbox.put("dns_blocked", at, rows, self._lost)
        self._lost = 0

    def _tell_minute(self, at: float) -> None:
        for kind, rows in _totals(self._accounts).items():
            grown = rows - self._before.get(kind, Counter())
            self._before[kind] = rows
            if kind != "dns_clients" or self._accounts.log.detail == "device":
                self._outbox.put(kind, at, [(*row, count) for row, count in grown.items()])
        entries, lost = self._accounts.log.take()
        lost += self._unlogged
        if self._accounts.log.detail == "device":
            lost += self._accounts.lost - self._unknown
        self._unlogged, self._unknown = 0, self._accounts.lost
        self._outbox.put("dns_log", at, [_logged(entry, count) for entry, count in entries.items()], lost)


def _totals(accounts: Accounts) -> dict[str, Counter[Row]]:
    """Everything counted since the start, by kind. A device's own policy is told as its zone's."""
    verdicts, lists, clients = Counter[Row](), Counter[Row](), Counter[Row]()
    for (view, action, reason), count in accounts.verdicts.items():
        verdicts[zone_of(view), action, reason] += count
    for (view, name), count in accounts.lists.items():
        lists[zone_of(view), name] += count
    for client, count in accounts.clients.items():
        clients[(_plain(client),)] += count
    latency = Counter[Row]({(index,): count for index, count in enumerate(accounts.latency)})
    return {"dns_verdicts": verdicts, "dns_lists": lists, "dns_latency": latency, "dns_clients": clients}


def _blocked(client: str, subject: Subject, count: int) -> Row:
    verdict = subject.verdict
    return (
        _plain(client), subject.name, subject.type, verdict.action.value, verdict.reason.value, verdict.list,
        verdict.rule[:MAX_RULE], count,
    )  # fmt: skip


def _logged(entry: Entry, count: int) -> Row:
    verdict = entry.verdict
    return (
        entry.zone, _plain(entry.client), entry.name, verdict.action.value, verdict.reason.value, verdict.list,
        verdict.rule[:MAX_RULE], count,
    )  # fmt: skip


def _plain(client: str) -> str:
    """Without the interface of a link-local address."""
    return client.partition("%")[0]
