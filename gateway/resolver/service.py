"""The running resolver: one loop, one session, and the sockets around them.

May live here: carrying out the session's commands, opening and closing servers, the two timers.
May not: decisions, the enforcer's `site` command (follow.py), list files (shelf.py).
"""

import asyncio
import secrets
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Protocol, cast

from filters.dns_accounts import Snapshot
from filters.dns_exchange import (
    Account,
    AskUpstream,
    ClientDatagram,
    Clock,
    Command,
    Event,
    ForgetUpstream,
    RequestPin,
    SendAnswer,
    Tick,
    Timing,
    Told,
    Tried,
    ViewsChanged,
)
from filters.dns_session import Session, SessionConfig
from filters.stun import is_stun
from gateway.resolver.config import ResolverConfig
from gateway.resolver.desk import Desk
from gateway.resolver.journal import Journal
from gateway.resolver.learning import Learning
from gateway.resolver.pinning import Pinning
from gateway.resolver.policy import moment_of, session_config
from gateway.resolver.reports import Reports
from gateway.resolver.reports_seen import Seen
from gateway.resolver.tcp import Connections, TcpServer
from gateway.resolver.trial import Trial
from gateway.resolver.udp import UdpServer
from gateway.resolver.unbound import Recursor
from gateway.resolver.upstream import Upstreams

Address = IPv4Address | IPv6Address
TICK_SECONDS = 0.05
REPORT_SECONDS = 1.0
PORT = 53


class Channel(Protocol):
    """Where an answer goes."""

    def send(self, data: bytes) -> None: ...


class Resolver:
    """Made inside a running loop. `adopt` and `serve` as often as there is a new configuration, `close` at the end."""

    def __init__(
        self,
        enforcer: Path,
        events: Path,
        journal: Journal,
        *,
        port: int = PORT,
        timing: Timing | None = None,
        leases: Path | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._journal, self._port = journal, port
        self.config = ResolverConfig("home.arpa", (), ())
        nobody = session_config(self.config, {}, b"")
        self.session = Session(nobody, lambda: secrets.randbelow(1 << 16), timing)
        self.reports = Reports(events, self.session.accounts, self._count, self._count_some)
        self._seen = Seen(self.session.resolved, self.reports.put)
        self.desk = Desk(self.session, self.take, self.reports.fast, timing, self._sure)
        self._upstreams = Upstreams(self.take, journal)
        self._pinning = Pinning(enforcer, self.take, journal)
        self.recursor = Recursor(self._recursor_moved, journal)
        self._learning = Learning(leases, lambda *known: self._carry_out(self.session.learn(*known)), journal)
        self._pure: SessionConfig | None = None  # as adopted, when the recursor stands in for upstreams
        self._connections = Connections()
        self._servers: dict[Address, tuple[str, UdpServer, TcpServer]] = {}
        self._tick: asyncio.TimerHandle | None = None
        self._health = 0, 0
        self._report = self._loop.call_later(REPORT_SECONDS, self._reported)

    def adopt(self, config: ResolverConfig, pure: SessionConfig) -> None:
        """Judge by this configuration from now on; `serve` opens its addresses."""
        self.config = config
        self._pure = None if config.upstreams else pure
        self.session.replace(pure if config.upstreams else replace(pure, upstreams=self.recursor.upstreams))
        self._look_at_the_clock()
        self._learning.adopt(config, pure.policy)
        self.desk.adopt((network, zone.name) for zone in config.zones for network in zone.networks)

    async def serve(self, config: ResolverConfig) -> bool:
        """Open and close servers as configured; False when an address cannot be served yet (call again later)."""
        if config.zones and not config.upstreams:
            self.recursor.start()
            await self.recursor.ready()
        else:
            await self.recursor.stop()
        wanted = {address: zone.name for zone in config.zones for address in zone.addresses}
        for address in [old for old, (zone, _, _) in self._servers.items() if wanted.get(old) != zone]:
            self._stop(address)
        served = [await self._open(address, zone) for address, zone in wanted.items()]
        return all(served)

    async def close(self) -> None:
        """Stop serving; what was counted is sent."""
        for _, udp, tcp in self._servers.values():
            udp.close()
            tcp.close()
        self._servers.clear()
        await self._upstreams.close()
        await self.recursor.stop()
        self._pinning.close()
        self._learning.close()
        if self._tick is not None:
            self._tick.cancel()
        self._report.cancel()
        self.desk.tell()
        self.reports.close(time.time())
        await asyncio.sleep(0)  # cancelled tasks and closed transports get their turn

    @property
    def validates(self) -> bool:
        """Whether what is learned now may be believed later too: not what our own recursor answers unvalidated."""
        return self._pure is None or self.recursor.strict

    def _sure(self, zone: str, address: Address) -> bool:
        return self._learning.sure(zone, address)

    def _recursor_moved(self) -> None:
        if self._pure is not None:
            self.session.replace(replace(self._pure, upstreams=self.recursor.upstreams))
            self._learning.tell()

    def snapshot(self, top: int = 50) -> Snapshot:
        """What was asked and answered since the start, by view, verdict, list and client."""
        self._count()
        return self.session.accounts.snapshot(top)

    def _count(self) -> None:
        self.desk.tally()
        self.session.count()

    def _count_some(self) -> None:
        self.desk.tally()
        self.session.count_some()

    def take(self, event: Event) -> None:
        """Run an event through the session and carry out what it says. A call's STUN is noted and gets no answer."""
        if isinstance(event, ClientDatagram) and is_stun(event.data) and not event.stream:
            self._seen.stun(str(event.client))
            return
        self._carry_out(self.session.handle(event, self._loop.time()))

    def _carry_out(self, commands: Iterable[Command]) -> None:
        for command in commands:
            match command:
                case SendAnswer():
                    cast("Channel", command.channel).send(command.data)
                case Tried():
                    cast("Trial", command.channel).tried(command)
                case AskUpstream():
                    self._upstreams.ask(command)
                case ForgetUpstream():
                    self._upstreams.forget(command.token)
                case RequestPin():
                    self._pinning.request(command)
                case Account():
                    self._tell(command)
                case ViewsChanged():
                    self.desk.renew()
        if self.session.busy and self._tick is None:
            self._tick = self._loop.call_later(TICK_SECONDS, self._ticked)

    def _tell(self, account: Account) -> None:
        subject = account.subject
        match account.told:
            case Told.BLOCKED:
                self.reports.add(str(account.client), subject)
            case Told.PROTECTED_HIT:
                verdict = subject.verdict
                # The rule is the site's own and may be told; what was asked is the query log's business alone.
                named = "" if self.config.log == "off" else f"{subject.name}, "
                said = f"names {named}protected as {verdict.rule}: not obeyed"
                self._journal.say(f"list {verdict.list}, line {verdict.line}", said)
            case Told.UPSTREAMS_SILENT:
                pass  # counted; which names were asked for is nobody's business in the journal
            case Told.PIN_FAILED:
                self._journal.say("held answers", "one left before its pin was set")

    def _ticked(self) -> None:
        self._tick = None
        self.take(Tick())

    def _reported(self) -> None:
        self._seen.flush(self._loop.time(), time.time())
        self.desk.tell()
        self.reports.flush(time.time())
        self._look_at_the_clock()
        self._learning.look()
        self._upstream_health()
        self._report = self._loop.call_later(REPORT_SECONDS, self._reported)

    def _look_at_the_clock(self) -> None:
        self.take(Clock(moment_of(datetime.now(UTC), self.config.timezone)))

    def _upstream_health(self) -> None:
        """Say when no upstream answers any more, and when one does again."""
        counters, (answered, failed) = self.session.counters, self._health
        self._health = counters.answered, counters.failed
        if counters.answered > answered:
            self._journal.say("upstreams", "answer")
        elif counters.failed > failed:
            self._journal.say("upstreams", "none of them answers")

    async def _open(self, address: Address, zone: str) -> bool:
        if address in self._servers:
            return True
        udp: UdpServer | None = None
        try:
            udp = UdpServer(address, self._port, zone, self.desk)
            tcp = TcpServer(address, self._port, zone, self.desk, self._connections)
        except OSError as error:
            if udp is not None:
                udp.close()
            self._journal.say(f"address {address}", f"cannot be served: {error.strerror or error}; tried again later")
            return False
        await tcp.start()
        self._servers[address] = zone, udp, tcp
        self._journal.say(f"address {address}", f"serves zone {zone} on port {self._port}, udp and tcp")
        return True

    def _stop(self, address: Address) -> None:
        _, udp, tcp = self._servers.pop(address)
        udp.close()
        tcp.close()
        self._journal.say(f"address {address}", "not served any more")
