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
Message = tuple[bytes, bytes]  # the octets, and the peer in its socket's own form
MAX_CLIENTS = 4096  # clients remembered with their zone
NO_ZONE = ""


class Client(Bucket):
    """A client as first seen: its address, zone, the table that answers it fast, and what it may still ask."""

    __slots__ = ("address", "counted", "table", "text", "zone")

    def __init__(self, text: str, address: Address, zone: str, table: FastPath, timing: Timing) -> None:
        super().__init__(timing.client_rate, timing.client_burst)
        self.text, self.address, self.zone, self.table = text, address, zone, table
        self.counted = 0  # of its questions, how many went into the accounts


class Stranger(Client):
    """Nobody knows yet by whose policy it is answered: it may ask nothing, and is told to come back by TCP.

    Before its answer leaves, the kernel must find out who has that address; so the next time it is known.
    """

    __slots__ = ()

    def refill(self, now: float) -> bool:  # noqa: ARG002 - the name is the bucket's
        return False


Rest = tuple[bytes, Client, bytes]


class Line(dict[bytes, Client]):
    """What the desk knows by heart of those who come through one socket, by the octets of their addresses.

    `peer[source]` are those octets, `text_of(peer)` is the address as text, `zone` the one of the socket.
    """

    def __init__(self, zone: str, source: slice, text_of: Callable[[bytes], str]) -> None:
        super().__init__()
        self.zone, self.source, self.text_of = zone, source, text_of


class Desk:
    """`take` runs an event through the session. `count` hears, at `tell`, how often a client had what is told.

    `sure` is asked about an address of a zone never met before: whether it is known whose policy counts."""

    def __init__(
        self,
        session: Session,
        take: Callable[[Event], None],
        count: Callable[[str, Answer, int], None],
        timing: Timing | None = None,
        sure: Callable[[str, Address], bool] = lambda _zone, _address: True,
    ) -> None:
        self._session, self._take, self._count, self._sure = session, take, count, sure
        self._timing = timing or Timing()
        self._zones: tuple[tuple[Network, str], ...] = ()
        self._clients: dict[tuple[str, str], Client] = {}
        self._lines: list[Line] = []
        self._telling: list[Answer] = []
        self.fast = 0  # answers of the fast path since the start

    def adopt(self, zones: Iterable[tuple[Network, str]]) -> None:
        """Which subnet is which zone from now on."""
        self._zones = tuple(sorted(zones, key=lambda entry: entry[0].prefixlen, reverse=True))
        self.tally()
        self._clients.clear()
        self._forget()

    def renew(self) -> None:
        """Other rules count: every client's table is another one."""
        for client in self._clients.values():
            client.table = self._session.fast_path(client.zone, client.address)

    def tell(self) -> None:
        """Hand over who had which answer that is told, and how often; about once a second."""
        telling, self._telling = self._telling, []
        for answer in telling:
            self._hand_over(answer)
            answer.teller = None

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
            if not self._sure(zone, address):
                return Stranger(text, address, zone, self._session.fast_path(zone, address), self._timing)
            known = Client(text, address, zone, self._session.fast_path(zone, address), self._timing)
            if len(self._clients) >= MAX_CLIENTS:
                self._tally(self._clients.pop(next(iter(self._clients))))
                self._forget()
            self._clients[text, asked_zone] = known
        return known

    def open(self, zone: str, source: slice, text_of: Callable[[bytes], str]) -> Line:
        """A line for one socket of `zone`, to be given to `answer`; `shut` it at the end."""
        line = Line(zone, source, text_of)
        self._lines.append(line)
        return line

    def shut(self, line: Line) -> None:
        self._lines = [one for one in self._lines if one is not line]

    def answer(self, arrived: Iterable[Message], line: Line, now: float) -> tuple[list[Message], list[Rest]]:
        """What of the datagrams can be answered at once, and the rest, which is for `question`.

        This runs for every datagram: it looks up nothing twice and calls nothing that it need not.
        """
        ready: list[Message] = []
        rest: list[Rest] = []
        source, known, fast = line.source, line.get, 0
        for data, peer in arrived:
            client = known(peer[source]) or self._meet(line, peer)
            client.left -= 1
            if client.left < 0 and not client.refill(now):
                if client.refused:
                    self.turn_away()
                beyond = slip(data, client)
                if beyond is not None:
                    ready.append((beyond, peer))
                continue
            found = client.table.find(data, now)
            if found is None:
                rest.append((data, client, peer))
                continue
            reply, answer = found
            if answer.told:
                if answer.teller is client:
                    answer.times += 1
                else:
                    self._told(answer, client)
            ready.append((reply, peer))
            fast += 1
        self.fast += fast
        return ready, rest

    def question(self, data: bytes, client: Client, channel: object, *, stream: bool = False) -> None:
        """The slow path; the answer comes out of the session, now or later."""
        self._take(ClientDatagram(data, client.address, client.zone, channel, stream))

    def turn_away(self) -> None:
        """Count a question, or a connection, that there was no room for."""
        self._session.counters.overload += 1

    def _meet(self, line: Line, peer: bytes) -> Client:
        known = self.client(line.text_of(peer), line.zone)
        if not isinstance(known, Stranger):
            line[peer[line.source]] = known
        return known

    def _forget(self) -> None:
        """No line may know a client that is not counted any more."""
        for line in self._lines:
            line.clear()

    def _told(self, answer: Answer, client: Client) -> None:
        """Mostly the same client asks again. So this counts on the answer itself, until another one has it."""
        if answer.teller is None:
            self._telling.append(answer)
        else:
            self._hand_over(answer)
        answer.teller, answer.times = client, 1

    def _hand_over(self, answer: Answer) -> None:
        if isinstance(answer.teller, Client):
            self._count(answer.teller.text, answer, answer.times)

    def _tally(self, client: Client) -> None:
        taken = client.taken
        if taken > client.counted:
            self._session.accounts.client(client.text, taken - client.counted)
            client.counted = taken

    def _zone_of(self, address: Address) -> str:
        return next((zone for network, zone in self._zones if address in network), NO_ZONE)
