"""Questions over UDP: read what is there, answer from the fast path at once, hand the rest to the session.

May live here: one UDP socket. May not: decisions, TCP.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from gateway.resolver.desk import Desk
from gateway.resolver.sockets import listen

Address = IPv4Address | IPv6Address
BURST = 64  # datagrams read before other sockets get their turn
MAX_QUESTION = 4096  # octets; a longer datagram is cut, and a cut one is malformed


class UdpChannel:
    """The way back to one client."""

    __slots__ = ("_peer", "_server")

    def __init__(self, server: "UdpServer", peer: tuple[Any, ...]) -> None:
        self._server, self._peer = server, peer

    def send(self, data: bytes) -> None:
        self._server.send(data, self._peer)


class UdpServer:
    """Serves one address of `zone`. `close` after `__init__`; raises OSError when it cannot be bound."""

    def __init__(self, address: Address, port: int, zone: str, desk: Desk) -> None:
        self._socket = listen(address, port, socket.SOCK_DGRAM)
        self._zone, self._desk = zone, desk
        self._loop = asyncio.get_running_loop()
        self.unsent = 0
        self._loop.add_reader(self._socket, self._readable)

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def send(self, data: bytes, peer: tuple[Any, ...]) -> None:
        """Answers are lost when the way is full, as on any network; the client asks again."""
        try:
            self._socket.sendto(data, peer)
        except OSError:
            self.unsent += 1

    def _readable(self) -> None:
        desk, receive, now = self._desk, self._socket.recvfrom, self._loop.time()
        for _ in range(BURST):
            try:
                data, peer = receive(MAX_QUESTION)
            except OSError:  # nothing left, or an ICMP error about an earlier answer
                return
            client = desk.client(peer[0], self._zone)
            reply = desk.datagram(data, client, now)
            if reply is None:
                desk.question(data, client, UdpChannel(self, peer))
            elif reply:
                self.send(reply, peer)
