"""Asking the kernel what it does with a packet: send it for real, see where it comes out.

May live here: the values of a question and an answer, waves, fences, the sending and catching of one batch.
May not: how the namespaces around the gateway are wired (rig.py), what should have happened (the caller knows).

Certainty without waiting. Frames that one thread on one CPU sends through veth pairs stand in that CPU's backlog in
the order they were sent (net/core/dev.c, enqueue_to_backlog), and each hop puts them at its end again. So when a frame
that follows ours has come through the same queue, every frame before it has made its next hop; after as many such
fences, one after the other, as the longest way has hops, what has not been seen was dropped. No clock decides.

Probes of one wave share no connection, so each opens its own; between waves the rig forgets the connections.
"""

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from gateway.lab.frames import Address, Caught, Protocol, Segment, Told, frame
from gateway.lab.rig import Rig

CHUNK = 256
HOPS = 12  # there: 4, a neighbour asked and answering: 4, on: 4


@dataclass(frozen=True, slots=True)
class Probe:
    """One question. `ifname` is the gateway's interface it comes in by; `source` the host that sends it (empty: the
    far end of that interface's cable). `sport` of None takes one that no other probe of this batch has; for ICMP it is
    the identifier. `mac` is the sender's, empty for that of the sending interface."""

    id: str
    ifname: str
    src: Address
    dst: Address
    protocol: Protocol
    dport: int = 0
    sport: int | None = None
    source: str = ""
    mac: str = ""
    icmp_type: str = "echo-request"
    hop_limit: int = 64


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer. `delivered`: it left the gateway by `ifname` (side `where`) with these addresses; `gateway`: the
    gateway itself got it, after its input hook; `dropped`: neither. `told` is what the sender heard of it."""

    kind: Literal["delivered", "gateway", "dropped"]
    where: str = ""
    ifname: str = ""
    src: Address | None = None
    dst: Address | None = None
    sport: int = 0
    dport: int = 0
    told: Told = ""


def send_all(rig: Rig, probes: Iterable[Probe]) -> dict[str, Seen]:
    """Sends every probe and says what became of it, by id; ids must differ. Raises LabError when the rig is broken."""
    numbered = _with_ports(list(probes))
    answers = {probe.id: Seen("dropped") for probe in numbered}
    if len(answers) != len(numbered):
        raise ValueError("two probes have the same id")
    with _on_one_cpu():
        for wave in waves(numbered):
            rig.forget_connections()
            for start in range(0, len(wave), CHUNK):
                _send_chunk(rig, wave[start : start + CHUNK], answers)
    return answers


def waves(probes: Sequence[Probe]) -> list[list[Probe]]:
    """Splits probes so that within a wave none can be taken for a part of another one's connection.

    Translation changes one address and perhaps one port of a connection, never both ends: a reply still shares an
    address with the question, and has the question's source port on one of its sides."""
    result: list[_Wave] = []
    for probe in probes:
        wave = next((w for w in result if w.has_room(probe)), None)
        if wave is None:
            wave = _Wave()
            result.append(wave)
        wave.add(probe)
    return [wave.probes for wave in result]


_End = tuple[str, Address, int]


@dataclass(slots=True)
class _Wave:
    probes: list[Probe] = field(default_factory=list)
    ends: set[_End] = field(default_factory=set)
    origins: set[_End] = field(default_factory=set)

    def has_room(self, probe: Probe) -> bool:
        return self.ends.isdisjoint(_ends(probe, probe.sport)) and self.origins.isdisjoint(
            {*_ends(probe, probe.sport), *_ends(probe, probe.dport)}
        )

    def add(self, probe: Probe) -> None:
        self.probes.append(probe)
        self.origins |= _ends(probe, probe.sport)
        self.ends |= _ends(probe, probe.sport) | _ends(probe, probe.dport)


def _ends(probe: Probe, port: int | None) -> set[_End]:
    """Both addresses of a probe with one of its ports."""
    return {(probe.protocol, address, port or 0) for address in (probe.src, probe.dst)}


def _with_ports(probes: list[Probe]) -> list[Probe]:
    used = {probe.sport for probe in probes} | {probe.dport for probe in probes}
    first = 20000 + secrets.randbelow(10000)
    free = (port for port in (*range(first, 65000), *range(1024, first)) if port not in used)
    return [probe if probe.sport is not None else replace(probe, sport=next(free)) for probe in probes]


def _send_chunk(rig: Rig, probes: list[Probe], answers: dict[str, Seen]) -> None:
    base = secrets.randbits(32)
    owners = {(base + number) & 0xFFFFFFFF: probe for number, probe in enumerate(probes)}
    for token, probe in owners.items():
        sender = rig.sender(probe.source, probe.ifname)
        sender.send(frame(_segment(probe), token, probe.mac or sender.mac, sender.target_mac))
    for _ in range(HOPS):
        rig.fence()
    for side, ifname, caught in rig.caught():
        owner = owners.get(caught.token)
        if owner is not None and caught.protocol == owner.protocol:
            answers[owner.id] = _merge(answers[owner.id], side, ifname, caught)


def _merge(known: Seen, side: str, ifname: str, caught: Caught) -> Seen:
    if caught.told:
        return replace(known, told=caught.told)
    kind: Literal["gateway", "delivered"] = "delivered" if ifname else "gateway"
    return Seen(kind, side, ifname, caught.src, caught.dst, caught.sport, caught.dport, known.told)


def _segment(probe: Probe) -> Segment:
    return Segment(
        probe.src, probe.dst, probe.protocol, probe.sport or 0, probe.dport, probe.icmp_type, probe.hop_limit
    )  # fmt: skip


@contextmanager
def _on_one_cpu() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
