"""Questions over UDP: read what is there, answer from the fast path at once, hand the rest to the session.

May live here: one UDP socket. May not: decisions, TCP.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from gateway.resolver.datagrams import Datagrams, Message, text_of
from gateway.resolver.desk import Desk
from gateway.resolver.sockets import listen

Address = IPv4Address | IPv6Address
ROUNDS = 4  # bursts of datagrams read before other sockets get their turn


class UdpChannel:
    """The way back to one client."""

    __slots__ = ("_peer", "_server")

    def __init__(self, server: "UdpServer", peer: bytes) -> None:
        self._server, self._peer = server, peer

    def send(self, data: bytes) -> None:
        self._server.send([(data, self._peer)])


class UdpServer:
    """Serves one address of `zone`. `close` after `__init__`; raises OSError when it cannot be bound."""

    def __init__(self, address: Address, port: int, zone: str, desk: Desk) -> None:
        self._socket = listen(address, port, socket.SOCK_DGRAM)
        self._datagrams = Datagrams(self._socket)
        self._desk, self._line = desk, desk.open(zone, self._datagrams.source, text_of)
        self._loop = asyncio.get_running_loop()
        self.unsent = 0
        self._loop.add_reader(self._socket, self._readable)

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._desk.shut(self._line)
        self._socket.close()

    def send(self, messages: Sequence[Message]) -> None:
        """Answers are lost when the way is full, as on any network; the client asks again."""
        self.unsent += self._datagrams.send(messages)

    def _readable(self) -> None:
        """Answering takes so long that more may be there already: looking again is cheaper than going to sleep."""
        for _ in range(ROUNDS):
            arrived = self._datagrams.receive()
            if not arrived:
                return
            ready, rest = self._desk.answer(arrived, self._line, self._loop.time())
            if ready:
                self.send(ready)
            for data, client, peer in rest:
                self._desk.question(data, client, UdpChannel(self, peer))
