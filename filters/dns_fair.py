"""Fair shares: how much one client may ask, and how much of what is under way may be its own.

A `Bucket` holds tokens (RFC 2697's idea, one rate): over any time t it lets at most burst + rate * t through. It is
filled only when it runs empty, so the common case is one subtraction. `Shares` bounds what a client has under way, and
tightens that bound to an equal part when the house is half full, so that a flood of one leaves room for the others.

May live here: counting and saying no. May not: answers, the clock.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable

from filters.dns_answer import Answer
from filters.dns_message import Query, Rcode, read_query

SLIP = 2  # every second question beyond the rate is told "use TCP"; the others get nothing
MIN_SHARE = 4  # exchanges a client may always have while there is room
MAX_BUCKETS = 4096


class Bucket:
    """`left` may be counted down by the owner itself; at less than 0 it calls `refill`. Times in seconds."""

    __slots__ = ("_burst", "_rate", "_since", "left", "refused", "spent")

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst, self._since = rate, burst, float("-inf")
        self.left = 0
        self.spent = 0  # tokens taken before the last refill, for accounts
        self.refused = 0

    def refill(self, now: float) -> bool:
        """Called when `left` fell below 0: whether there was something to fill in; that question is paid for then."""
        new = int(min(float(self._burst), (now - self._since) * self._rate))
        if new < 1:
            self.left = 0
            self.refused += 1
            return False
        self._since = now
        self.left = new - 1
        self.spent += new
        return True

    def take(self, now: float) -> bool:
        self.left -= 1
        return self.left >= 0 or self.refill(now)

    @property
    def taken(self) -> int:
        """Tokens taken since the beginning."""
        return self.spent - self.left


class Shares:
    """Exchanges under way by client. `enter` before one begins, `leave` when it ends."""

    def __init__(self, of_client: int, total: int, rate: float, burst: int) -> None:
        self._of_client, self._total, self._rate, self._burst = of_client, total, rate, burst
        self._under_way: Counter[Hashable] = Counter()
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()

    def enter(self, client: Hashable, busy: int, now: float) -> bool:
        """Whether the client may have one more while `busy` of the total are taken; it counts when True."""
        mine = self._under_way[client]
        bound = self._of_client
        if busy >= self._total // 2:
            bound = min(bound, max(MIN_SHARE, self._total // (2 * max(1, len(self._under_way)))))
        if mine >= bound or not self._bucket(client).take(now):
            if not mine:
                del self._under_way[client]
            return False
        self._under_way[client] = mine + 1
        return True

    def leave(self, client: Hashable) -> None:
        self._under_way[client] -= 1
        if self._under_way[client] <= 0:
            del self._under_way[client]

    def _bucket(self, client: Hashable) -> Bucket:
        found = self._buckets.get(client)
        if found is None:
            found = self._buckets[client] = Bucket(self._rate, self._burst)
            if len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
        return found


def slip(data: bytes, bucket: Bucket) -> bytes | None:
    """The answer to a datagram beyond the rate: "truncated, use TCP" for some, nothing for the rest.

    A forged sender gets no more octets than were sent in its name; a real client comes back over TCP, where it cannot
    pretend to be another.
    """
    if bucket.refused % SLIP:
        return None
    query = read_query(data)
    return query_truncated(query) if isinstance(query, Query) else None


def query_truncated(query: Query) -> bytes:
    """An empty answer with TC set."""
    return Answer(Rcode.NOERROR, (0, 0), b"").render(query, 0.0, 0)
