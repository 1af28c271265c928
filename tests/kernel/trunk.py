"""The trunk's cable as a neighbour sees it: frames sent with tags of one's choice, and the tags of what comes back.

May live here: one packet socket on the cable's far end. May not: what should come back.

Sources: IEEE 802.1Q (tag: 0x8100, priority and VLAN id), RFC 826 (ARP), packet(7) (PACKET_AUXDATA carries the tag that
the kernel has taken out of a received frame).
"""

import select
import socket
import struct
import time
from dataclasses import dataclass
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

from gateway.lab import netns
from tests.kernel.clinic import Clinic

ETH_ALL, ETH_ARP, ETH_VLAN = 0x0003, 0x0806, 0x8100
SOL_PACKET, AUXDATA, IGNORE_OUTGOING = 263, 8, 23
TAG_VALID = 1 << 4  # TP_STATUS_VLAN_VALID
BROADCAST = "ff:ff:ff:ff:ff:ff"
OWN_MAC = "02:00:00:00:00:99"
WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame from the gateway: its VLAN id (None: no tag), and the frame without the tag."""

    vlan: int | None
    frame: bytes


class Trunk:
    """`t0`, the far end of the gateway's eth1; sees only what the gateway sends."""

    def __init__(self, clinic: Clinic) -> None:
        self._socket = netns.open_socket(clinic.wire, socket.AF_PACKET, socket.SOCK_RAW)
        with netns.inside(clinic.wire):
            self._socket.bind(("t0", ETH_ALL))
        self._socket.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
        self._socket.setsockopt(SOL_PACKET, AUXDATA, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def send(self, frame: bytes, *vlans: int) -> None:
        """One frame with these tags, the outermost first."""
        tags = b"".join(struct.pack("!HH", ETH_VLAN, vlan) for vlan in vlans)
        self._socket.send(frame[:12] + tags + frame[12:])

    def waiting(self) -> list[Seen]:
        """What has arrived since the last call."""
        found = []
        while select.select([self._socket], [], [], 0)[0]:
            frame, extra, _, _ = self._socket.recvmsg(65536, 256)
            found.append(Seen(_tag(extra), frame))
        return found

    def until_answer(self, asked: "Question", *vlans: int) -> list[Seen]:
        """Ask with these tags; answer: everything that arrived up to the reply. What was sent earlier has been dealt
        with by then, as the cable keeps the order. Raises AssertionError without a reply."""
        self.send(asked.frame(), *vlans)
        found: list[Seen] = []
        deadline = time.monotonic() + WITHIN
        while not any(asked.is_answered_by(seen) for seen in found):
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self._socket], [], [], left)[0], f"no reply to {asked} in VLAN {vlans}"
            found += self.waiting()
        return found


@dataclass(frozen=True, slots=True)
class Question:
    """ARP: who has `target`? Each question has an asking address of its own, by which its reply is known."""

    target: str
    asking: str

    def frame(self) -> bytes:
        own = mac(OWN_MAC)
        head = mac(BROADCAST) + own + struct.pack("!HHHBBH", ETH_ARP, 1, 0x0800, 6, 4, 1)
        return head + own + IPv4Address(self.asking).packed + bytes(6) + IPv4Address(self.target).packed

    def is_answered_by(self, seen: Seen) -> bool:
        kind, operation = struct.unpack_from("!H", seen.frame, 12)[0], struct.unpack_from("!H", seen.frame, 20)[0]
        return (kind, operation) == (ETH_ARP, 2) and seen.frame[38:42] == IPv4Address(self.asking).packed


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _tag(extra: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in extra:
        if (level, kind) == (SOL_PACKET, AUXDATA):
            status, _, _, _, _, tag, _ = struct.unpack_from("=IIIHHHH", data)
            return tag & 0xFFF if status & TAG_VALID else None
    return None
