"""From what arrives to what is stored: packet log records and DNS reports become events of one batch.

May live here: that translation and the counting of losses. May not: sockets, SQL, the clock (`now` is an argument).
"""

from filters.packets import Unreadable, parse_packet
from gateway.events import Blocked, Kind, Loss, LossCause
from gateway.store.batch import Batch, DayOf
from gateway.watcher.dns_events import UnreadableError, read_report
from gateway.watcher.nflog import LogRecord, Sequence, read_datagram
from gateway.watcher.sources import Directory


class Collector:
    """Holds the batch that waits for the next write. `directory` and `day_of` change with the applied site."""

    def __init__(self, directory: Directory, day_of: DayOf) -> None:
        self.directory = directory
        self.batch = Batch(day_of)
        self._sequence = Sequence()

    def new_log(self) -> None:
        """A new NFLOG socket numbers its records from zero."""
        self._sequence = Sequence()

    def take(self) -> Batch:
        """The batch so far; what comes next goes into a new one."""
        taken, self.batch = self.batch, Batch(self.batch.day_of)
        return taken

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
        self.batch.lost(Loss(LossCause.RESOLVER, now, report.lost))
        source = self.directory.client(report.client)
        self.batch.blocked(
            Blocked(Kind.NAME_BLOCKED, report.at, source, report.name, "", report.query_type, report.rule, report.count)
        )

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
