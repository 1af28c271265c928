"""Traffic through the virtual practice: a call (UDP), a connection (TCP), and what the gateway's kernel says of them.

May live here: sockets in the clinic's namespaces, counts and times of what arrived, reading conntrack and counters.
May not: judging any of it.

A `Talk` runs in a thread of its own until its block ends; its fields may be read at any time.
"""

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Self

import nftables

from gateway.lab import netns
from tests.kernel.clinic import Clinic

EVERY = 0.005  # seconds between two messages of one side
WITHIN = 20.0  # seconds for anything to happen in the lab kernel
PROBE = "probe"


@dataclass
class Side:
    """One end of a talk: messages sent, received by the other end, and when the last one arrived there."""

    socket: socket.socket
    sent: int = 0
    arrived: int = 0
    last: float = 0.0


@dataclass
class Talk:
    """Both ends send a numbered message every 5 ms. `up` is what the device sends, `down` what it is sent."""

    up: Side
    down: Side
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        self.up.socket.close()
        self.down.socket.close()

    def stop(self) -> None:
        """Nobody sends any more; what is under way still arrives (50 ms of silence end it)."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def after(self, messages: int) -> None:
        """Return when that many more messages have arrived at each end. Raises AssertionError when they do not."""
        wanted = (self.up.arrived + messages, self.down.arrived + messages)
        until(lambda: (self.up.arrived >= wanted[0]) and (self.down.arrived >= wanted[1]), "messages do not arrive")

    def lost(self) -> int:
        """Messages that never arrived, both ways; after `stop`."""
        return self.up.sent - self.up.arrived + self.down.sent - self.down.arrived

    def _run(self) -> None:
        ends = {self.up.socket: self.down, self.down.socket: self.up}  # whoever reads counts for the other one
        following = time.monotonic()
        while True:
            wait = 0.05 if self._end.is_set() else max(0.0, following - time.monotonic())
            readable, _, _ = select.select(list(ends), [], [], wait)
            if not readable and self._end.is_set():
                return
            for one in readable:
                self._read(one, ends[one])
            if not self._end.is_set() and time.monotonic() >= following:
                following = time.monotonic() + EVERY
                for side in (self.up, self.down):
                    self._send(side)

    def _send(self, side: Side) -> None:
        message = struct.pack("!Q", side.sent)
        if side.socket.type == socket.SOCK_STREAM:
            message = message.ljust(1000, b".")
        try:
            side.socket.send(message)
        except OSError:  # a full buffer, or an answer of the network: not sent
            return
        side.sent += 1

    def _read(self, one: socket.socket, sender: Side) -> None:
        try:
            data = one.recv(65536)
        except OSError:
            return
        sender.last = time.monotonic()
        sender.arrived += 1 if one.type == socket.SOCK_DGRAM else len(data) // 1000


def call(clinic: Clinic, device: str, server: str, port: int = 443) -> Talk:
    """UDP between a device and an address behind the uplink; the device speaks first."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    near = netns.open_socket(clinic.devices[device], family, socket.SOCK_DGRAM)
    far = netns.open_socket(clinic.internet, family, socket.SOCK_DGRAM)
    far.bind((server, port))
    far.settimeout(WITHIN)
    near.connect((server, port))
    near.send(b"hello")
    _, back = far.recvfrom(100)
    far.connect(back)
    return Talk(Side(near), Side(far))


def connection(clinic: Clinic, device: str, server: str, port: int = 443, at: str = "internet") -> Talk:
    """TCP from a device to an address behind the uplink, or to another device `at`."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    place = clinic.internet if at == "internet" else clinic.devices[at]
    with netns.open_socket(place, family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((server, port))
        listening.listen()
        listening.settimeout(WITHIN)
        near = netns.open_socket(clinic.devices[device], family, socket.SOCK_STREAM)
        near.settimeout(WITHIN)
        near.connect((server, port))
        far, _ = listening.accept()
    for one in (near, far):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.setblocking(False)
    return Talk(Side(near), Side(far))


def retransmitted(one: socket.socket) -> int:
    """Segments this end of a TCP connection had to send again (tcp_info.tcpi_total_retrans)."""
    info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int(struct.unpack_from("=I", info, 100)[0])


def flows(clinic: Clinic, address: str) -> list[str]:
    """The gateway's conntrack entries that name this address, as the kernel words them."""
    with netns.inside(clinic.gateway):
        text = Path("/proc/thread-self/net/nf_conntrack").read_text()
    wanted = {f"{end}={_as_conntrack_writes(address)}" for end in ("src", "dst")}
    return [line for line in text.splitlines() if wanted & set(line.split())]


def offloaded(clinic: Clinic, address: str) -> bool:
    """Whether every flow with this address takes the fast path now."""
    found = flows(clinic, address)
    return bool(found) and all("[OFFLOAD]" in line for line in found)


def until(condition: Callable[[], bool], complaint: str, seconds: float = WITHIN) -> float:
    """Wait for a condition; answer: the seconds it took. Raises AssertionError with the complaint."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, f"{complaint} (waited {seconds:g} s)"
        time.sleep(0.002)
    return time.monotonic() - begun


@contextmanager
def slow_path(clinic: Clinic, address: str) -> Iterator[Callable[[], int]]:
    """Counts packets of an address that meet the forward hook, beside the policy; the value tells how many so far."""
    ip = "ip6" if ":" in address else "ip"
    head = "type filter hook forward priority -5; policy accept;"
    rules = f"{ip} daddr {address} counter\n{ip} saddr {address} counter\n"
    nft(clinic, f"table inet {PROBE} {{ chain seen {{ {head}\n{rules} }}\n}}")
    try:
        yield lambda: _counted(clinic)
    finally:
        nft(clinic, f"delete table inet {PROBE}")


def nft(clinic: Clinic, text: str) -> str:
    """Tell the gateway's nftables something that is no part of the policy."""
    with netns.inside(clinic.gateway):
        handle = nftables.Nftables()
        handle.set_json_output(text.startswith("list"))
        status, output, error = handle.cmd(text)
    assert status == 0, error
    return str(output)


def _counted(clinic: Clinic) -> int:
    listing = json.loads(nft(clinic, f"list table inet {PROBE}"))["nftables"]
    rules = [entry["rule"] for entry in listing if "rule" in entry]
    return sum(part["counter"]["packets"] for rule in rules for part in rule["expr"] if "counter" in part)


def _as_conntrack_writes(address: str) -> str:
    """/proc/net/nf_conntrack has all eight groups of IPv6, four digits each."""
    return ip_address(address).exploded
