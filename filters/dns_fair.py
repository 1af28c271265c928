"""Fair shares: how much one client may ask, and how much of what is under way may be its own, or its zone's.

A `Bucket` holds tokens (RFC 2697's idea, one rate): over any time t it lets at most burst + rate * t through. It is
filled only when it runs empty, so the common case is one subtraction. `Shares` bounds what a client has under way, and
tightens that bound to an equal part when the house is half full, so that a flood of one leaves room for the others; the
same by zone, because addresses cost their owner nothing.

May live here: counting and saying no. May not: answers, the clock.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable

from filters.dns_answer import Answer
from filters.dns_message import Query, Rcode, read_query

SLIP = 2  # every second question beyond the rate is told "use TCP"; the others get nothing
MIN_SHARE = 4  # exchanges a client may always have while there is room
MAX_BUCKETS = 4096
Payer = tuple[Hashable, Hashable]  # zone and client: whose share it is


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
    """Questions under way, by zone and client. `enter` before one begins, `leave` when it ends.

    One machine can have as many addresses as it likes, but only in its own zone. So once the house is half full, zones
    have equal parts of three quarters of it, and clients equal parts of half of their zone's: the last quarter is
    always there for a zone that was quiet.
    """

    def __init__(self, of_client: int, total: int, rate: float, burst: int) -> None:
        self._of_client, self._total, self._rate, self._burst = of_client, total, rate, burst
        self._zones: dict[Hashable, _Zone] = {}
        self._buckets: OrderedDict[Payer, Bucket] = OrderedDict()

    def enter(self, payer: Payer, busy: int, now: float) -> bool:
        """Whether that client may have one more while `busy` of the total are taken; it counts when True."""
        name, client = payer
        zone = self._zones.get(name) or _Zone()
        mine = zone.clients[client]
        if not self._fits(zone, mine, busy) or not self._bucket(payer).take(now):
            return False
        zone.clients[client] = mine + 1
        zone.under_way += 1
        self._zones[name] = zone
        return True

    def leave(self, payer: Payer) -> None:
        name, client = payer
        zone = self._zones[name]
        zone.under_way -= 1
        zone.clients[client] -= 1
        if zone.clients[client] <= 0:
            del zone.clients[client]
        if not zone.clients:
            del self._zones[name]

    def _fits(self, zone: "_Zone", mine: int, busy: int) -> bool:
        if busy < self._total // 2:
            return mine < self._of_client
        zones = len(self._zones) + (not zone.under_way)
        part = max(MIN_SHARE, self._total * 3 // (4 * zones))
        bound = max(MIN_SHARE, part // (2 * (len(zone.clients) + (not mine))))
        return zone.under_way < part and mine < min(self._of_client, bound)

    def _bucket(self, payer: Payer) -> Bucket:
        found = self._buckets.get(payer)
        if found is None:
            found = self._buckets[payer] = Bucket(self._rate, self._burst)
            if len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
        return found


class _Zone:
    """What one zone has under way, in all and by client."""

    __slots__ = ("clients", "under_way")

    def __init__(self) -> None:
        self.clients: Counter[Hashable] = Counter()
        self.under_way = 0


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
