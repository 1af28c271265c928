"""Answers as templates: everything but the id, the question as asked, and how old the answer is.

An `Answer` belongs to one question (name, type, DO bit) and is sent to any number of clients. What is one client's own
(id, letter case of the question, EDNS options) is taken from that client's question at the moment of sending, so no
client's options or letter case reach another. TTLs count down by patching octets, at most once a second.

We send the answer and authority sections; the additional section holds our own OPT record or nothing: hints of an
upstream there need not be believed (RFC 2181 section 5.4.1), and an answer gets smaller. The AD bit is never set: this
step validates nothing, and the upstream's word came over a plain channel.

May live here: building the octets of answers. May not: reading messages (dns_message.py), deciding, caching.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import accumulate
from struct import Struct

from filters.dns_message import CD, HEADER, IN, OPCODE, QR, RD, TC, Query, Rcode, Record, Reply, Type
from filters.names import ROOT, Name
from filters.verdict import Verdict

RA = 0x0080
OUR_SIZE = 1232  # octets in UDP that cross every path unfragmented (the value of DNS flag day 2020)
PLAIN_SIZE = 512  # RFC 1035 section 2.3.4, for clients without EDNS
STREAM_SIZE = 65535
TO_QUESTION = b"\xc0\x0c"  # a compression pointer to the name of the question
FOREVER = float("inf")

Address = IPv4Address | IPv6Address
_COUNTS = Struct("!5H")  # the header behind the id
_TTL = Struct("!I")
_FIXED = Struct("!HHIH")
_TTL_IN_FIXED = 4


@dataclass(frozen=True, slots=True)
class Subject:
    """What an answer is about, for accounts: made once an answer, so that counting one costs nothing."""

    name: str
    type: str
    verdict: Verdict


class Answer:
    """One answer, ready to be sent at any moment until `expires` (the caller's clock, seconds).

    `ttls`: where in `body` a TTL stands and its value at `born`. From `refresh` on it is worth asking anew. `links`:
    the names it leads through, `addresses` where it leads, `inside` when one of them is private, `judged` what was
    found about the links, by view, and under which rules (dns_links.py). `subject`, `told` and `hits` are for accounts:
    what it is about, whether each time is reported, how often the fast path sent it.
    `spelled`: the questions under which the fast path remembers it. `teller`, `times`: who had it last when it is told,
    and how often in a row; whoever sends it counts there.
    """

    __slots__ = (
        "_body", "_born", "_second", "_ttls", "addresses", "body", "edns_head", "expires", "head", "hits", "inside",
        "judged", "links", "opt", "rcode", "refresh", "spelled", "subject", "teller", "times", "told",
    )  # fmt: skip

    def __init__(
        self,
        rcode: int,
        counts: tuple[int, int],
        body: bytes,
        *,
        born: float = 0.0,
        ttls: Sequence[tuple[int, int]] = (),
    ) -> None:
        flags = QR | RD | RA | rcode & 15
        self.head = _COUNTS.pack(flags, 1, *counts, 0)
        self.edns_head = _COUNTS.pack(flags, 1, *counts, 1)
        self.opt = our_opt(rcode, dnssec=False)
        self.body = body
        self.rcode = rcode
        self.expires = self.refresh = FOREVER
        self.addresses: tuple[Address, ...] = ()
        self.links: tuple[Name, ...] = ()
        self.inside = False
        self.judged: tuple[object, dict[tuple[str, bool], Verdict | None]] | None = None
        self.subject: Subject | None = None
        self.told = False
        self.hits = 0
        self.spelled: tuple[bytes, ...] = ()
        self.teller: object = None
        self.times = 0
        self._body, self._ttls, self._born, self._second = body, tuple(ttls), born, int(born)

    def keep_until(self, expires: float, refresh: float | None = None) -> None:
        """Both ends of its time, in seconds of the caller's clock."""
        self.expires = expires
        self.refresh = expires if refresh is None else refresh

    def about(self, subject: Subject | None, *, told: bool = False) -> "Answer":
        """The same answer with an account of its own, for one view's table."""
        twin = Answer.__new__(Answer)
        for slot in Answer.__slots__:
            setattr(twin, slot, getattr(self, slot))
        twin.subject, twin.told, twin.hits = subject, told, 0
        twin.spelled, twin.teller, twin.times = (), None, 0
        return twin

    def stale(self, now: float, ttl: int, error: bytes, *, dnssec: bool) -> "Answer":
        """The same answer past its time: every TTL says `ttl` (RFC 8767 section 4), `error` says why."""
        twin = self.about(None)
        twin._ttls, twin._born, twin._second = tuple((at, ttl) for at, _ in self._ttls), now, -1
        twin.opt = our_opt(self.rcode, dnssec=dnssec, error=error)
        return twin

    def brief(self, now: float, ceiling: int) -> "Answer":
        """The same answer for at most `ceiling` seconds from now."""
        twin = self.about(None)
        age = max(0, int(now - self._born))
        twin._ttls = tuple((at, min(max(0, ttl - age), ceiling)) for at, ttl in self._ttls)
        twin._born, twin._second = now, -1
        twin.keep_until(min(self.expires, now + ceiling), min(self.refresh, now + ceiling))
        return twin

    def limit_ttls(self, floor: int, ceiling: int) -> None:
        """Bring each TTL within bounds; 0 stays 0: "for this question only" (RFC 1035 section 3.2.1)."""
        self._ttls = tuple((at, min(max(ttl, floor), ceiling) if ttl else 0) for at, ttl in self._ttls)
        self._second = -1  # written at the next sending

    def at(self, now: float) -> bytes:
        """The sections with TTLs as of `now`."""
        second = int(now)
        if second != self._second and self._ttls:
            self._second = second
            age = max(0, int(now - self._born))
            patched = bytearray(self._body)
            for offset, ttl in self._ttls:
                _TTL.pack_into(patched, offset, max(0, ttl - age))
            self.body = bytes(patched)
        return self.body

    def right_until(self, now: float) -> float:
        """Until when what is made at `now` stays the same octet for octet: a TTL counts down, or its time is over."""
        return min(self.refresh, int(now) + 1) if self._ttls else self.refresh

    @property
    def born(self) -> float:
        """When its TTLs counted as they came, in seconds of the caller's clock."""
        return self._born

    def message(self, question: bytes) -> bytes:
        """The answer to `question` as it came, without id and OPT record: to be read again later."""
        return bytes(2) + self.head + question + self._body

    def render(self, query: Query, now: float, limit: int) -> bytes:
        """The whole message for one client; truncated (TC, no sections) beyond `limit` octets."""
        edns = query.edns is not None
        head = self.edns_head if edns else self.head
        opt = self.opt if edns else b""
        body = self.at(now)
        flags = head[0] << 8 | head[1] | query.flags & CD
        if HEADER.size + len(query.question) + len(body) + len(opt) > limit:
            return HEADER.pack(query.id, flags | TC, 1, 0, 0, edns) + query.question + opt
        return query.id.to_bytes(2, "big") + flags.to_bytes(2, "big") + head[2:] + query.question + body + opt


def limit_of(query: Query, *, stream: bool) -> int:
    """How many octets this client takes over this transport (RFC 6891 section 6.2.5)."""
    if stream:
        return STREAM_SIZE
    if query.edns is None:
        return PLAIN_SIZE
    return min(max(query.edns.size, PLAIN_SIZE), OUR_SIZE)


def from_reply(reply: Reply, data: bytes, now: float, *, dnssec: bool) -> Answer:
    """The answer that an upstream's reply gives. `expires` is set by its TTLs (dns_cache.py says for how long).

    The authority section stays where a client needs it: negative answers (SOA) and DNSSEC proofs.
    """
    keep_authority = dnssec or not reply.answers_type
    end = reply.additional_at if keep_authority else reply.authority_at
    kept: Iterable[Record] = (*reply.answers, *reply.authority) if keep_authority else reply.answers
    answer = Answer(
        reply.rcode,
        (len(reply.answers), len(reply.authority) if keep_authority else 0),
        data[reply.body_at : end],
        born=now,
        ttls=[(record.ttl_at - reply.body_at, record.ttl) for record in kept],
    )
    answer.opt = our_opt(reply.rcode, dnssec=dnssec)
    return answer


def negative(rcode: Rcode, ttl: int, *, dnssec: bool, error: bytes = b"") -> Answer:
    """NXDOMAIN or NODATA of our own, with the SOA that lets a client remember it for `ttl` seconds (RFC 2308)."""
    soa = ROOT + ROOT + Struct("!5I").pack(1, 3600, 600, 86400, ttl)
    answer = Answer(rcode, (0, 1), _record(Type.SOA, ttl, soa))
    answer.opt = our_opt(rcode, dnssec=dnssec, error=error)
    return answer


def positive(rtype: int, rdata: Sequence[bytes], ttl: int, *, dnssec: bool, error: bytes = b"") -> Answer:
    """Records of our own for the name of the question."""
    answer = Answer(Rcode.NOERROR, (len(rdata), 0), b"".join(_record(rtype, ttl, one) for one in rdata))
    answer.opt = our_opt(Rcode.NOERROR, dnssec=dnssec, error=error)
    return answer


def alias(query: Query, target: Name, addresses: Sequence[Address], ttl: int, now: float) -> Answer:
    """A CNAME of the question's name to `target`, and the addresses of `target` of the type asked for."""
    at_target = HEADER.size + len(query.question) + len(TO_QUESTION) + _FIXED.size
    owner = (0xC000 | at_target).to_bytes(2, "big")
    wanted = {4: Type.A, 6: Type.AAAA}
    rdata = [one.packed for one in addresses if wanted[one.version] == query.type]
    records = [_record(Type.CNAME, ttl, target)]
    records += [owner + _FIXED.pack(query.type, IN, ttl, len(one)) + one for one in rdata]
    starts = accumulate(map(len, records), initial=len(TO_QUESTION) + _TTL_IN_FIXED)
    ttls = [(at, ttl) for at, _ in zip(starts, records, strict=False)]
    return Answer(Rcode.NOERROR, (len(records), 0), b"".join(records), born=now, ttls=ttls)


def failure(rcode: Rcode, *, dnssec: bool, error: bytes = b"") -> Answer:
    """An answer without records: SERVFAIL, REFUSED, NOTIMP, FORMERR, BADVERS."""
    answer = Answer(rcode, (0, 0), b"")
    answer.opt = our_opt(rcode, dnssec=dnssec, error=error)
    return answer


def fault(data: bytes, rcode: Rcode) -> bytes:
    """The answer to a datagram whose question cannot be read: its header alone. `data` has at least 12 octets."""
    number, flags = HEADER.unpack_from(data)[:2]
    return HEADER.pack(number, QR | flags & (OPCODE | RD) | RA | rcode, 0, 0, 0, 0)


def question_for(name_type_class: bytes, number: int, *, dnssec: bool, unchecked: bool) -> bytes:
    """What we ask an upstream: the question in lower case and an OPT of our own, nothing of any client's."""
    flags = RD | (CD if unchecked else 0)
    return HEADER.pack(number, flags, 1, 0, 0, 1) + name_type_class + our_opt(0, dnssec=dnssec)


def our_opt(rcode: int, *, dnssec: bool, error: bytes = b"") -> bytes:
    """Our OPT record; the DO bit is copied back (RFC 3225 section 3); `error` an option of dns_errors.py."""
    ttl = rcode >> 4 << 24 | (0x8000 if dnssec else 0)
    return ROOT + _FIXED.pack(Type.OPT, OUR_SIZE, ttl, len(error)) + error


def addresses_of(reply: Reply) -> tuple[Address, ...]:
    """The addresses the question's name leads to, along its CNAMEs in the order given; others are not ours to use."""
    current: Name = reply.key[:-4]
    found: list[Address] = []
    for record in reply.answers:
        if record.owner != current or record.cls != IN:
            continue
        if record.type == Type.CNAME:
            current = record.target
        elif (one := address(record)) is not None:
            found.append(one)
    return tuple(found)


def address(record: Record) -> Address | None:
    """The address an A or AAAA record holds."""
    if record.cls != IN or record.type not in (Type.A, Type.AAAA):
        return None
    return IPv4Address(record.data) if record.type == Type.A else IPv6Address(record.data)


def _record(rtype: int, ttl: int, rdata: bytes) -> bytes:
    return TO_QUESTION + _FIXED.pack(rtype, IN, ttl, len(rdata)) + rdata
