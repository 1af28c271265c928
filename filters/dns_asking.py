"""Asking upstreams: one exchange for many equal questions, retries, TCP, and which replies to believe.

A reply counts when it came on an open attempt, from the upstream asked, with that attempt's id and question
(RFC 5452 section 9). Anything else is counted and ignored while the waiting goes on: a forger must not end it.
An attempt that timed out stays open until the exchange ends, because late is better than never.

May live here: exchanges and attempts. May not: clients' messages, policy, the cache (dns_session.py).
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from filters.dns_answer import question_for
from filters.dns_choice import Choice
from filters.dns_errors import VALIDATION
from filters.dns_exchange import (
    AskUpstream,
    Command,
    Counters,
    ForgetUpstream,
    Timing,
    Upstream,
    UpstreamDatagram,
)
from filters.dns_message import BadMessageError, Rcode, Reply, read_reply

W = TypeVar("W")
_TRY_NEXT = frozenset((Rcode.SERVFAIL, Rcode.REFUSED, Rcode.FORMERR, Rcode.NOTIMP))


@dataclass(frozen=True, slots=True)
class Question:
    """What makes two questions equal: name, type and class in lower case, the DO and CD bits, who may be asked."""

    key: bytes
    dnssec: bool
    unchecked: bool
    upstreams: tuple[Upstream, ...]


@dataclass(slots=True)
class Attempt:
    token: int
    id: int
    upstream: Upstream
    stream: bool
    sent: float


@dataclass(slots=True)
class Exchange(Generic[W]):
    """One question under way. `rest` are the upstreams not asked yet in this round."""

    question: Question
    began: float
    due: float
    waiters: list[W]
    rest: list[Upstream]
    open: dict[int, Attempt] = field(default_factory=dict)
    tried: int = 0
    error: int | None = None


@dataclass(frozen=True, slots=True)
class Settled(Generic[W]):
    """An exchange ended. `reply` and its octets, or None when no upstream gave one that helps.

    `error`: then an upstream said that the answer fails validation, by this Extended DNS Error."""

    question: Question
    waiters: list[W]
    reply: Reply | None
    data: bytes = b""
    error: int | None = None


class Asking(Generic[W]):
    """All exchanges. W is whatever the caller wants back when one settles, `who` whose it is.

    `new_id` gives 0..65535, unpredictable.
    """

    def __init__(
        self, timing: Timing, counters: Counters, new_id: Callable[[], int], who: Callable[[W], Hashable]
    ) -> None:
        self._timing, self._counters, self._new_id, self._who = timing, counters, new_id, who
        self._exchanges: dict[Question, Exchange[W]] = {}
        self._by_token: dict[int, Exchange[W]] = {}
        self._choice = Choice(timing.sick)
        self._last_token = 0

    def __len__(self) -> int:
        return len(self._exchanges)

    def ask(self, question: Question, waiter: W | None, now: float) -> list[Command] | None:
        """Join or start an exchange; None when there is no room for more. Without a waiter: for the cache only."""
        exchange = self._exchanges.get(question)
        if exchange is not None:
            if waiter is None:
                return []
            if len(exchange.waiters) >= self._timing.waiters or self._of(exchange, waiter) >= self._timing.of_waiters:
                return None
            exchange.waiters.append(waiter)
            self._counters.joined += 1
            return []
        if len(self._exchanges) >= self._timing.exchanges or not question.upstreams:
            return None
        exchange = Exchange(question, now, now, [] if waiter is None else [waiter], [])
        self._exchanges[question] = exchange
        return list(self._attempt(exchange, now))

    def _of(self, exchange: Exchange[W], waiter: W) -> int:
        """How many of this client wait already: one that fills a name under way would close it for the others."""
        who = self._who(waiter)
        return sum(self._who(one) == who for one in exchange.waiters)

    def hear(self, event: UpstreamDatagram, now: float) -> tuple[list[Command], Settled[W] | None]:
        """A message from outside."""
        exchange = self._by_token.get(event.token)
        if exchange is None:
            self._counters.strangers += 1
            return [], None
        attempt = exchange.open[event.token]
        try:
            reply = read_reply(event.data)
        except BadMessageError:
            self._counters.garbage += 1
            return [], None
        if event.source != attempt.upstream or reply.id != attempt.id or not _answers(reply, exchange.question):
            self._counters.strangers += 1
            return [], None
        if reply.error in VALIDATION:
            exchange.error = reply.error
        if reply.rcode in _TRY_NEXT or (reply.truncated and attempt.stream):
            return self.lost(event.token, now)
        self._choice.answered(attempt.upstream, now - attempt.sent, now)
        if reply.truncated:
            return self._replace(exchange, event.token, self._attempt(exchange, now, over_stream=attempt.upstream))
        return self._settle(exchange, reply, event.data)

    def lost(self, token: int, now: float) -> tuple[list[Command], Settled[W] | None]:
        """An attempt that cannot help any more: at once the next upstream of this round, if one is left."""
        exchange = self._by_token.get(token)
        if exchange is None:
            return [], None
        self._choice.failed(exchange.open[token].upstream, now)
        return self._replace(exchange, token, self._attempt(exchange, now) if exchange.rest else ())

    def tick(self, now: float) -> Iterator[tuple[list[Command], Settled[W] | None]]:
        """Whatever is due: further attempts, and giving up."""
        for exchange in list(self._exchanges.values()):
            if now >= exchange.began + self._timing.whole:
                yield self._settle(exchange, None, b"")
            elif now >= exchange.due:
                for attempt in exchange.open.values():
                    self._choice.failed(attempt.upstream, now)
                self._counters.retried += 1
                yield list(self._attempt(exchange, now)), None

    def impatient(self, before: float) -> Iterator[Exchange[W]]:
        """Exchanges begun before that time with somebody waiting. Who is served otherwise leaves `waiters`."""
        return (one for one in list(self._exchanges.values()) if one.waiters and one.began <= before)

    def _replace(
        self, exchange: Exchange[W], token: int, by: Iterable[Command]
    ) -> tuple[list[Command], Settled[W] | None]:
        """An attempt is over and others may take its place; when none is left, so is the exchange."""
        commands: list[Command] = [ForgetUpstream(token), *by]
        del exchange.open[token], self._by_token[token]
        if exchange.open:
            return commands, None
        more, settled = self._settle(exchange, None, b"")
        return commands + more, settled

    def _attempt(self, exchange: Exchange[W], now: float, over_stream: Upstream | None = None) -> Iterator[Command]:
        """Ask once more, if the bound allows: the same upstream by TCP, or the next one by UDP."""
        exchange.due = now + (self._timing.attempt if over_stream is None else self._timing.stream_attempt)
        if exchange.tried >= self._timing.attempts:
            return
        if over_stream is None and not exchange.rest:
            exchange.rest = self._choice.order(exchange.question.upstreams, now)
        upstream = over_stream or exchange.rest.pop(0)
        self._last_token += 1
        attempt = Attempt(self._last_token, self._new_id(), upstream, over_stream is not None, now)
        exchange.tried += 1
        exchange.open[attempt.token] = attempt
        self._by_token[attempt.token] = exchange
        self._counters.asked += 1
        question = exchange.question
        data = question_for(question.key, attempt.id, dnssec=question.dnssec, unchecked=question.unchecked)
        yield AskUpstream(attempt.token, upstream, attempt.stream, data)

    def _settle(
        self, exchange: Exchange[W], reply: Reply | None, data: bytes
    ) -> tuple[list[Command], Settled[W] | None]:
        del self._exchanges[exchange.question]
        for token in exchange.open:
            del self._by_token[token]
        if reply is None and exchange.error is None:
            self._counters.failed += 1
        else:
            self._counters.answered += 1
        closing: list[Command] = [ForgetUpstream(token) for token in exchange.open]
        return closing, Settled(exchange.question, exchange.waiters, reply, data, exchange.error)


def _answers(reply: Reply, question: Question) -> bool:
    """The question comes back as it was sent; an error may come without one (RFC 1035 section 4.1.1)."""
    return reply.key == question.key or (not reply.key and reply.rcode in _TRY_NEXT)
