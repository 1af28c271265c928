"""Clients' messages through the real desk and session; the fast path must say what the slow path says, or nothing.

Invariants: nothing escapes; at most one answer to a message, none to what is a response or shorter than a header; what
cannot be read gets FORMERR, NOTIMP or nothing (RFC 1035 section 4.1.1, RFC 9267); every answer stands outside.py's
checks; when all is over nothing is under way.

May live here: this target. May not: upstreams that lie (replies.py).
"""

import itertools
from ipaddress import ip_network
from random import Random

from filters.dns_answer import OUR_SIZE, PLAIN_SIZE, STREAM_SIZE
from filters.dns_exchange import AskUpstream, Command, Event, PinDone, RequestPin, SendAnswer, Tick, UpstreamDatagram
from filters.dns_message import Query, read_query
from filters.dns_session import Session
from gateway.resolver.desk import Client, Desk
from tests.fuzz import clinic, outside
from tests.fuzz.campaign import Seen
from tests.fuzz.mutate import MESSAGES, Mutator
from tests.fuzz.outside import check_answer, demand

BLOCK = 250
SAMPLES = clinic.questions()
CONFIG = clinic.config()
ZONES = [(ip_network(text), zone) for text, zone in (
    ("10.20.20.0/24", "pc"), ("10.20.60.0/24", "page"), ("fd00:20:60::/64", "page"), ("10.20.30.0/24", "kids"),
    ("10.20.40.0/24", "cam"))]  # fmt: skip
LINK_LOCAL = "fe80::11%eth1"
ADDRESS = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
MANY = 60  # more than fit any datagram


class House:
    """A session behind a desk, with upstreams that answer at once."""

    def __init__(self) -> None:
        ids = itertools.count(1)
        self.session, self.now = Session(CONFIG, lambda: next(ids) & 0xFFFF), 1000.0
        self.desk = Desk(self.session, self._take, lambda _, __: None)
        self.desk.adopt(ZONES)
        self.sent: list[SendAnswer] = []

    def slow(self, data: bytes, client: Client, *, stream: bool = False) -> list[bytes]:
        """What the slow path answers, after the upstreams had their say."""
        self.sent = []
        self.desk.question(data, client, "channel", stream=stream)
        return [one.data for one in self.sent]

    def _take(self, event: Event) -> None:
        todo = [event]
        for _ in range(20):
            if not todo:
                return
            todo = [
                after for one in todo for command in self.session.handle(one, self.now) for after in self._do(command)
            ]
        raise AssertionError("events without an end")

    def _do(self, command: Command) -> list[Event]:
        match command:
            case SendAnswer():
                self.sent.append(command)
            case AskUpstream():
                return [UpstreamDatagram(command.token, command.upstream, _reply(command.data))]
            case RequestPin():
                return [PinDone(command.token, ok=True)]
        return []


def block(rng: Random, seen: Seen) -> int:
    house, mutator = House(), Mutator(rng, clinic.WORDS, MESSAGES)
    texts = [(text, zone) for zone, clients in clinic.CLIENTS.items() for text in clients] + [(LINK_LOCAL, "pc")]
    for _ in range(BLOCK):
        house.now += rng.choice((0.0, 0.001, 0.05, 1.0))
        client = house.desk.client(*rng.choice(texts))
        one(house, mutator.mutated(SAMPLES), client, rng, seen)
    for _ in range(4):
        house.now += 10.0
        house.session.handle(Tick(), house.now)
    demand(not house.session.busy, "something is under way for ever")
    return BLOCK


def one(house: House, data: bytes, client: Client, rng: Random, seen: Seen) -> None:
    """A message that nobody sent before, and once more now that its answer is known."""
    query = read_query(data)
    _compare(house, data, client, query if isinstance(query, Query) else None, seen)
    if isinstance(query, Query):
        _compare(house, data, client, query, seen)
        if rng.random() < 0.1:
            for answer in house.slow(data, client, stream=True):
                check_answer(data, answer, STREAM_SIZE)


def _compare(house: House, data: bytes, client: Client, query: Query | None, seen: Seen) -> None:
    found = client.table.find(data, house.now)
    slow = house.slow(data, client)
    demand(len(slow) <= 1, "more than one answer", data, *slow)
    demand(query is None or outside.is_whole(data), "a broken message was taken for a question", data)
    if found is not None:
        fast, _ = found
        seen["fast"] += 1
        demand(len(slow) == 1 and outside.agree(fast, slow[0]), "the fast path says something else", data, fast, *slow)
    for answer in slow:
        edns = query is not None and query.edns is not None
        rcode = check_answer(data, answer, OUR_SIZE if edns else PLAIN_SIZE)
        demand(query is not None or len(answer) == outside.HEADER, "an answer to what cannot be read", data, answer)
        seen[f"rcode {rcode}"] += 1
    if not slow:
        demand(query is None, "no answer to a sound question", data)
        seen["nothing"] += 1


def _reply(question: bytes) -> bytes:
    """An upstream's answer: addresses, by the name's length few or many; other types get NODATA without an SOA."""
    asked = question[12:-11]  # what follows is our own OPT record
    count = 0 if asked[-4:] != b"\0\1\0\1" else (1, 1, 1, 30, MANY)[len(asked) % 5]
    return question[:2] + b"\x81\x80" + b"\0\1" + count.to_bytes(2, "big") + bytes(4) + asked + ADDRESS * count
