"""Between the sockets and the session: whose question this is, the fast path first, and who hears of it.

The zone of a client is told by its own address, not by the address it asked: asking another zone's gateway address
must not get another zone's policy. Link-local clients, which no subnet tells apart, count by the socket they reached.

May live here: client -> zone, and handing events to the session. May not: sockets, answers' content.
"""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from filters.dns_answer import Answer
from filters.dns_exchange import ClientDatagram, Event, Timing
from filters.dns_fair import Bucket, slip
from filters.dns_session import Session
from filters.dns_wire import FastPath

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
MAX_CLIENTS = 4096  # clients remembered with their zone
NO_ZONE = ""


class Client(Bucket):
    """A client as first seen: its address, zone, the table that answers it fast, and what it may still ask."""

    __slots__ = ("address", "counted", "table", "text", "zone")

    def __init__(self, text: str, address: Address, zone: str, table: FastPath, timing: Timing) -> None:
        super().__init__(timing.client_rate, timing.client_burst)
        self.text, self.address, self.zone, self.table = text, address, zone, table
        self.counted = 0  # of its questions, how many went into the accounts


class Desk:
    """`count` hears of every fast answer that has a subject; `take` runs an event through the session."""

    def __init__(
        self,
        session: Session,
        take: Callable[[Event], None],
        count: Callable[[str, Answer], None],
        timing: Timing | None = None,
    ) -> None:
        self._session, self._take, self._count = session, take, count
        self._timing = timing or Timing()
        self._zones: tuple[tuple[Network, str], ...] = ()
        self._clients: dict[tuple[str, str], Client] = {}
        self.fast = 0  # answers of the fast path since the start

    def adopt(self, zones: Iterable[tuple[Network, str]]) -> None:
        """Which subnet is which zone from now on."""
        self._zones = tuple(sorted(zones, key=lambda entry: entry[0].prefixlen, reverse=True))
        self.tally()
        self._clients.clear()

    def renew(self) -> None:
        """Other rules count: every client's table is another one."""
        for client in self._clients.values():
            client.table = self._session.fast_path(client.zone, client.address)

    def tally(self) -> None:
        """Hand over to the accounts how much each client asked."""
        for client in self._clients.values():
            self._tally(client)

    def client(self, text: str, asked_zone: str) -> Client:
        """The client with that source address, which asked on an address of `asked_zone`."""
        known = self._clients.get((text, asked_zone))
        if known is None:
            address = ip_address(text.partition("%")[0])
            zone = asked_zone if address.is_link_local else self._zone_of(address)
            known = Client(text, address, zone, self._session.fast_path(zone, address), self._timing)
            if len(self._clients) >= MAX_CLIENTS:
                self._tally(self._clients.pop(next(iter(self._clients))))
            self._clients[text, asked_zone] = known
        return known

    def datagram(self, data: bytes, client: Client, now: float) -> bytes | None:
        """The fast answer to a datagram, empty when it gets none, or None: give it to `question`."""
        client.left -= 1
        if client.left < 0 and not client.refill(now):
            return slip(data, client) or b""
        found = client.table.find(data, now)
        if found is None:
            return None
        self.fast += 1
        reply, answer = found
        if answer.told:
            self._count(client.text, answer)
        return reply

    def question(self, data: bytes, client: Client, channel: object, *, stream: bool = False) -> None:
        """The slow path; the answer comes out of the session, now or later."""
        self._take(ClientDatagram(data, client.address, client.zone, channel, stream))

    def _tally(self, client: Client) -> None:
        taken = client.taken
        if taken > client.counted:
            self._session.accounts.client(client.text, taken - client.counted)
            client.counted = taken

    def _zone_of(self, address: Address) -> str:
        return next((zone for network, zone in self._zones if address in network), NO_ZONE)
