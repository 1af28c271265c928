"""How long an answer may be kept, and a bounded place to keep it.

Times are the caller's monotonic seconds. Bounds are on entries and on octets, so that no stream of questions and no
single huge answer grows the process. The oldest entry goes first: a popular name is fetched anew at every expiry of
its TTL and so is young again, which makes a look-up free of bookkeeping.

What a process before this one kept (dns_warm.py) comes in frozen, as a message; it is read when it is asked for.

May live here: lifetimes (RFC 2308), the bounded map. May not: what an answer looks like, policy.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import chain
from typing import NamedTuple, Protocol

from filters.dns_answer import Answer
from filters.dns_message import Rcode, Reply, Type

MAX_TTL = 86_400.0  # a day; an upstream that errs for longer is asked again anyway
MIN_TTL = 10  # seconds; shorter ones only make a clinic's devices ask more often
MAX_NEGATIVE_TTL = 3_600.0  # RFC 2308 section 5 suggests one to three hours
MAX_STALE = 172_800.0  # two days; RFC 8767 section 5 suggests one to three
STALE_TTL = 30  # what a stale answer says (RFC 8767 section 4), and how long it is answered before asking again
PREFETCH = 0.1  # the last part of an answer's time in which a question for it fetches it anew
FAILURE_TTL = 5.0  # RFC 9520 section 3.2: a resolution failure is remembered for at least a second
ENTRY_OVERHEAD = 700  # octets an Answer and its key take beside the body, measured with tracemalloc


def lifetime(reply: Reply) -> float:
    """Seconds for which a reply may be answered again; 0: not at all."""
    if reply.rcode == Rcode.NOERROR and reply.answers:
        if not reply.answers_type:
            return _negative(reply, min(record.ttl for record in reply.answers))
        shortest = min(record.ttl for record in reply.answers)
        return min(MAX_TTL, float(max(shortest, MIN_TTL))) if shortest else 0.0
    if reply.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return _negative(reply, MAX_NEGATIVE_TTL)
    return 0.0


class Asked(Protocol):
    """What of a question, beside name, type and class, makes another answer of it."""

    @property
    def dnssec(self) -> bool: ...

    @property
    def unchecked(self) -> bool: ...


def cache_key(key: bytes, asked: Asked) -> bytes:
    """`key`: name in lower case, type and class."""
    return key + bytes((asked.dnssec | asked.unchecked << 1,))


class Frozen(NamedTuple):
    """An answer as a message, without id and OPT record; `born`, `expires` and `refresh` as the Answer has them."""

    message: bytes
    born: float
    expires: float
    refresh: float


Thaw = Callable[[bytes, Frozen], Answer | None]


class BoundedCache:
    """Key -> Answer, within `entries` and `octets`; `get` returns only what has not expired.

    `thaw` makes an Answer of a frozen one, None: it
    is of no use. `changes` counts what was put in.
    """

    def __init__(self, entries: int, octets: int, thaw: Thaw | None = None) -> None:
        self._entries, self._octets, self._used, self._thaw = entries, octets, 0, thaw
        self._kept: OrderedDict[bytes, Answer] = OrderedDict()
        self._frozen: OrderedDict[bytes, Frozen] = OrderedDict()
        self.changes = 0

    def __len__(self) -> int:
        return len(self._kept) + len(self._frozen)

    def warm(self, frozen: Mapping[bytes, Frozen]) -> None:
        """Take in what was kept before; nothing that is here already gives way to it."""
        for key, one in frozen.items():
            if self._thaw is None or key in self._kept or len(self) >= self._entries:
                continue
            if self._used + _frozen_cost(key, one) <= self._octets and key not in self._frozen:
                self._frozen[key] = one
                self._used += _frozen_cost(key, one)

    def held(self) -> list[bytes]:
        """The keys of everything there is, the oldest first."""
        return list(chain(self._frozen, self._kept))

    def frozen(self, key: bytes) -> Frozen | None:
        """An entry as it can be kept elsewhere."""
        answer = self._kept.get(key)
        if answer is None:
            return self._frozen.get(key)
        return Frozen(answer.message(key[:-1]), answer.born, answer.expires, answer.refresh)

    def get(self, key: bytes, now: float) -> Answer | None:
        answer = self._kept.get(key) or self._thawed(key)
        return answer if answer is not None and now < answer.expires else None

    def stale(self, key: bytes, now: float) -> Answer | None:
        """What is kept past its time, while it may still be better than nothing (RFC 8767)."""
        answer = self._kept.get(key) or self._thawed(key)
        return answer if answer is not None and now < answer.expires + MAX_STALE else None

    def put(self, key: bytes, answer: Answer) -> None:
        self._drop(key)
        self._kept[key] = answer
        self._used += cost(key, answer)
        self.changes += 1
        while len(self) > self._entries or self._used > self._octets:
            self._drop(next(iter(self._frozen or self._kept)))

    def clear(self) -> None:
        self._kept.clear()
        self._frozen.clear()
        self._used = 0

    def _thawed(self, key: bytes) -> Answer | None:
        frozen = self._frozen.get(key) if self._frozen else None
        if frozen is None or self._thaw is None:
            return None
        self._drop(key)
        answer = self._thaw(key, frozen)
        if answer is not None:
            self.put(key, answer)
        return answer

    def _drop(self, key: bytes) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._used -= cost(key, old)
        elif self._frozen and (frozen := self._frozen.pop(key, None)) is not None:
            self._used -= _frozen_cost(key, frozen)


def cost(key: bytes, answer: Answer) -> int:
    """Octets an entry takes, roughly and never less; the same for an entry's whole life."""
    return ENTRY_OVERHEAD + len(key) + 2 * len(answer.body)


def _frozen_cost(key: bytes, frozen: Frozen) -> int:
    """Octets again; as much as it will take when it is an Answer, so that thawing never pushes others out."""
    return ENTRY_OVERHEAD + len(key) + 2 * len(frozen.message)


def _negative(reply: Reply, at_most: float) -> float:
    """RFC 2308 section 5: the lesser of the SOA's TTL and its MINIMUM; without an SOA a "no" is not kept."""
    bounds = [min(r.ttl, int.from_bytes(r.data[-4:], "big")) for r in reply.authority if r.type == Type.SOA]
    return min(MAX_NEGATIVE_TTL, at_most, *map(float, bounds)) if bounds else 0.0
