"""How long an answer may be kept, and a bounded place to keep it.

Times are the caller's monotonic seconds. Bounds are on entries and on octets, so that no stream of questions and no
single huge answer grows the process. The oldest entry goes first: a popular name is fetched anew at every expiry of
its TTL and so is young again, which makes a look-up free of bookkeeping.

May live here: lifetimes (RFC 2308), the bounded map. May not: what an answer looks like, policy.
"""

from collections import OrderedDict

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


class BoundedCache:
    """Key -> Answer, within `entries` and `octets`; `get` returns only what has not expired."""

    def __init__(self, entries: int, octets: int) -> None:
        self._entries, self._octets, self._used = entries, octets, 0
        self._kept: OrderedDict[bytes, Answer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: bytes, now: float) -> Answer | None:
        answer = self._kept.get(key)
        return answer if answer is not None and now < answer.expires else None

    def stale(self, key: bytes, now: float) -> Answer | None:
        """What is kept past its time, while it may still be better than nothing (RFC 8767)."""
        answer = self._kept.get(key)
        return answer if answer is not None and now < answer.expires + MAX_STALE else None

    def put(self, key: bytes, answer: Answer) -> None:
        self._drop(key)
        self._kept[key] = answer
        self._used += cost(key, answer)
        while len(self._kept) > self._entries or self._used > self._octets:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        self._kept.clear()
        self._used = 0

    def _drop(self, key: bytes) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._used -= cost(key, old)


def cost(key: bytes, answer: Answer) -> int:
    """Octets an entry takes, roughly and never less; the same for an entry's whole life."""
    return ENTRY_OVERHEAD + len(key) + 2 * len(answer.body)


def _negative(reply: Reply, at_most: float) -> float:
    """RFC 2308 section 5: the lesser of the SOA's TTL and its MINIMUM; without an SOA a "no" is not kept."""
    bounds = [min(r.ttl, int.from_bytes(r.data[-4:], "big")) for r in reply.authority if r.type == Type.SOA]
    return min(MAX_NEGATIVE_TTL, at_most, *map(float, bounds)) if bounds else 0.0
