"""The watcher's loop: one thread, one selector, one writer.

What must not wait (the packet log, the resolver's reports) is read whenever it is there; what may wait is a chore with
an interval. Every chore bears the enforcer's, the resolver's or the disk's absence, and is done again later.

May live here: the loop, the chores, their intervals. May not: parsing, SQL, naming (their own modules).
"""

import contextlib
import select
import selectors
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.applied import AppliedSite
from gateway.events import Happening, Kind, Loss, LossCause
from gateway.health import withdraw_sign_of_life, write_sign_of_life
from gateway.paths import Paths
from gateway.purposes import purposes
from gateway.report import timezone_of
from gateway.sightings import Sightings
from gateway.store.batch import day_in
from gateway.store.names_batch import DETAILS, Detail
from gateway.store.writer import EventWriter, StoreError
from gateway.watcher.changes import Look, changes
from gateway.watcher.collect import Collector
from gateway.watcher.detecting import Detecting
from gateway.watcher.inputs import bind_events, interface_name, read_events, read_log
from gateway.watcher.link import EnforcerLink, Readings, say
from gateway.watcher.probe import ResolverProbe
from gateway.watcher.sources import Directory

LOST_AFTER_SECONDS = 30.0
LOG_DELAY_SECONDS = 0.2  # the kernel keeps records back for a tenth of a second, to send several at once
LAST_LOOK = "last_look"
FOUND = "found"  # whose findings were told, so that a restart repeats none
DAYS_OF_NAMES = 30  # until the site says how long


@dataclass(slots=True)
class Chore:
    """Something done every `interval` seconds; `due` is on the monotonic clock."""

    interval: float
    do: Callable[[], None]
    due: float = 0.0


class Watcher:
    """`run(stop)` until the descriptor `stop` is readable; what is pending is written before it returns.

    Raises OSError, StoreError or SchemaTooNewError when the run folder or the store cannot be opened at all.
    """

    def __init__(self, paths: Paths, *, resolver_port: int = 53) -> None:
        self._paths = paths
        self._writer = EventWriter(paths.events_database)
        self._events = bind_events(paths.events_socket)
        self._link = EnforcerLink(paths.enforcer_socket)
        self._probe = ResolverProbe(resolver_port)
        self._log: socket.socket | None = None
        self._flows: socket.socket | None = None
        self._sightings: Sightings | None = None
        self._applied: AppliedSite | None = None
        self._look = Look.from_text(self._writer.fact(LAST_LOOK)) or Look()
        self._counted: dict[str, int] = {}
        self._through: frozenset[str] = frozenset()  # rule ids that let something through the gateway
        self._signs: dict[str, str] = {}
        self._last_up, self._lost = time.monotonic(), False
        remembered = timezone_of(self._writer.fact("timezone") or "")
        detail = _detail(self._writer.fact("dns_log"))
        self._collector = Collector(Directory(None, interface_name), day_in(remembered), detail)
        self._collector.detecting = self._detecting = Detecting(self._collector.directory, time.monotonic)
        self._detecting.recall(self._writer.fact(FOUND))
        if self._writer.renewed:
            self._collector.batch.happened(Happening(Kind.STORE_RENEWED, time.time()))
        self._selector = selectors.DefaultSelector()
        self._chores = [
            Chore(2.0, self._write),
            Chore(2.0, self._ask_enforcer),
            Chore(30.0, self._open_flows),
            Chore(5.0, self._judge),
            Chore(5.0, self._count),
            Chore(10.0, self._probe_resolver),
            Chore(60.0, self._write_names),
            Chore(3600.0, self._expire),
        ]

    def run(self, stop: int) -> None:
        """Watch until told to stop."""
        self._selector.register(stop, selectors.EVENT_READ, None)
        self._selector.register(self._events, selectors.EVENT_READ, self._read_events)
        running = True
        while running:
            self._do_due_chores()
            pause = max(0.0, min(chore.due for chore in self._chores) - time.monotonic())
            for key, _ in self._selector.select(pause):
                if key.data is None:
                    running = False
                else:
                    key.data()
        self._finish()

    def _finish(self) -> None:
        self._read_events()
        self._drain_log()
        if self._link.up:
            self._count()
        self._write()
        self._write_names()
        withdraw_sign_of_life(self._paths.run)
        self._drop_log()
        self._drop_flows()
        self._drop_sightings()
        self._events.close()
        with contextlib.suppress(OSError):
            self._paths.events_socket.unlink()
        self._probe.close()
        self._link.close()
        self._selector.close()
        self._writer.close()

    # --- what must not wait
    def _read_events(self) -> None:
        read_events(self._events, lambda datagram: self._collector.dns(datagram, time.time()))

    def _read_log(self) -> None:
        if self._log is not None and not read_log(
            self._log,
            lambda datagram: self._collector.packets(datagram, time.time()),
            lambda: self._collector.overflow(time.time()),
        ):
            self._drop_log()

    def _read_flows(self) -> None:
        """What is lost here is only not judged: a device that talks on is seen the next time."""
        if self._flows is not None and not read_log(self._flows, self._connections, lambda: None):
            self._drop_flows()

    def _connections(self, datagram: bytes) -> None:
        self._collector.batch.lost(
            Loss(LossCause.RECORD_UNREADABLE, time.time(), self._detecting.connections(datagram))
        )

    def _read_sightings(self) -> None:
        try:
            if self._sightings is not None:
                self._sightings.read()
        except OSError as error:
            say(f"neighbours cannot be followed any more: {error}")
            self._drop_sightings()

    def _drain_log(self) -> None:
        """Also what the kernel still keeps back."""
        until = time.monotonic() + LOG_DELAY_SECONDS
        while self._log is not None and (left := until - time.monotonic()) > 0:
            if select.select([self._log], [], [], left)[0]:
                self._read_log()

    # --- chores
    def _do_due_chores(self) -> None:
        for chore in self._chores:
            if time.monotonic() >= chore.due:
                chore.do()
                chore.due = time.monotonic() + chore.interval

    def _write(self) -> None:
        if self._collector.batch and self._stored(lambda: self._writer.write(self._collector.batch)):
            self._collector.take()
        if self._probe.answered():
            self._signs["resolver_answered"] = str(time.time())
        usage = shutil.disk_usage(self._paths.state)
        self._signs["disk_free_percent"] = f"{100 * usage.free / usage.total:.1f}"
        self._signs["log"] = "closed" if self._log is None else "open"
        self._signs["heartbeat"] = str(time.time())
        write_sign_of_life(self._paths.run, self._signs)

    def _write_names(self) -> None:
        """Once a minute and no more often, but for a moved switch and the end: nothing to wear out a disk with."""
        if self._collector.names and self._stored(lambda: self._writer.names(self._collector.names)):
            self._collector.take_names()

    def _ask_enforcer(self) -> None:
        now = time.monotonic()
        if not self._link.ready(now):
            return
        status = self._link.status(now)
        if status is None:
            if not self._lost and now - self._last_up >= LOST_AFTER_SECONDS:
                self._lost = True
                self._happened(Happening(Kind.ENFORCER_LOST, time.time()))
            return
        if self._lost:
            self._happened(Happening(Kind.ENFORCER_BACK, time.time()))
        self._last_up, self._lost = now, False
        self._compare(Look.from_status(status))
        if self._log is None:
            self._count()  # what was counted before anything could be described is not of this watch
            self._open_log()

    def _compare(self, look: Look) -> None:
        for happening in changes(self._look, look, time.time()):
            self._happened(happening)
        if look.to_text() != self._look.to_text():
            self._stored(lambda: self._writer.facts({LAST_LOOK: look.to_text()}))
        self._look = look
        if look.generation is not None and (self._applied is None or self._applied.generation != look.generation):
            self._use(self._link.site())

    def _use(self, applied: AppliedSite | None) -> None:
        """From now on, name things as this site does."""
        if applied is None:
            return
        self._applied = applied
        self._write()  # what is pending belongs to the days of the old time zone
        detail = applied.resolved.site.dns.log.detail
        if detail != self._collector.names.detail:
            self._write_names()  # then what is too fine is erased with the rest
        self._follow_sightings(applied)
        seen = self._sightings
        directory = Directory(applied, interface_name, seen.device if seen else None)
        self._collector.use(directory, day_in(applied.timezone), detail)
        self._detecting.use(directory, applied.resolved)
        self._stored(lambda: self._writer.keep_names(detail))
        of_rules = purposes(applied.resolved)
        self._stored(lambda: self._writer.labels([*applied.labels(), *of_rules]))
        self._through = frozenset(label.id for label in of_rules)
        self._stored(lambda: self._writer.facts(applied.facts()))
        say(f"generation {applied.generation}: {len(applied.labels())} names known")

    def _open_log(self) -> None:
        self._log = self._link.log_socket()
        if self._log is not None:
            self._collector.new_log()
            self._selector.register(self._log, selectors.EVENT_READ, self._read_log)
            say("packet log open")

    def _drop_log(self) -> None:
        if self._log is not None:
            self._selector.unregister(self._log)
            self._log.close()
            self._log = None
            say("packet log closed")

    def _open_flows(self) -> None:
        if self._flows is None and self._link.up:
            self._flows = self._link.flow_socket()
            if self._flows is not None:
                self._selector.register(self._flows, selectors.EVENT_READ, self._read_flows)
                say("new connections are followed")

    def _drop_flows(self) -> None:
        if self._flows is not None:
            self._selector.unregister(self._flows)
            self._flows.close()
            self._flows = None

    def _follow_sightings(self, applied: AppliedSite) -> None:
        """Which declared device has which address now; without it they are called by declared addresses."""
        try:
            if self._sightings is None:
                self._sightings = Sightings()
                self._selector.register(self._sightings, selectors.EVENT_READ, self._read_sightings)
            self._sightings.adopt(applied.resolved)
        except OSError as error:
            say(f"neighbours cannot be followed: {error}")
            self._drop_sightings()

    def _drop_sightings(self) -> None:
        if self._sightings is not None:
            self._selector.unregister(self._sightings)
            self._sightings.close()
            self._sightings = None

    def _judge(self) -> None:
        if self._sightings is not None:
            self._sightings.catch_up()
        at = time.time()
        found = self._detecting.judge(at, self._collector.batch.day_of(at))
        for happening in found:
            self._happened(happening)
        if found:
            self._stored(lambda: self._writer.facts({FOUND: self._detecting.to_text()}))

    def _count(self) -> None:
        readings = self._link.counters() if self._link.up else Readings()
        through = {rule: count for rule, count in readings.accepted.items() if rule in self._through}
        at = time.time()
        day = self._collector.batch.day_of(at)
        self._keep(readings.refused, lambda grown: self._writer.kernel_counters(day, at, grown))
        self._keep(through, lambda grown: self._writer.let_through(day, grown))

    def _keep(self, readings: Mapping[str, int], write: Callable[[Mapping[str, int]], None]) -> None:
        """Write the totals that changed since they were last written."""
        grown = {name: total for name, total in readings.items() if self._counted.get(name) != total}
        if grown and self._stored(lambda: write(grown)):
            self._counted.update(grown)

    def _probe_resolver(self) -> None:
        addresses = self._applied.management_addresses() if self._applied else []
        if addresses:
            self._probe.ask(addresses[0])

    def _expire(self) -> None:
        days = self._writer.fact("dns_days") or ""
        kept = int(days) if days.isascii() and days.isdigit() else DAYS_OF_NAMES
        detail = self._collector.names.detail
        self._stored(lambda: self._writer.keep_names(detail))  # again, if the disk was full when the switch moved
        self._stored(lambda: self._writer.expire(self._collector.batch.day_of(time.time()), kept))

    def _happened(self, happening: Happening) -> None:
        self._collector.batch.happened(happening)

    def _stored(self, action: Callable[[], object]) -> bool:
        """Do it; a store that refuses (disk full) costs nothing but time: batches stay and are tried again."""
        try:
            action()
        except StoreError as error:
            self._collector.batch.lost(Loss(LossCause.STORE_FAILED, time.time()))
            say(f"the event store refuses: {error}")
            return False
        return True


def _detail(remembered: str | None) -> Detail:
    """Whom the query log may name, as the last site said; before there was one, a zone."""
    return next((detail for detail in DETAILS if detail == remembered), "zone")
