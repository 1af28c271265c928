"""Upstreams' messages through the real session: damaged, lying, and from people nobody asked.

Invariants: nothing escapes; a message from a stranger (another sender, id, question, a question that is over) changes
nothing and is counted; what leaves to clients stands outside.py's checks, never leads into the clinic, never through a
blocked name, and is not sent before its pin; an answer that is kept is told again as it was; what waits, ends.

May live here: this target. May not: clients that lie (questions.py).
"""

import itertools
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from random import Random

import dns.message
import dns.name
import dns.rcode
import dns.rrset

from filters.dns_answer import OUR_SIZE
from filters.dns_exchange import (
    AskUpstream,
    ClientDatagram,
    Command,
    PinDone,
    RequestPin,
    SendAnswer,
    Tick,
    UpstreamDatagram,
    UpstreamLost,
)
from filters.dns_session import Session
from tests.fuzz import clinic
from tests.fuzz.campaign import Seen
from tests.fuzz.mutate import MESSAGES, Mutator
from tests.fuzz.outside import check_answer, demand, points_inside, walk

BLOCK = 250
CONFIG = clinic.config()
CLIENT = ip_address("10.20.20.11")
ASKED = (
    "www.example.com",
    "video.zoom.example",
    "ad.example.net",
    "mail.example.org",
    "4.3.2.1.in-addr.arpa",
    "good.bad.example",
)
BLOCKED = dns.name.from_text(clinic.BLOCKED)
PINNED = dns.name.from_text(clinic.PINNED)
TYPES = (1, 28, 65, 5, 15, 16, 6, 12, 33, 43, 48, 65280)
# What follows NAME in a zone file's line; NAME itself stands for the question's name.
SECTIONS = (
    ("60 IN A 192.0.2.1", "60 IN A 192.0.2.2"),
    ("60 IN A 10.20.20.1",),
    ("60 IN A 203.0.113.9",),
    ("60 IN AAAA 2001:db8::1", "60 IN AAAA ::ffff:10.20.20.1"),
    ("0 IN CNAME bad.example.", "60 IN A 192.0.2.3"),
    ("300 IN CNAME cdn.example.net.",),
    ("300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.7 ech=AAT+DQAA",),
    ("300 IN HTTPS 1 bad.example. ipv6hint=2001:db8::7",),
    ("300 IN HTTPS 0 zoom.example.",),
    ("2147483647 IN MX 10 mail.example.org.",),
    ('5 IN TXT "v=spf1 -all" "two"',),
    ("60 IN SOA ns.example.org. root.example.org. 1 2 3 4 500",),
    ("60 IN SRV 1 2 443 www.example.com.",),
    ("60 IN PTR host.example.org.",),
    ("60 IN RRSIG A 8 2 60 20300101000000 20200101000000 1 example.org. AAAA",),
    ("60 IN TYPE65280 \\# 3 010203",),
    (),
)  # fmt: skip
SOA = "example. 900 IN SOA ns.example. root.example. 1 7200 900 1209600 300"


class Outside:
    """A session, its clock, and what it asks of the world."""

    def __init__(self) -> None:
        ids = itertools.count(1)
        self.session, self.now = Session(CONFIG, lambda: next(ids) * 7919 & 0xFFFF), 1000.0
        self.asks: dict[int, AskUpstream] = {}
        self.pinned: dict[IPv4Address | IPv6Address, float] = {}  # until when

    def hear(self, commands: list[Command], question: bytes, seen: Seen) -> bool:
        """Carry out and check; whether the client was answered."""
        answered = False
        for command in commands:
            match command:
                case AskUpstream():
                    self.asks[command.token] = command
                case SendAnswer():
                    demand(not answered, "a second answer", question, command.data)
                    answered = True
                    self._check(question, command.data, seen)
                case RequestPin():
                    self.pinned.update(dict.fromkeys(command.addresses, self.now + command.ttl))
                    seen["pin"] += 1
                    told = self.session.handle(PinDone(command.token, ok=True), self.now)
                    answered = self.hear(told, question, seen) or answered
        return answered

    def _check(self, question: bytes, answer: bytes, seen: Seen) -> None:
        seen[f"rcode {check_answer(question, answer, OUR_SIZE)}"] += 1
        demand(not points_inside(answer), "an address inside the clinic", question, answer)
        records = [record for record in walk(answer) if record[2] == 1]
        asked = dns.message.from_wire(question).question[0].name
        if not asked.is_subdomain(BLOCKED):  # an exception: it may lead where it wants
            for name in _names(answer):
                demand(not name.is_subdomain(BLOCKED), "it leads through a blocked name", question, answer)
        if asked.is_subdomain(PINNED):
            own = {ip_address(data) for owner, kind, _, data in records if kind in (1, 28) and owner == asked}
            demand(
                all(self.pinned.get(one, 0.0) >= self.now for one in own),
                "addresses that were not pinned",
                question,
                answer,
            )
        seen["records"] += bool(records)


def block(rng: Random, seen: Seen) -> int:
    house, mutator, tried = Outside(), Mutator(rng, clinic.WORDS, MESSAGES), 0
    while tried < BLOCK:
        house.now += rng.choice((0.1, 1.0, 40.0, 400.0))
        tried += conversation(house, mutator, seen)
    demand(not house.session.busy, "something is under way for ever")
    return tried


def conversation(house: Outside, mutator: Mutator, seen: Seen) -> int:
    """One question, some messages about it, an end; then the question again. -> how many messages."""
    rng = mutator.rng
    question = _question(rng)
    house.asks.clear()
    done = house.hear(_ask(house, question), question, seen)
    tried = 0
    while not done and house.asks and tried < 8:
        ask = rng.choice(list(house.asks.values()))
        sound = [_sound(ask.data, rng) for _ in range(2)]
        data = _changed(sound, len(ask.data) - 11, mutator)
        tried += 1
        draw = rng.random()
        if draw < 0.35:
            _strange(house, ask, data, sound[0], rng, seen)
        elif draw < 0.4:
            house.asks.pop(ask.token)
            done = house.hear(house.session.handle(UpstreamLost(ask.token), house.now), question, seen)
        else:
            head = ask.data[:2] if rng.random() < 0.9 else data[:2]
            data = head + data[2:]
            done = house.hear(_said(house, ask, data), question, seen)
    for _ in range(40):
        if done:
            break
        house.now += 0.3
        done = house.hear(house.session.handle(Tick(), house.now), question, seen)
    demand(done, "a question without an end", question)
    again = _question(rng, question)
    if house.hear(_ask(house, again), again, seen):
        seen["again"] += 1
    house.asks.clear()
    for _ in range(40):
        if not house.session.busy:
            break
        house.now += 0.3
        house.hear(house.session.handle(Tick(), house.now), again, seen)
    return max(tried, 1)


def _changed(sound: list[bytes], behind: int, mutator: Mutator) -> bytes:
    """Anywhere, or only `behind` the question, so that more of the damage gets past the first look."""
    if mutator.rng.random() < 0.5:
        return mutator.mutated(sound)
    return sound[0][:behind] + mutator.mutated([one[behind:] for one in sound])


def _strange(house: Outside, ask: AskUpstream, data: bytes, sound: bytes, rng: Random, seen: Seen) -> None:
    """A message that is not the answer to what was asked of whom it comes from."""
    counters = house.session.counters
    before = counters.strangers + counters.garbage
    kind = rng.choice(("sender", "token", "id", "question"))
    token, source = ask.token, ask.upstream
    if kind == "sender":
        source = clinic.STRANGER if rng.random() < 0.5 else next(one for one in clinic.UPSTREAMS if one != ask.upstream)
    elif kind == "token":
        token = 1 << 40
    elif kind == "id":
        data = (int.from_bytes(ask.data[:2], "big") ^ 1 << rng.randrange(16)).to_bytes(2, "big") + data[2:]
    else:
        data = sound[:12] + b"\x01x" + sound[12:]
    commands = house.session.handle(UpstreamDatagram(token, source, data), house.now)
    demand(commands == [], f"a stranger ({kind}) was heard", ask.data, data)
    demand(counters.strangers + counters.garbage == before + 1, f"a stranger ({kind}) was not counted", data)
    seen[f"strange {kind}"] += 1


def _said(house: Outside, ask: AskUpstream, data: bytes) -> list[Command]:
    return house.session.handle(UpstreamDatagram(ask.token, ask.upstream, data), house.now)


def _ask(house: Outside, question: bytes) -> list[Command]:
    return house.session.handle(ClientDatagram(question, CLIENT, "pc", "channel"), house.now)


def _question(rng: Random, like: bytes = b"") -> bytes:
    """A sound question with EDNS; `like` another one: the same but for its id and letter case."""
    if like:
        return (
            rng.randbytes(2) + like[2:12] + like[12:-11].swapcase() + like[-11:]
            if like[-15:-11] == b"\0\1\0\1"
            else like
        )
    name = f"{rng.choice('abcdefghijklmnop')}.{rng.choice(ASKED)}"
    query = dns.message.make_query(name, rng.choice(TYPES), id=rng.randrange(1 << 16), use_edns=0, payload=1232)
    return query.to_wire()


def _sound(question: bytes, rng: Random) -> bytes:
    """An answer that an honest upstream might give."""
    rcode = rng.choice((0, 0, 0, 0, 3, 2, 5))
    return question[:2] + _body(question[2:], rcode, rng.choice(SECTIONS), negative=rng.random() < 0.3)


@lru_cache(1 << 14)
def _body(question: bytes, rcode: int, lines: tuple[str, ...], *, negative: bool) -> bytes:
    """All of it but the id."""
    response = dns.message.make_response(dns.message.from_wire(b"\0\0" + question), recursion_available=True)
    response.set_rcode(dns.rcode.Rcode(rcode))
    owner = response.question[0].name.to_text()
    for line in lines:
        ttl, rclass, kind, data = line.split(maxsplit=3)
        response.answer.append(dns.rrset.from_text(owner, int(ttl), rclass, kind, data))
        owner = data if kind == "CNAME" else owner
    if negative:
        owner, ttl, rclass, kind, data = SOA.split(maxsplit=4)
        response.authority.append(dns.rrset.from_text(owner, int(ttl), rclass, kind, data))
    return response.to_wire(want_shuffle=False)[2:]


def _names(answer: bytes) -> list[dns.name.Name]:
    """Where the answer section leads: targets of CNAME and HTTPS records."""
    found = []
    for rrset in dns.message.from_wire(answer, continue_on_error=True, ignore_trailing=True).answer:
        found += [rdata.target for rdata in rrset if rrset.rdtype in (5, 64, 65) and hasattr(rdata, "target")]
    return found
