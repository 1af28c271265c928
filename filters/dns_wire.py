"""The fast path: from a datagram to its answer without parsing more than the bounds of the question.

    id | flags+counts | question name | type, class | [OPT]
         known header ^    key, in lower case      ^ known or read strictly

One look-up in a table finds an Answer made before; the reply is the client's id and question around it. Whatever is
not the common case (other flags, other counts, an unread OPT, nothing found) returns None and takes the slow path, so
this code may be narrow but must never be wrong. An answer too large for this client is one word, "use TCP", at once.

Why the look-up needs no parsing: a key in the table is a whole, valid name with type and class. When the octets up to
the first zero octet and four more equal such a key, they are that name; a label that hides a zero octet cannot.

A table belongs to a view: the clients that share one policy (a zone, or a device with rules of its own). Only answers
that every client of the view may have as they are go in; names that need a pin never do. Near the end of its time an
answer is left to the slow path, which fetches it anew. Each answer counts how often it was sent; `harvest`, and leaving
the table, hand that over.

May live here: this. May not: anything that decides.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from filters.dns_answer import OUR_SIZE, PLAIN_SIZE, Answer, Subject
from filters.dns_cache import cost
from filters.dns_message import DO, TC, BadMessageError, read_options

MAX_SPELLED = 2  # ways of asking, of each answer, whose replies are remembered: with and without EDNS, mostly
MAX_OPTS = 64  # spellings of an OPT record without options worth remembering: sizes times the DO bit
# Flags and counts behind the id of a usual question (RD, perhaps AD) -> whether an OPT record follows.
_USUAL = {
    bytes.fromhex("0100 0001 0000 0000 0000"): False,
    bytes.fromhex("0120 0001 0000 0000 0000"): False,
    bytes.fromhex("0100 0001 0000 0000 0001"): True,
    bytes.fromhex("0120 0001 0000 0000 0001"): True,
}
_OPT_START = b"\0\0\x29"  # the root's name, type OPT
_OPT_FIXED = 11
_HEAD = 10  # octets of the header behind the id


class FastPath:
    """The answers of one view. `find` is called for every datagram, `keep` by the session.

    Bounded by `size` entries each for questions with and without the DO bit, and by `octets` in all. `account` hears
    what the answers that go were about and how often they were sent.
    """

    __slots__ = ("_account", "_dnssec", "_leaving", "_octets", "_opts", "_plain", "_recent", "_size", "_used")

    def __init__(
        self, size: int = 10_000, octets: int = 8 << 20, account: Callable[[Subject, int], None] | None = None
    ) -> None:
        self._size, self._octets, self._used, self._account = size, octets, 0, account
        self._plain: OrderedDict[bytes, Answer] = OrderedDict()
        self._dnssec: OrderedDict[bytes, Answer] = OrderedDict()
        self._leaving: list[OrderedDict[bytes, Answer]] = []
        self._opts: dict[bytes, tuple[int, bool]] = {}
        self._recent: dict[bytes, tuple[float, bytes, Answer]] = {}

    def __len__(self) -> int:
        return len(self._plain) + len(self._dnssec)

    def find(self, data: bytes, now: float) -> tuple[bytes, Answer] | None:
        """The reply to a datagram and the Answer it was made of; None: take the slow path. `now` in seconds.

        Mostly the reply of a moment ago to the same octets, behind another id.
        """
        recent = self._recent.get(data[2:])
        if recent is not None:
            until, wire, answer = recent
            if now < until:
                answer.hits += 1
                return data[:2] + wire, answer
        return self._find_anew(data, now)

    def _find_anew(self, data: bytes, now: float) -> tuple[bytes, Answer] | None:
        edns = _USUAL.get(data[2:12])
        if edns is None:
            return None
        zero = data.find(0, 12)
        end = zero + 5
        question, tail = data[12:end], data[end:]
        key = data[12:zero].lower() + data[zero:end]
        limit, dnssec = PLAIN_SIZE, False
        if edns:
            opt = self._opts.get(tail) or self._read_opt(tail)
            if opt is None:
                return None
            limit, dnssec = opt
        elif tail or len(data) != end:
            return None
        answer = (self._dnssec if dnssec else self._plain).get(key)
        if answer is None or now >= answer.refresh:
            return None
        head, opt_record = (answer.edns_head, answer.opt) if edns else (answer.head, b"")
        wire = head + question + answer.at(now) + opt_record
        if len(wire) + 2 > limit:  # what never fits must not cost more than what does: at once "use TCP"
            wire = _truncated(head) + question + opt_record
        if question == key and (not edns or tail in self._opts):
            self._remember(data[2:], wire, answer, now)
        answer.hits += 1
        return data[:2] + wire, answer

    def _remember(self, asked: bytes, wire: bytes, answer: Answer, now: float) -> None:
        """Only what is asked as most ask: letter case and options that vary would fill the memory with copies."""
        if asked not in answer.spelled:
            if len(answer.spelled) >= MAX_SPELLED:
                return
            answer.spelled += (asked,)
        self._recent[asked] = answer.right_until(now), wire, answer

    def keep(self, key: bytes, answer: Answer, *, dnssec: bool) -> None:
        """Answer this question (name in lower case, type, class) from now on; the oldest give way when full.

        `answer` counts for this table alone: give each its own (`Answer.about`).
        """
        table = self._dnssec if dnssec else self._plain
        self._drop(table, key)
        table[key] = answer
        self._used += _cost(key, answer)
        while len(table) > self._size or self._used > self._octets:
            full = table or self._plain or self._dnssec
            self._drop(full, next(iter(full)))

    def resize(self, octets: int) -> None:
        """Another bound; it counts from the next `keep` on."""
        self._octets = octets

    def harvest(self) -> None:
        """Hand over what was counted since the last time."""
        for table in (self._plain, self._dnssec, *self._leaving):
            for answer in table.values():
                if answer.hits:
                    self._hand_over(answer)

    def portions(self, most: int) -> Iterator[bool]:
        """As `harvest`, pausing after every so many answers; what came since the walk began is left to the next."""
        for table in (self._plain, self._dnssec, *self._leaving):
            answers = list(table.values())
            for start in range(0, len(answers), most):
                for answer in answers[start : start + most]:
                    if answer.hits:
                        self._hand_over(answer)
                yield True

    def clear(self) -> None:
        """Answer nothing of it any more: the policy changed. What was counted is handed over by `drain`."""
        self._leaving += [table for table in (self._plain, self._dnssec) if table]
        self._plain, self._dnssec, self._recent, self._used = OrderedDict(), OrderedDict(), {}, 0

    def drain(self, most: int) -> int:
        """Let go of up to so many of the entries that `clear` left, and say how many: all at once would be a pause."""
        gone = 0
        while self._leaving and gone < most:
            table = self._leaving[-1]
            if table:
                self._hand_over(table.popitem()[1])
                gone += 1
            else:
                self._leaving.pop()
        return gone

    def _drop(self, table: OrderedDict[bytes, Answer], key: bytes) -> None:
        old = table.pop(key, None)
        if old is not None:
            self._used -= _cost(key, old)
            for asked in old.spelled:
                self._recent.pop(asked, None)
            old.spelled = ()
            self._hand_over(old)

    def _hand_over(self, answer: Answer) -> None:
        if self._account is not None and answer.subject is not None and answer.hits:
            self._account(answer.subject, answer.hits)
        answer.hits = 0

    def _read_opt(self, tail: bytes) -> tuple[int, bool] | None:
        """What follows the question, when it is one sound OPT record of version 0 and nothing else."""
        if tail[:3] != _OPT_START or len(tail) < _OPT_FIXED or tail[5:7] != b"\0\0":
            return None
        length = tail[9] << 8 | tail[10]
        if len(tail) != _OPT_FIXED + length:
            return None
        try:
            read_options(tail[_OPT_FIXED:])
        except BadMessageError:
            return None
        size = min(max(tail[3] << 8 | tail[4], PLAIN_SIZE), OUR_SIZE)
        opt = size, bool(tail[7] << 8 & DO)
        if length == 0 and len(self._opts) < MAX_OPTS:
            self._opts[tail] = opt
        return opt


def _truncated(head: bytes) -> bytes:
    """The same head with TC set and no records."""
    return bytes((head[0] | TC >> 8,)) + head[1:4] + bytes(4) + head[8:]


def _cost(key: bytes, answer: Answer) -> int:
    """Octets that an entry takes at most, with the replies remembered of it."""
    spelled = 2 * (_HEAD + len(key)) + len(answer.body) + _OPT_FIXED + len(answer.opt)
    return cost(key, answer) + MAX_SPELLED * spelled
