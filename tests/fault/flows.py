"""Numbered traffic between two hosts of the lab, and what became of every packet of it.

A `Flow` is a UDP call or a TCP stream; each end sends a numbered record at a fixed pace and notes what it receives.
`running` keeps flows going in a thread of its own while the test does something to the gateway.

May live here: sockets in the lab's namespaces, sending, receiving, counting. May not: the enforcer, expectations.

Times are epoch seconds. A packet's arrival is the time the kernel stamped on it (SO_TIMESTAMPNS, socket(7)), not the
time this program came to read it.
"""

import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from gateway.lab import netns

SO_TIMESTAMPNS, SO_RCVBUFFORCE, IPV6_FREEBIND = 35, 33, 78
TIMESPEC = struct.Struct("@ll")
NUMBER = struct.Struct("!Q")
TCP_INFO_TOTAL_RETRANS = 100  # offset of tcpi_total_retrans in struct tcp_info (linux/tcp.h)
BUFFER = 4 << 20
OPEN_SECONDS, DRAIN_SECONDS = 2.0, 2.0

Protocol = Literal["tcp", "udp"]


@dataclass
class Way:
    """One direction of a flow: when each number was sent, and what arrived how often and when."""

    name: str
    sent: list[float] = field(default_factory=list)
    seen: Counter[int] = field(default_factory=Counter)
    arrivals: list[float] = field(default_factory=list)
    slowest: float = 0.0
    broken: str = ""

    def arrived(self, number: int, at: float) -> None:
        self.seen[number] += 1
        self.arrivals.append(at)
        if number < len(self.sent):
            self.slowest = max(self.slowest, at - self.sent[number])
        else:
            self.broken = f"number {number} was never sent"

    @property
    def lost(self) -> list[int]:
        return [number for number in range(len(self.sent)) if number not in self.seen]

    @property
    def duplicates(self) -> int:
        return sum(self.seen.values()) - len(self.seen)

    def longest_silence(self) -> float:
        """Seconds between one arrival and the next, at most."""
        return max((b - a for a, b in zip(self.arrivals, self.arrivals[1:], strict=False)), default=0.0)

    def longest_pause(self) -> float:
        """Seconds between one sending and the next, at most: what a busy machine did to the sender itself."""
        return max((b - a for a, b in zip(self.sent, self.sent[1:], strict=False)), default=0.0)

    def after(self, moment: float) -> list[float]:
        """Arrivals later than that."""
        return [at for at in self.arrivals if at > moment]


@dataclass
class End:
    """One end of a flow. `rest` is what TCP did not take or has not completed yet."""

    socket: socket.socket
    stream: bool
    size: int
    interval: float
    out: Way
    into: Way
    due: float = 0.0
    unsent: bytes = b""
    partial: bytes = b""
    ended: bool = False

    def send(self) -> None:
        """The next record, or what is left of the one before."""
        data = self.unsent
        if not data:
            data = record(len(self.out.sent), self.size)
            self.out.sent.append(time.time())
        try:
            data = data[self.socket.send(data) :]
        except BlockingIOError:
            pass
        except OSError:  # refused, unreachable, reset: for a datagram that is a loss, for a stream the end
            self.ended = self.stream
        self.unsent = data if self.stream else b""

    def receive(self) -> None:
        """Everything there is."""
        while True:
            try:
                data, ancillary, _, _ = self.socket.recvmsg(65536, 64)
            except BlockingIOError:
                return
            except OSError:
                self.ended = self.stream
                return
            if self.stream and not data:
                self.ended = True
                return
            self._take(data, _stamp(ancillary))

    def _take(self, data: bytes, at: float) -> None:
        data = self.partial + data
        whole = len(data) - len(data) % self.size if self.stream else len(data)
        self.partial = data[whole:]
        for start in range(0, whole, self.size):
            found = data[start : start + self.size]
            (number,) = NUMBER.unpack_from(found)
            if found != record(number, self.size) or (self.stream and number != len(self.into.seen)):
                self.into.broken = f"the bytes at record {len(self.into.arrivals)} are not those that were sent"
                return
            self.into.arrived(number, at)


@dataclass
class Flow:
    """Two connected ends; `near` opened it."""

    name: str
    protocol: Protocol
    near: End
    far: End

    @property
    def ways(self) -> tuple[Way, Way]:
        """What near sent, what far sent."""
        return self.near.out, self.far.out

    @property
    def ends(self) -> tuple[End, End]:
        return self.near, self.far

    def retransmissions(self) -> int:
        """TCP segments sent again, both ends together."""
        found = 0
        for end in self.ends:
            info = end.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            found += struct.unpack_from("=I", info, TCP_INFO_TOTAL_RETRANS)[0]
        return found

    def close(self) -> None:
        for end in self.ends:
            end.socket.close()


@dataclass(frozen=True)
class Place:
    """Somewhere in the lab: a descriptor on its namespace, and an address there."""

    namespace: int
    address: str


def record(number: int, size: int) -> bytes:
    """The record of that number: the number, and bytes that no other number has."""
    seed = NUMBER.pack(number)
    filler = NUMBER.pack((number * 0x9E3779B97F4A7C15 + 1) & 0xFFFFFFFFFFFFFFFF)
    return (seed + filler * (size // 8))[:size]


def opened(
    name: str,
    protocol: Protocol,
    near: Place,
    far: Place,
    port: int,
    *,
    interval: float = 0.02,
    size: int = 160,
    patience: float = OPEN_SECONDS,
) -> Flow:
    """A flow over which record 0 has gone both ways. Raises OSError (TimeoutError when nothing gets through)."""
    connect = _tcp if protocol == "tcp" else _udp
    sockets = connect(near, far, port, record(0, size), patience)
    to_far, to_near = Way(f"{name} >"), Way(f"{name} <")
    ends = []
    for sock, out, into in zip(sockets, (to_far, to_near), (to_near, to_far), strict=True):
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setblocking(False)
        out.sent.append(time.time())
        out.arrived(0, time.time())
        ends.append(End(sock, protocol == "tcp", size, interval, out, into))
    return Flow(name, protocol, *ends)


def _udp(near: Place, far: Place, port: int, hello: bytes, patience: float) -> tuple[socket.socket, socket.socket]:
    caller = _socket(near, socket.SOCK_DGRAM, 0, patience)
    callee = _socket(far, socket.SOCK_DGRAM, port, patience)
    with _closed_on_error(caller, callee):
        caller.connect((far.address, port))
        caller.send(hello)
        _, peer = callee.recvfrom(65536)
        callee.connect(peer)
        callee.send(hello)
        caller.recv(65536)
    return caller, callee


def _tcp(near: Place, far: Place, port: int, hello: bytes, patience: float) -> tuple[socket.socket, socket.socket]:
    caller = _socket(near, socket.SOCK_STREAM, 0, patience)
    with _socket(far, socket.SOCK_STREAM, port, patience) as listener, _closed_on_error(caller):
        listener.listen(1)
        caller.connect((far.address, port))
        callee, _ = listener.accept()
        with _closed_on_error(callee):
            callee.settimeout(patience)
            for one, other in ((caller, callee), (callee, caller)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one.sendall(hello)
                other.recv(len(hello), socket.MSG_WAITALL)
    return caller, callee


def _socket(place: Place, kind: int, port: int, patience: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    sock = netns.open_socket(place.namespace, family, kind)
    with _closed_on_error(sock):
        sock.settimeout(patience)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # an address that only a route makes local
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        sock.bind((place.address, port))
    return sock


@contextmanager
def _closed_on_error(*sockets: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for sock in sockets:
            sock.close()
        raise


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = TIMESPEC.unpack_from(data)
            return seconds + nanoseconds / 1e9
    return time.time()


class Traffic:
    """Flows under way. `finish` stops sending, waits for what is on its way, and says what went wrong."""

    def __init__(self, flows: list[Flow]) -> None:
        self.flows = flows
        self._sending = True
        self._stop = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def ways(self) -> list[Way]:
        return [way for flow in self.flows for way in flow.ways]

    def finish(self) -> list[str]:
        """Answer: a sentence for every direction that lost, repeated or changed something. Bounded in time."""
        self._sending = False
        wait_until(lambda: self._failure is not None or not self._missing(), DRAIN_SECONDS)
        self.stop()
        return [trouble for flow in self.flows for way in flow.ways if (trouble := _trouble(way))]

    def stop(self) -> None:
        """Ends the thread. Raises what the thread died of."""
        self._stop = True
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _missing(self) -> bool:
        unsent = any(end.unsent for flow in self.flows for end in flow.ends)
        return unsent or any(len(way.seen) < len(way.sent) for way in self.ways)

    def _run(self) -> None:
        try:
            with select.epoll() as poll:
                ends = {end.socket.fileno(): end for flow in self.flows for end in flow.ends}
                start = time.monotonic()
                for place, (number, end) in enumerate(ends.items()):
                    poll.register(number, select.EPOLLIN)
                    end.due = start + end.interval * place / len(ends)  # not all at the same moment
                while not self._stop:
                    self._turn(poll, ends)
        except BaseException as error:  # noqa: BLE001 - `stop` raises it in the test's thread
            self._failure = error

    def _turn(self, poll: select.epoll, ends: dict[int, End]) -> None:
        now = time.monotonic()
        for end in ends.values():
            if end.due <= now and not end.ended and (self._sending or end.unsent):
                end.send()
                end.due += end.interval
        following = min((e.due for e in ends.values() if not e.ended), default=now) if self._sending else now + 0.01
        for number, _ in poll.poll(max(0.0, following - time.monotonic())):
            ends[number].receive()
            if ends[number].ended:
                with suppress(FileNotFoundError):
                    poll.unregister(number)


@contextmanager
def running(flows: list[Flow]) -> Iterator[Traffic]:
    """The flows send until the block ends; then their sockets are closed."""
    traffic = Traffic(flows)
    try:
        yield traffic
    finally:
        try:
            traffic.stop()
        finally:
            for flow in flows:
                flow.close()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Looks again and again until `condition` holds or the time is over; answer: whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        select.select([], [], [], 0.005)
    return True


def _trouble(way: Way) -> str:
    lost = way.lost
    if not lost and not way.duplicates and not way.broken:
        return ""
    some = ", ".join(map(str, lost[:10]))
    return f"{way.name}: {len(lost)} of {len(way.sent)} lost ({some}), {way.duplicates} repeated; {way.broken}"
