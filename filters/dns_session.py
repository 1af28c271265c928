"""The DNS exchange without I/O: events in, commands out, `now` an argument (seconds of any clock that never goes back).

    question -> verdict -> own answer | cache | upstream -> links, addresses -> [pin] -> answer
                                               ^ one exchange for equal questions, retries: dns_asking.py

The session owns everything that must be bounded: the cache, exchanges, held answers, what one client may have under
way. It fills the fast path's tables (dns_wire.py), one a view, with what every client of the view may be told as it is.

May live here: the order of the steps above. May not: sockets, timers, random (ids come from the caller), files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter

from filters import dns_answer, dns_own
from filters.dns_accounts import Accounts, Detail
from filters.dns_answer import Address, Answer, Subject
from filters.dns_asking import Asking, Question, Settled
from filters.dns_cache import FAILURE_TTL, PREFETCH, STALE_TTL, BoundedCache, cache_key, lifetime
from filters.dns_errors import ExtendedError, option
from filters.dns_exchange import (
    Account,
    ClientDatagram,
    Clock,
    Command,
    Counters,
    Event,
    PinDone,
    PinGrant,
    RequestPin,
    SendAnswer,
    Tick,
    Timing,
    Told,
    Tried,
    Upstream,
    UpstreamDatagram,
    UpstreamLost,
    ViewsChanged,
)
from filters.dns_fair import Shares
from filters.dns_links import judge_answer, too_many
from filters.dns_local import LocalNames
from filters.dns_message import Fault, Rcode, Type, read_query
from filters.dns_pins import Hold, PinBoard
from filters.dns_policy import DnsPolicy
from filters.dns_resolved import Resolved
from filters.dns_rules import DevicePolicy
from filters.dns_schedule import Moment
from filters.dns_shape import Shaping, shape
from filters.dns_tables import Tables
from filters.dns_waiter import Waiter
from filters.dns_warm import thaw
from filters.dns_wire import FastPath
from filters.names import Name, SuffixSet
from filters.verdict import Action, Reason, Verdict

CACHE_ENTRIES = 10_000
CACHE_OCTETS = 16 << 20
FAILURES = 1_000


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a site wants. `routes`: names that only these upstreams may be asked for (none: SERVFAIL, never others).

    `log`: whom the query log names; by device, the fast path has to tell each answer.
    """

    policy: DnsPolicy
    upstreams: tuple[Upstream, ...]
    routes: Mapping[Name, tuple[Upstream, ...]] = field(default_factory=dict)
    pins: tuple[PinGrant, ...] = ()
    shaping: Shaping = field(default_factory=Shaping)
    log: Detail = "off"


class Session:
    """`handle(event, now)` -> commands; `fast_path(zone, client)` for the server; `busy` while ticks are needed."""

    def __init__(self, config: SessionConfig, new_id: Callable[[], int], timing: Timing | None = None) -> None:
        self._timing = timing or Timing()
        self.counters, self.accounts, self.resolved = Counters(), Accounts(), Resolved()
        self.cache = BoundedCache(CACHE_ENTRIES, CACHE_OCTETS, lambda key, one: thaw(key, one, self._shaping(key[:-5])))
        self._failures = BoundedCache(FAILURES, CACHE_OCTETS)
        self._asking: Asking[Waiter] = Asking(self._timing, self.counters, new_id, attrgetter("payer"))
        self._pins: PinBoard[tuple[Waiter, Answer]] = PinBoard(self._timing)
        self._shares = Shares(self._timing.of_client, self._timing.exchanges, self._timing.rate, self._timing.burst)
        self._tables = Tables(self.accounts)
        self._moment = Moment()
        self._config, self._routes = config, SuffixSet(config.routes)
        self._standing = config.policy.at(self._moment)
        self._pins.adopt(config.pins)
        self.accounts.log.adopt(config.log)

    def replace(self, config: SessionConfig) -> None:
        """Take over a new configuration. Questions under way, cache and pins live on; verdicts do not.

        Answers got by another way, or shaped otherwise, are forgotten.
        """
        old, self._config = self._config, config
        self.count().log.adopt(config.log)
        self._routes = SuffixSet(config.routes)
        self._pins.adopt(config.pins)
        elsewhere = old.upstreams not in ((), config.upstreams)  # while there was nobody to ask, nothing was learned
        if elsewhere or (old.routes, old.shaping) != (config.routes, config.shaping):
            self.cache.clear()
            self._failures.clear()
        self._stand()

    def learn(self, local: LocalNames, devices: Mapping[Address, DevicePolicy]) -> list[Command]:
        """What is known now of the clinic's own network: its names, and which device has which address."""
        self._config = replace(self._config, policy=replace(self._config.policy, local=local, devices=devices))
        return self._stand()

    def fast_path(self, zone: str, client: Address | None = None) -> FastPath:
        """The table of a client's view, until ViewsChanged or a new configuration."""
        rules = self._standing.rules(zone, client)
        return self._tables.of(zone if rules is None else rules.view)

    def forget_pins(self) -> None:
        """The kernel may have lost its pins (a restart, a new boot of the policy): pin again before answering."""
        self._pins.forget()

    def count(self) -> Accounts:
        """The accounts, with what the fast path sent until now."""
        self._tables.harvest()
        return self.accounts

    def count_some(self) -> None:
        """The next portion of it; called once a second, the accounts are seconds behind at most."""
        self._tables.harvest_some()

    @property
    def policy(self) -> DnsPolicy:
        """What questions are judged by now, with what was learned."""
        return self._config.policy

    @property
    def busy(self) -> bool:
        return bool(len(self._asking) or len(self._pins) or self._tables.leaving)

    def handle(self, event: Event, now: float) -> list[Command]:
        match event:
            case ClientDatagram():
                return self._question(event, now)
            case UpstreamDatagram():
                commands, settled = self._asking.hear(event, now)
                return self._settled(settled, now) + commands  # closing a socket takes as long as an answer
            case UpstreamLost():
                commands, settled = self._asking.lost(event.token, now)
                return self._settled(settled, now) + commands
            case PinDone():
                return self._pin_done(self._pins.done(event.token, ok=event.ok), now)
            case Tick():
                return self._tick(now)
            case Clock():
                return self._clock(event.moment)

    def _clock(self, moment: Moment) -> list[Command]:
        """Judge by other rules when a schedule begins or ends, or an allowance has run out."""
        self._moment = moment
        return [] if self._config.policy.state(moment) == self._standing.state else self._stand()

    def _stand(self) -> list[Command]:
        self._standing = self._config.policy.at(self._moment)
        self._tables.clear()
        return [ViewsChanged()]

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
        standing = self._standing
        rules = standing.rules(event.zone, event.client)
        verdict = standing.decide(rules, query.name, query.type, event.client)
        waiter = Waiter(
            query, event.client, event.zone, event.channel, limit, verdict, rules, standing, now, event.trial
        )
        if verdict.action not in (Action.FORWARD, Action.SAFE):
            return self._own_answer(waiter, verdict, now)
        hit = verdict.list and verdict.reason is Reason.PROTECTED
        told = [_account(Told.PROTECTED_HIT, waiter, waiter.subject(verdict))] if hit else []
        if verdict.action is Action.SAFE and query.type == Type.HTTPS:
            return self._deliver(waiter, None, now)
        return told + self._cached_or_asked(waiter, now)

    def _cached_or_asked(self, waiter: Waiter, now: float) -> list[Command]:
        key = cache_key(waiter.key, waiter.query)
        cached = self.cache.get(key, now)
        if cached is not None:
            self.counters.cached += 1
            return self._prefetch(waiter, cached, now) + self._deliver(waiter, cached, now)
        if (failure := self._failures.get(key, now)) is not None:
            stale = self._stale(key, waiter.query.dnssec, now, failure.expires)
            return self._deliver(waiter, stale or failure, now)
        return self._forward(waiter, now)

    def _own_answer(self, waiter: Waiter, verdict: Verdict, now: float, until: float | None = None) -> list[Command]:
        """What the verdict says; `until`: it was reached by an answer that ends then."""
        page = waiter.rules.page if waiter.rules is not None else ()
        answer = dns_own.answer_for(verdict, waiter.query, self._config.policy.local, page)
        if until is not None:
            answer.keep_until(until)
        subject = waiter.subject(verdict)
        if verdict.action is Action.REFUSED:
            self.counters.refused += 1
        else:
            self._keep_fast(waiter, answer, subject, now)
        told = [_account(Told.BLOCKED, waiter, subject)] if verdict.blocks and not waiter.trial else []
        return [self._sent(waiter, answer, subject, now), *told]

    def _forward(self, waiter: Waiter, now: float) -> list[Command]:
        question = self._question_for(waiter)
        if not question.upstreams and self._routes.find(waiter.name) is not None:
            self.counters.unrouted += 1
            return [waiter.fail(now, ExtendedError.UNREACHABLE, "no resolver is configured for this closed network")]
        if not self._shares.enter(waiter.payer, len(self._asking), now):
            return self._no_room(waiter, now, "too many questions from this client")
        commands = self._asking.ask(question, waiter, now)
        if commands is None:
            self._shares.leave(waiter.payer)
            return self._no_room(waiter, now, "nobody to ask, or too much under way")
        return commands

    def _no_room(self, waiter: Waiter, now: float, why: str) -> list[Command]:
        """Nobody can be asked: what is past its time, else SERVFAIL."""
        self.counters.overload += 1
        stale = self._stale(cache_key(waiter.key, waiter.query), waiter.query.dnssec, now, now)
        return self._deliver(waiter, stale, now) if stale else [waiter.fail(now, ExtendedError.OTHER, why)]

    def _prefetch(self, waiter: Waiter, cached: Answer, now: float) -> list[Command]:
        """A question in the last part of an answer's time: whoever asks next should find a new one."""
        if now < cached.refresh or len(self._asking) >= self._timing.exchanges // 2:
            return []
        cached.refresh = cached.expires
        self.counters.prefetched += 1
        return self._asking.ask(self._question_for(waiter), None, now) or []

    def _question_for(self, waiter: Waiter) -> Question:
        query = waiter.query
        return Question(waiter.key, query.dnssec, query.unchecked, self._upstreams_for(waiter.name))

    def _upstreams_for(self, name: Name) -> tuple[Upstream, ...]:
        route = self._routes.find(name)
        return self._config.upstreams if route is None else self._config.routes[route]

    # --- an answer from upstream

    def _settled(self, settled: Settled[Waiter] | None, now: float) -> list[Command]:
        if settled is None:
            return []
        for waiter in settled.waiters:
            self._shares.leave(waiter.payer)
        if settled.reply is None:
            return self._give_up(settled, now)
        reply, question = settled.reply, settled.question
        name = question.key[:-4]
        answer = shape(reply, settled.data, now, self._shaping(name), dnssec=question.dnssec)
        keep_for = lifetime(reply)
        prefetch = keep_for * PREFETCH if reply.rcode == Rcode.NOERROR and reply.answers_type else 0.0
        answer.keep_until(now + keep_for, now + keep_for - prefetch)
        if keep_for > 0 and question.upstreams == self._upstreams_for(name):
            self.cache.put(cache_key(question.key, question), answer)
        return [command for waiter in settled.waiters for command in self._deliver(waiter, answer, now)]

    def _shaping(self, name: Name) -> Shaping:
        closed = self._routes.find(name) is not None
        return replace(self._config.shaping, remove_ech=False) if closed else self._config.shaping

    def _give_up(self, settled: Settled[Waiter], now: float) -> list[Command]:
        """Nobody answered what holds: what is past its time, else SERVFAIL; remembered for a moment (RFC 9520)."""
        if not settled.waiters:
            return []
        question = settled.question
        key = cache_key(question.key, question)
        error = option(ExtendedError.UNREACHABLE if settled.error is None else settled.error)
        failure = dns_answer.failure(Rcode.SERVFAIL, dnssec=question.dnssec, error=error)
        stale = self._stale(key, question.dnssec, now, now + STALE_TTL)
        failure.keep_until(now + (FAILURE_TTL if stale is None else STALE_TTL))
        self._failures.put(key, failure)
        sent = [command for waiter in settled.waiters for command in self._deliver(waiter, stale or failure, now)]
        first = settled.waiters[0]
        silent = _account(Told.UPSTREAMS_SILENT, first, first.subject(first.verdict))
        return sent if settled.error is not None else [*sent, silent]

    def _stale(self, key: bytes, dnssec: bool, now: float, until: float) -> Answer | None:
        """What the cache holds past its time, fit to be sent; `until`: before, asking again is pointless."""
        kept = self.cache.stale(key, now)
        if kept is None:
            return None
        self.counters.stale += 1
        code = ExtendedError.STALE_NXDOMAIN if kept.rcode == Rcode.NXDOMAIN else ExtendedError.STALE
        stale = kept.stale(now, STALE_TTL, option(code), dnssec=dnssec)
        stale.keep_until(until)
        return stale

    # --- the way out

    def _deliver(self, waiter: Waiter, answer: Answer | None, now: float) -> list[Command]:
        """Answer now, or after the pins; fill the fast path when the whole view may have this answer.

        None: an answer that needs no upstream (a safe variant's name alone).
        """
        verdict = waiter.verdict
        if answer is not None and too_many(answer, verdict):
            return [waiter.fail(now, ExtendedError.OTHER, "an answer that leads to too many names")]
        if answer is not None and (found := self._judged(waiter, answer)) is not None:
            if found.reason is Reason.NOT_LISTED:
                verdict = found
            else:
                return self._own_answer(waiter, found, now, answer.expires)
        if verdict.action is Action.SAFE and (answer is None or answer.rcode == Rcode.NOERROR):
            safe = dns_own.safe_answer(waiter.query, verdict.target, answer, now)
            safe.addresses = () if answer is None else answer.addresses
            answer = safe
        assert answer is not None
        if verdict.reason is Reason.GRANTED:
            answer = answer.brief(now, dns_own.GRANTED_TTL)
        name, subject = waiter.query.name, waiter.subject(verdict)
        if not self._pins.concerns(name):
            self._keep_fast(waiter, answer, subject, now)
        elif answer.addresses and not waiter.trial and self._pins.wanted(name, waiter.client, waiter.zone):
            ttl = max(0.0, answer.expires - now)
            request = self._pins.pin(subject.name, waiter.client, answer.addresses, ttl, now, (waiter, answer))
            if isinstance(request, RequestPin):
                self.counters.pins += 1
                return [request]
            if request == "short":
                return self._unpinned(waiter, answer, subject, now)
        return [self._sent(waiter, answer, subject, now)]

    def _judged(self, waiter: Waiter, answer: Answer) -> Verdict | None:
        """A verdict against an answer: it leads to a blocked name, or from a public name into the clinic."""
        if waiter.rules is None:
            return None
        found = judge_answer(waiter.standing, waiter.rules, waiter.verdict, answer, waiter.query.type, waiter.client)
        self.counters.rebound += found is not None and found.reason is Reason.REBINDING
        return found

    def _sent(self, waiter: Waiter, answer: Answer, subject: Subject, now: float) -> SendAnswer | Tried:
        if not waiter.trial:
            self.accounts.add(waiter.view, subject, now - waiter.began, waiter.client)
            self.resolved.add(waiter.zone, answer.addresses, answer.expires)
        return waiter.send(answer, now, subject.verdict)

    def _pin_done(self, hold: Hold[tuple[Waiter, Answer]] | None, now: float) -> list[Command]:
        if hold is None:
            return []
        waiter, answer = hold.held
        subject = waiter.subject(waiter.verdict)
        if hold.failed:
            return self._unpinned(waiter, answer, subject, now)
        return [self._sent(waiter, answer, subject, now)]

    def _unpinned(self, waiter: Waiter, answer: Answer, subject: Subject, now: float) -> list[Command]:
        """The answer leaves though the kernel may refuse what follows; that is told."""
        self.counters.pins_failed += 1
        return [self._sent(waiter, answer, subject, now), _account(Told.PIN_FAILED, waiter, subject)]

    def _tick(self, now: float) -> list[Command]:
        self._tables.drain()
        commands: list[Command] = []
        for sent, settled in self._asking.tick(now):
            commands += sent
            commands += self._settled(settled, now)
        for exchange in self._asking.impatient(now - self._timing.stale):
            question = exchange.question
            stale = self._stale(cache_key(question.key, question), question.dnssec, now, now)
            if stale is not None:
                waiters, exchange.waiters = exchange.waiters, []
                for waiter in waiters:
                    self._shares.leave(waiter.payer)
                    commands += self._deliver(waiter, stale, now)
        for hold in self._pins.overdue(now):
            commands += self._pin_done(hold, now)
        return commands

    def _keep_fast(self, waiter: Waiter, answer: Answer, subject: Subject, now: float) -> None:
        query, verdict = waiter.query, subject.verdict
        if query.unchecked or verdict.personal or answer.expires <= now or waiter.standing is not self._standing:
            return  # for one client only, or judged under rules that are gone
        kept = answer.about(subject, told=verdict.blocks or self._config.log == "device")
        self._tables.of(waiter.view).keep(query.key, kept, dnssec=query.dnssec)


def _account(told: Told, waiter: Waiter, subject: Subject) -> Account:
    return Account(told, waiter.client, waiter.zone, subject)
