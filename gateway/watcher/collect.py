"""From what arrives to what is stored: packet log records and DNS reports become events of one batch.

May live here: that translation and the counting of losses. May not: sockets, SQL, the clock (`now` is an argument).
"""

from filters.dns_accounts import BOUNDS
from filters.packets import Unreadable, parse_packet
from gateway.events import Blocked, Kind, Loss, LossCause, Source, clean
from gateway.store.batch import Batch, DayOf
from gateway.store.names_batch import Detail, NamesBatch
from gateway.watcher.detecting import HEARD, Detecting
from gateway.watcher.dns_events import DnsReport, Told, UnreadableError, read_report
from gateway.watcher.nflog import LogRecord, Sequence, read_datagram
from gateway.watcher.sources import Directory


class Collector:
    """Holds the batches that wait for the next write. Directory, days and detail change with the applied site."""

    def __init__(self, directory: Directory, day_of: DayOf, detail: Detail = "zone") -> None:
        self.directory = directory
        self.batch = Batch(day_of)
        self.names = NamesBatch(day_of, detail)
        self.detecting: Detecting | None = None
        self._sequence = Sequence()

    def new_log(self) -> None:
        """A new NFLOG socket numbers its records from zero."""
        self._sequence = Sequence()

    def take(self) -> Batch:
        """The batch so far; what comes next goes into a new one."""
        taken, self.batch = self.batch, Batch(self.batch.day_of)
        return taken

    def take_names(self) -> NamesBatch:
        """The names so far, as `take`."""
        taken, self.names = self.names, self.names.fresh()
        return taken

    def use(self, directory: Directory, day_of: DayOf, detail: Detail) -> None:
        """Another site: what is collected from now on is named, dated and kept as it says."""
        self.directory = directory
        self.batch.day_of = self.names.day_of = day_of
        self.names.detail = detail

    def packets(self, datagram: bytes, now: float) -> None:
        """One datagram of the NFLOG socket."""
        records, unreadable = read_datagram(datagram)
        for record in records:
            self.batch.lost(Loss(LossCause.KERNEL_GAP, now, self._sequence.missing_before(record.sequence)))
            if not self._packet(record, now):
                unreadable += 1
        self.batch.lost(Loss(LossCause.RECORD_UNREADABLE, now, unreadable))

    def dns(self, datagram: bytes, now: float) -> None:
        """One datagram of the resolver."""
        try:
            report = read_report(datagram, now)
        except UnreadableError:
            self.batch.lost(Loss(LossCause.DATAGRAM_UNREADABLE, now))
            return
        if report.kind in HEARD:
            for event in self.detecting.heard(report, self.batch.day_of(now)) if self.detecting else ():
                self.batch.happened(event)
            return
        cause = LossCause.RESOLVER if report.kind == "dns_blocked" else LossCause.LOG_FULL
        self.batch.lost(Loss(cause, now, report.lost))
        for row in report.rows:
            self._told(report, row)

    def overflow(self, now: float) -> None:
        """The kernel said that the socket's buffer ran over."""
        self.batch.lost(Loss(LossCause.KERNEL_OVERFLOW, now))

    def _packet(self, record: LogRecord, now: float) -> bool:
        facts = parse_packet(record.payload)
        if isinstance(facts, Unreadable):
            return False
        source = self.directory.sender(record.indev, record.mac, facts.source)
        target, name = self.directory.target(record.outdev, facts.destination)
        rule = record.prefix.split(" ", 1)[0]
        self.batch.blocked(Blocked(Kind.PACKET_REFUSED, now, source, name, target, facts.service, rule))
        return True

    def _told(self, report: DnsReport, row: Told) -> None:
        """One row of the resolver's."""
        names, day, zone = self.names, self.names.day_of(report.at), clean(row.zone, 64)
        match report.kind:
            case "dns_blocked":
                self._asked(report.at, row)
                source, name = names.known_as(self._source(row), row.name)
                rule = f"list:{row.list}" if row.list else f"dns:{row.reason}"
                type_ = row.type if name else ""
                self.batch.blocked(Blocked(Kind.NAME_BLOCKED, report.at, source, name, "", type_, rule, row.count))
            case "dns_log":
                self._asked(report.at, row)
            case "dns_verdicts":
                names.answered[day, zone, clean(row.action, 32), clean(row.reason, 32)] += row.count
            case "dns_lists":
                names.listed[day, zone, clean(row.list, 64)] += row.count
            case "dns_latency":
                within = round(BOUNDS[row.bucket] * 1000) if row.bucket < len(BOUNDS) else 0
                names.latency[day, within] += row.count
            case "dns_clients":
                names.client(report.at, self._source(row), row.count)

    def _asked(self, at: float, row: Told) -> None:
        verdict = row.action, row.reason, row.list
        loss = self.names.asked(at, self._source(row), row.name, verdict, row.rule, row.count)
        if loss is not None:
            self.batch.lost(loss)

    def _source(self, row: Told) -> Source:
        return Source(row.zone) if row.client is None else self.directory.client(row.client)
