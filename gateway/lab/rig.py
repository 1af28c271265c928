"""The sockets around a gateway namespace with which probes are sent and caught.

May live here: packet sockets, raw sockets, the fence, forgetting connections. May not: what a probe asks (probe.py),
building namespaces (build.py, wiring.py).

Three kinds of places. At the far end of each of the gateway's cables a packet socket sees what the gateway sends out.
In the gateway raw sockets see what its stack accepted: they get a copy behind the input hook (net/ipv4/raw.c), so an
answer is not needed. A fence is a frame of a private type that no policy can touch, seen by a packet socket in the
gateway.
"""

import os
import select
import socket
import struct
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self

from gateway.lab import netns
from gateway.lab.errors import LabError
from gateway.lab.frames import Caught, recognise, recognise_body, recognise_packet

ETH_P_ALL = 0x0003
ETH_P_FENCE = 0x88B5  # local experimental (IEEE 802a)
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
SO_RCVBUFFORCE = 33
NETLINK_NETFILTER = 12
BUFFER = 16 << 20
MAX_FRAME = 2048
FENCE_SECONDS = 5.0
RAW = (
    (socket.AF_INET, socket.IPPROTO_TCP), (socket.AF_INET, socket.IPPROTO_UDP), (socket.AF_INET, socket.IPPROTO_ICMP),
    (socket.AF_INET6, socket.IPPROTO_TCP), (socket.AF_INET6, socket.IPPROTO_UDP),
    (socket.AF_INET6, socket.IPPROTO_ICMPV6),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plug:
    """The far end of one of the gateway's cables. `namespace` is a descriptor; `side` a zone or `internet`."""

    ifname: str
    side: str
    gateway_mac: str
    namespace: int
    far_ifname: str
    far_mac: str


@dataclass(frozen=True, slots=True)
class Station:
    """A host that can send: its namespace, its interface and MAC, and the gateway's MAC on its segment."""

    namespace: int
    ifname: str
    mac: str
    target_mac: str


@dataclass(frozen=True, slots=True)
class Sender:
    """One interface of one namespace, ready to put frames on the wire."""

    socket: socket.socket
    ifname: str
    mac: str
    target_mac: str

    def send(self, data: bytes) -> None:
        """Puts one frame on the wire. Raises LabError when there is no wire any more."""
        try:
            self.socket.sendto(data, (self.ifname, 0))
        except OSError as error:
            raise LabError(f"nothing can be sent by {self.ifname} ({error.strerror}); is the lab still up?") from error


@dataclass(slots=True)
class Rig:
    """Everything a batch of probes needs, between `with`: its sockets keep the namespaces alive.

    One packet socket a namespace sends and catches: closing one takes the kernel a grace period (7 to 100 ms), so they
    are few, and closed together."""

    gateway: int
    plugs: Mapping[str, Plug]
    stations: Mapping[str, Station] = field(default_factory=dict)
    forgets: bool = True
    _senders: dict[tuple[str, str], Sender] = field(default_factory=dict)
    _sockets: dict[int, socket.socket] = field(default_factory=dict)
    _raw: list[tuple[int, str, socket.socket]] = field(default_factory=list)
    _fence: socket.socket | None = None
    _conntrack: socket.socket | None = None
    _fences: int = 0

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _open(self) -> None:
        for plug in self.plugs.values():
            if plug.namespace not in self._sockets:
                self._sockets[plug.namespace] = _packet_socket(plug.namespace, ETH_P_ALL)
        with netns.inside(self.gateway):
            for family, protocol in RAW:
                raw = socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol)
                self._raw.append((family, _name(protocol), raw))
                raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
                if family == socket.AF_INET6:
                    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            self._conntrack = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self._fence = _packet_socket(self.gateway, ETH_P_FENCE)

    def close(self) -> None:
        """Closes all sockets; the descriptors of the namespaces stay their owner's."""
        for sock in (*(entry[2] for entry in self._raw), self._conntrack):
            if sock is not None:
                sock.close()
        slow = [sock for sock in (*self._sockets.values(), self._fence) if sock is not None]
        with ThreadPoolExecutor(max_workers=32) as together:
            list(together.map(socket.socket.close, slow))
        self._senders.clear()
        self._sockets.clear()
        self._raw.clear()
        self._fence = self._conntrack = None

    def sender(self, host: str, ifname: str) -> Sender:
        """How `host` sends, or, without a host, the far end of the gateway's `ifname`. Raises LabError."""
        known = self._senders.get((host, ifname))
        if known is None:
            known = self._senders[host, ifname] = self._station(host) if host else self._plug(ifname)
        return known

    def _station(self, host: str) -> Sender:
        station = self.stations.get(host)
        if station is None:
            raise LabError(f"no host {host} in the lab; `clinicgate lab status` lists them")
        if station.namespace not in self._sockets:
            self._sockets[station.namespace] = _packet_socket(station.namespace, 0)
        return Sender(self._sockets[station.namespace], station.ifname, station.mac, station.target_mac)

    def _plug(self, ifname: str) -> Sender:
        plug = self.plugs.get(ifname)
        if plug is None:
            raise LabError(f"the gateway has no interface {ifname} here; it has {', '.join(self.plugs)}")
        return Sender(self._sockets[plug.namespace], plug.far_ifname, plug.far_mac, plug.gateway_mac)

    def fence(self) -> None:
        """Sends one frame after everything sent so far and waits until the gateway has it. Raises LabError."""
        assert self._fence is not None, "the rig is not open"
        sender = self.sender("", next(iter(self.plugs)))
        self._fences += 1
        mark = struct.pack("!Q", self._fences)
        kind = struct.pack("!H", ETH_P_FENCE)
        sender.send(_mac(sender.target_mac) + _mac(sender.mac) + kind + mark)
        poll = select.poll()
        poll.register(self._fence, select.POLLIN)
        while True:
            data = _receive(self._fence)
            if data is not None and data[14:22] == mark:
                return
            if data is None and not poll.poll(FENCE_SECONDS * 1000):
                raise LabError("a frame got lost between the lab and its gateway; is the lab still up?")

    def forget_connections(self) -> None:
        """Empties the gateway's connection table (nfnetlink: IPCTNL_MSG_CT_DELETE without a tuple)."""
        if not self.forgets:
            return
        assert self._conntrack is not None, "the rig is not open"
        request_and_ack = 0x0005
        self._conntrack.send(struct.pack("=IHHIIBBH", 20, (1 << 8) | 2, request_and_ack, 1, 0, 0, 0, 0))
        answer = self._conntrack.recv(4096)
        code = -struct.unpack_from("=i", answer, 16)[0]
        if code != 0:
            raise LabError(f"the gateway's connection table cannot be emptied: {os.strerror(code)}")

    def caught(self) -> Iterator[tuple[str, str, Caught]]:
        """Everything recognised since the last call: side, the gateway's interface (empty: its own stack), what."""
        plugs = {(plug.namespace, plug.far_ifname): plug for plug in self.plugs.values()}
        for namespace, sock in self._sockets.items():
            for data, ifname in _arrivals(sock):
                plug = plugs.get((namespace, ifname))
                if plug is not None and (seen := recognise(data)) is not None:
                    yield plug.side, plug.ifname, seen
        for family, protocol, raw in self._raw:
            yield from (("gateway", "", seen) for seen in _accepted(family, protocol, raw) if not seen.told)


def _accepted(family: int, protocol: str, raw: socket.socket) -> Iterator[Caught]:
    if family == socket.AF_INET:
        while (data := _receive(raw)) is not None:
            if (seen := recognise_packet(data)) is not None:
                yield seen
        return
    while True:
        try:
            body, ancillary, _, source = raw.recvmsg(MAX_FRAME, 128)
        except BlockingIOError:
            return
        target = next(d[:16] for level, kind, d in ancillary if kind == socket.IPV6_PKTINFO)
        address = ip_address(source[0].partition("%")[0])
        try:
            found = recognise_body(protocol, address, ip_address(target), body)
        except (struct.error, IndexError):
            continue
        if found is not None:
            yield found


def _packet_socket(namespace: int, protocol: int) -> socket.socket:
    """A packet socket for all interfaces of a namespace; protocol 0 receives nothing."""
    kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK
    sock = netns.open_socket(namespace, socket.AF_PACKET, kind, socket.htons(protocol))
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    return sock


def _arrivals(sock: socket.socket) -> Iterator[tuple[bytes, str]]:
    """Frames and the interfaces they came in by, until there are no more."""
    while True:
        try:
            data, place = sock.recvfrom(MAX_FRAME)
        except BlockingIOError:
            return
        yield data, place[0]


def _receive(sock: socket.socket) -> bytes | None:
    try:
        return sock.recv(MAX_FRAME)
    except BlockingIOError:
        return None


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _name(protocol: int) -> str:
    return {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}[protocol]
