"""The DNS exchange without I/O: events in, commands out, `now` an argument (seconds of any clock that never goes back).

    question -> verdict -> own answer | cache | upstream -> [pin] -> answer
                                               ^ one exchange for equal questions, retries: dns_asking.py

The session owns everything that must be bounded: the cache, exchanges, held answers, what one client may have under
way. It fills the fast path's tables (dns_wire.py), one a zone, with what every client of the zone may be told as it is.

May live here: the order of the steps above. May not: sockets, timers, random (ids come from the caller), files.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from filters import dns_answer, dns_own
from filters.dns_answer import Address, Answer, Subject
from filters.dns_asking import Asking, Question, Settled
from filters.dns_cache import FAILURE_TTL, BoundedCache, lifetime
from filters.dns_exchange import (
    Account,
    ClientDatagram,
    Command,
    Counters,
    Event,
    PinDone,
    PinGrant,
    SendAnswer,
    Tick,
    Timing,
    Told,
    Upstream,
    UpstreamDatagram,
    UpstreamLost,
)
from filters.dns_message import Fault, Query, Rcode, Type, read_query
from filters.dns_pins import Hold, PinBoard
from filters.dns_policy import DnsPolicy
from filters.dns_wire import FastPath
from filters.names import Name, SuffixSet, to_text
from filters.verdict import Action, Verdict

CACHE_ENTRIES = 10_000
CACHE_OCTETS = 16 << 20


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a site wants. `routes`: names that only these upstreams may be asked for (none: SERVFAIL, never others)."""

    policy: DnsPolicy
    upstreams: tuple[Upstream, ...]
    routes: Mapping[Name, tuple[Upstream, ...]] = field(default_factory=dict)
    pins: tuple[PinGrant, ...] = ()


@dataclass(frozen=True, slots=True)
class _Waiter:
    """A client that waits for its answer, judged under `config`."""

    query: Query
    client: Address
    zone: str
    channel: Hashable
    limit: int
    verdict: Verdict
    config: SessionConfig


class Session:
    """`handle(event, now)` -> commands; `fast_path(zone)` for the server; `busy` while ticks are needed."""

    def __init__(self, config: SessionConfig, new_id: Callable[[], int], timing: Timing | None = None) -> None:
        self._timing = timing or Timing()
        self.counters = Counters()
        self._cache = BoundedCache(CACHE_ENTRIES, CACHE_OCTETS)
        self._asking: Asking[_Waiter] = Asking(self._timing, self.counters, new_id)
        self._pins: PinBoard[tuple[_Waiter, Answer]] = PinBoard(self._timing)
        self._of_client: Counter[Address] = Counter()
        self._fast: dict[str, FastPath] = {}
        self._adopt(config)

    def replace(self, config: SessionConfig) -> None:
        """Take over a new configuration. Questions under way, cache and pins live on; verdicts do not."""
        self._adopt(config)

    def fast_path(self, zone: str) -> FastPath:
        """The table of a zone; it lives as long as the session."""
        return self._fast.setdefault(zone, FastPath())

    def forget_pins(self) -> None:
        """The kernel may have lost its pins (a restart, a new boot of the policy): pin again before answering."""
        self._pins.forget()

    @property
    def busy(self) -> bool:
        return bool(len(self._asking) or len(self._pins))

    def handle(self, event: Event, now: float) -> list[Command]:
        match event:
            case ClientDatagram():
                return self._question(event, now)
            case UpstreamDatagram():
                commands, settled = self._asking.hear(event, now)
                return commands + self._settled(settled, now)
            case UpstreamLost():
                commands, settled = self._asking.lost(event.token, now)
                return commands + self._settled(settled, now)
            case PinDone():
                return self._pin_done(self._pins.done(event.token, ok=event.ok), now)
            case Tick():
                return self._tick(now)

    def _adopt(self, config: SessionConfig) -> None:
        self._config = config
        self._routes = SuffixSet(config.routes)
        self._pins.adopt(config.pins)
        for table in self._fast.values():
            table.clear()

    # --- a client's question

    def _question(self, event: ClientDatagram, now: float) -> list[Command]:
        self.counters.questions += 1
        query = read_query(event.data)
        if isinstance(query, Fault):
            self.counters.faults += 1
            return [] if query.rcode is None else [SendAnswer(event.channel, dns_answer.fault(event.data, query.rcode))]
        limit = dns_answer.limit_of(query, stream=event.stream)
        refused = dns_own.unusual(query)
        if refused is not None:
            self.counters.refused += 1
            return [SendAnswer(event.channel, refused.render(query, now, limit))]
        verdict = self._config.policy.decide(event.zone, query.name, query.type)
        waiter = _Waiter(query, event.client, event.zone, event.channel, limit, verdict, self._config)
        if verdict.action is not Action.FORWARD:
            return self._own_answer(waiter, now)
        told = self._account(Told.PROTECTED_HIT, waiter) if verdict.list else []
        cached = self._cache.get(_cache_key(query), now)
        if cached is not None:
            self.counters.cached += 1
            return told + self._deliver(waiter, cached, now)
        return told + self._forward(waiter, now)

    def _own_answer(self, waiter: _Waiter, now: float) -> list[Command]:
        query, verdict = waiter.query, waiter.verdict
        answer = dns_own.answer_for(verdict, query, self._config.policy.local)
        if verdict.blocks:
            answer.subject = _subject(waiter)
        if verdict.action is Action.REFUSED:
            self.counters.refused += 1
        else:
            self._keep_fast(waiter, answer)
        told = self._account(Told.BLOCKED, waiter) if verdict.blocks else []
        return [SendAnswer(waiter.channel, answer.render(query, now, waiter.limit)), *told]

    def _forward(self, waiter: _Waiter, now: float) -> list[Command]:
        query = waiter.query
        question = Question(query.key, query.dnssec, query.unchecked, self._upstreams_for(query.name))
        room = self._of_client[waiter.client] < self._timing.of_client
        commands = self._asking.ask(question, waiter, now) if room else None
        if commands is None:
            self.counters.overload += 1
            return [_failed(waiter, now)]
        self._of_client[waiter.client] += 1
        return commands

    def _upstreams_for(self, name: Name) -> tuple[Upstream, ...]:
        route = self._routes.find(name)
        return self._config.upstreams if route is None else self._config.routes[route]

    # --- an answer from upstream

    def _settled(self, settled: Settled[_Waiter] | None, now: float) -> list[Command]:
        if settled is None:
            return []
        for waiter in settled.waiters:
            self._of_client[waiter.client] -= 1
            if not self._of_client[waiter.client]:
                del self._of_client[waiter.client]
        if settled.reply is None:
            return self._give_up(settled, now)
        reply, question = settled.reply, settled.question
        answer = dns_answer.from_reply(reply, settled.data, now, dnssec=question.dnssec)
        keep_for = lifetime(reply)
        answer.expires = now + keep_for
        if keep_for > 0:
            self._cache.put(_cache_key(settled.waiters[0].query), answer)
        return [command for waiter in settled.waiters for command in self._deliver(waiter, answer, now)]

    def _give_up(self, settled: Settled[_Waiter], now: float) -> list[Command]:
        answer = dns_answer.failure(Rcode.SERVFAIL, dnssec=settled.question.dnssec)
        answer.expires = now + FAILURE_TTL
        self._cache.put(_cache_key(settled.waiters[0].query), answer)
        sent: list[Command] = [_failed(waiter, now) for waiter in settled.waiters]
        return sent + self._account(Told.UPSTREAMS_SILENT, settled.waiters[0])

    # --- the way out

    def _deliver(self, waiter: _Waiter, answer: Answer, now: float) -> list[Command]:
        """Answer now, or after the pins; fill the fast path when the whole zone may have this answer."""
        name = waiter.query.name
        if not self._pins.concerns(name):
            if waiter.verdict.action is Action.FORWARD:
                self._keep_fast(waiter, answer)
        elif answer.addresses and self._pins.wanted(name, waiter.client, waiter.zone):
            ttl = max(0.0, answer.expires - now)
            held = waiter, answer
            request = self._pins.pin(to_text(name), waiter.client, answer.addresses, ttl, now, held)
            if request is not None:
                self.counters.pins += 1
                return [request]
        return [SendAnswer(waiter.channel, answer.render(waiter.query, now, waiter.limit))]

    def _pin_done(self, hold: Hold[tuple[_Waiter, Answer]] | None, now: float) -> list[Command]:
        if hold is None:
            return []
        waiter, answer = hold.held
        commands: list[Command] = [SendAnswer(waiter.channel, answer.render(waiter.query, now, waiter.limit))]
        if hold.failed:
            self.counters.pins_failed += 1
            commands += self._account(Told.PIN_FAILED, waiter)
        return commands

    def _tick(self, now: float) -> list[Command]:
        commands: list[Command] = []
        for sent, settled in self._asking.tick(now):
            commands += sent
            commands += self._settled(settled, now)
        for hold in self._pins.overdue(now):
            commands += self._pin_done(hold, now)
        return commands

    def _keep_fast(self, waiter: _Waiter, answer: Answer) -> None:
        query = waiter.query
        if not query.unchecked and waiter.config is self._config:  # else judged under a policy that is gone
            self.fast_path(waiter.zone).keep(query.key, answer, dnssec=query.dnssec)

    def _account(self, told: Told, waiter: _Waiter) -> list[Command]:
        return [Account(told, waiter.client, waiter.zone, _subject(waiter))]


def _cache_key(query: Query) -> bytes:
    return query.key + bytes((query.dnssec | query.unchecked << 1,))


def _failed(waiter: _Waiter, now: float) -> SendAnswer:
    answer = dns_answer.failure(Rcode.SERVFAIL, dnssec=waiter.query.dnssec)
    return SendAnswer(waiter.channel, answer.render(waiter.query, now, waiter.limit))


def _subject(waiter: _Waiter) -> Subject:
    return Subject(to_text(waiter.query.name), _type_text(waiter.query.type), waiter.verdict)


def _type_text(qtype: int) -> str:
    try:
        return Type(qtype).name
    except ValueError:
        return f"TYPE{qtype}"  # RFC 3597 section 5
