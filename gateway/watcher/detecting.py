"""Between what comes in and the detectors: the resolver's reports and new connections in, events out.

May live here: feeding the detectors, turning a Finding into an event, once a day where that is enough. May not:
sockets, judging (filters.detect), asking the time itself.
"""

import json
from collections.abc import Callable

from filters.detect.finding import Finding, Why
from filters.detect.unresolved import Unresolved
from gateway.events import Happening, Kind, Source
from gateway.watcher.dns_events import DnsReport
from gateway.watcher.flows import flow_of, read_connections, scope_of
from gateway.watcher.sources import Directory
from ruleset.resolved import ResolvedSite

MAX_TOLD = 4096
MAX_REMEMBERED = 1000  # characters of a fact in the store
KINDS = {Why.UNRESOLVED_MANY: Kind.UNRESOLVED_MANY, Why.UNRESOLVED_STEADY: Kind.UNRESOLVED_STEADY}
RESOLVED, STUN = "dns_resolved", "dns_stun"
HEARD = frozenset({RESOLVED, STUN})


class Detecting:
    """`heard` and `connections` as they come, `judge` every few seconds; `at` in epoch seconds, `day` the clinic's.

    `clock`: seconds of a clock that is never set. On a box without one the day may jump by decades, and what was
    resolved a minute ago must still be known.
    """

    def __init__(self, directory: Directory, clock: Callable[[], float]) -> None:
        self._directory, self._clock = directory, clock
        self._unresolved = Unresolved(clock())
        self._told: dict[Source, str] = {}  # whose call was told, and on which day
        self._found: list[tuple[str, str, str]] = []  # zone, device and day of findings, the latest last

    def use(self, directory: Directory, site: ResolvedSite) -> None:
        """From now on by this site."""
        self._directory = directory
        self._unresolved.use(scope_of(site))

    def heard(self, report: DnsReport, day: str) -> list[Happening]:
        """A report of the resolver of a kind in HEARD."""
        if report.kind == STUN:
            clients = (self._directory.client(row.client) for row in report.rows if row.client is not None)
            return [event for source in clients for event in self._call(source, report.at, day)]
        now = self._clock()
        if report.lost:
            self._unresolved.missed(now)
        for row in report.rows:
            if row.address is not None:
                self._unresolved.resolved(row.zone, (row.address,), now)
        return []

    def connections(self, datagram: bytes) -> int:
        """One datagram of the socket for new connections; answer: how many of its messages could not be read."""
        found, unreadable = read_connections(datagram)
        now = self._clock()
        for connection in found:
            flow = flow_of(connection, self._directory)
            if flow is not None:
                self._unresolved.flow(flow, now)
        return unreadable

    def judge(self, at: float, day: str) -> list[Happening]:
        """What was found since."""
        findings = self._unresolved.judge(self._clock(), day)
        self._found += [(finding.zone, finding.device, day) for finding in findings]
        return [_event(finding, at) for finding in findings]

    def to_text(self) -> str:
        """The latest findings' devices and days, short enough for a fact: a watcher that begins anew repeats none."""
        while len(text := json.dumps(self._found)) > MAX_REMEMBERED:
            del self._found[0]
        return text

    def recall(self, text: str | None) -> None:
        """What `to_text` said; anything else says nothing."""
        try:
            found = [(str(zone), str(device), str(day)) for zone, device, day in json.loads(text or "")]
        except (ValueError, TypeError, RecursionError):
            return
        self._found = found
        for who in found:
            self._unresolved.told(*who)

    def _call(self, source: Source, at: float, day: str) -> list[Happening]:
        """A video call that looked for a way on UDP 53 (RFC 8489; Daily does so): once a device and day."""
        if not source.zone or self._told.pop(source, "") == day:
            self._told[source] = day
            return []
        self._told[source] = day
        if len(self._told) > MAX_TOLD:
            del self._told[next(iter(self._told))]
        return [Happening(Kind.STUN_ON_DNS, at, source.name or source.zone, detail="STUN, udp/53")]


def _event(finding: Finding, at: float) -> Happening:
    return Happening(KINDS[finding.why], at, finding.device, detail=", ".join(finding.seen))
