"""A change never cuts a running call: a hundred changes of the policy, and every packet of every call arrives."""

import random
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from tests.fault.clinic import PINNED, PINNED_UDP, PLATFORM_TCP, PLATFORM_UDP, Clinic
from tests.fault.flows import Flow, Place, Traffic, opened, running, wait_until

pytestmark = [pytest.mark.netns, pytest.mark.slow]

CHANGES = 100
FEED_ENTRIES = 3000
LONGEST_STALL = 1.0  # seconds in which nothing of a stream of 50 records a second arrives
SHORTEST_CONFIRM = 10.0
CALL = 0.02  # seconds from one packet to the next: 50 a second each way


def calls(clinic: Clinic) -> list[Flow]:
    """Calls of two doctors to the video platform and streams to it and to the file server, in both families."""
    flows = []
    for version in (4, 6):
        for number, who in enumerate(("medecin-1", "medecin-2")):
            flows.append(clinic.flow(who, "internet", "udp", version, PLATFORM_UDP[number], interval=CALL))
        flows.append(clinic.flow("medecin-1", "internet", "tcp", version, PLATFORM_TCP, interval=CALL, size=1200))
        flows.append(clinic.flow("medecin-2", "dossiers", "tcp", version, 40010, interval=CALL, size=1200))
    return flows


def variants(text: str) -> Iterator[str]:
    """Sites that differ from one another in every part of the policy but the calls' own."""
    permit = (
        '\n  essai: {{from: {}, to: {}, services: [{}], reason: "Essai", owner: "Prestataire", expires: 2028-01-31}}'
    )
    guests = [line for line in text.splitlines() if line.lstrip().startswith(("patients:", "telephone-patient:"))]
    without_guests = "\n".join(line for line in text.splitlines() if line not in guests)
    return cycle(
        [
            text.replace("\npermits:", "\npermits:" + permit.format("medecin-3", "camera-entree", "rtsp")),
            text,
            text.replace("\npermits:", "\npermits:" + permit.format("admin", "medecin-3", "ssh")),  # a pair chain more
            text.replace("platforms: [zoom, google-meet]", "platforms: [zoom]"),
            without_guests,  # a zone, its chains and its interface less
            text.replace("services: [vitale]", "services: [vitale, http]"),
        ]
    )


class Changes:
    """Makes changes, one a call, and counts them by kind."""

    def __init__(self, clinic: Clinic, folder: Path) -> None:
        self.clinic, self.folder = clinic, folder
        self.counts: dict[str, int] = {}
        self._variants = variants(clinic.text)
        self._random = random.Random(2026)

    def __len__(self) -> int:
        return sum(self.counts.values())

    def _count(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def apply(self) -> None:
        self.clinic.apply(next(self._variants))
        self.clinic.confirm()
        self._count("applies with their confirms")

    def rollback(self) -> None:
        self.clinic.as_root("rollback")
        self._count("rollbacks")

    def given_up(self) -> None:
        """An apply, and a rollback instead of its confirm."""
        self.clinic.apply(next(self._variants))
        self.clinic.as_root("rollback")
        self._count("applies given up")

    def feed(self) -> None:
        """Two thirds of a few thousand entries are others than before."""
        entries = [f"45.{self._random.randrange(256)}.{n % 256}.{n // 256}" for n in range(FEED_ENTRIES // 2)]
        entries += [f"2a0e:{self._random.randrange(1, 1 << 15):x}::{n:x}" for n in range(FEED_ENTRIES // 2)]
        path = self.folder / "feed.txt"
        path.write_text("\n".join(entries), encoding="ascii")
        answer = self.clinic.as_root("feed_load", name="essai", path=str(path))
        assert answer["added"] > FEED_ENTRIES / 2
        self._count("feed updates")

    def unconfirmed(self) -> None:
        """An apply that nobody confirms returns when its time is over; feeds go on meanwhile."""
        clinic = self.clinic
        number = clinic.apply(next(self._variants), within=SHORTEST_CONFIRM)
        for _ in range(4):
            self.feed()
        assert clinic.status()["generation"] == number, "it was given back before its time"
        assert wait_until(lambda: clinic.status()["generation"] != number, 2 * SHORTEST_CONFIRM), "it never came back"
        self._count("automatic returns")

    def unconfirmed_by_a_crash(self) -> None:
        """An apply whose enforcer is killed is given back by the next one."""
        number = self.clinic.apply(next(self._variants))
        self.clinic.await_successor("enforcer", self.clinic.kill("enforcer"))
        assert self.clinic.status()["generation"] != number
        self._count("automatic returns")


def test_calls_run_through_a_hundred_changes(clinic, figure, tmp_path):
    changes = Changes(clinic, tmp_path)
    begun = time.monotonic()
    with running(calls(clinic)) as traffic:
        for kind in cycle(
            [changes.apply, changes.apply, changes.rollback, changes.apply, changes.feed, changes.given_up]
        ):
            kind()
            if len(changes) >= CHANGES - 6:
                break
        changes.unconfirmed()
        changes.unconfirmed_by_a_crash()
        took = time.monotonic() - begun
        troubles = traffic.finish()
        again = sum(flow.retransmissions() for flow in traffic.flows if flow.protocol == "tcp")
    stalls = tell(figure, changes, traffic, took, again)
    assert len(changes) == CHANGES
    assert troubles == []
    assert stalls < LONGEST_STALL
    assert min(len(way.sent) for way in traffic.ways) > 0.8 * took / CALL, "the calls did not run all the time"


def tell(figure, changes: Changes, traffic: Traffic, took: float, again: int) -> float:
    """Prints the figures; answer: the longest silence of a stream in seconds, beyond pauses of its sender."""
    sent = sum(len(way.sent) for way in traffic.ways)
    lost = sum(len(way.lost) for way in traffic.ways)
    repeated = sum(way.duplicates for way in traffic.ways)
    streams = [way for flow in traffic.flows if flow.protocol == "tcp" for way in flow.ways]
    stalls = max(way.longest_silence() for way in streams)
    kinds = ", ".join(f"{count} {kind}" for kind, count in changes.counts.items())
    figure(f"calls: {len(changes)} changes in {took:.0f} s ({kinds})")
    figure(
        f"calls: {lost} of {sent} packets lost, {repeated} repeated, in {len(traffic.flows)} flows both ways; "
        f"slowest packet {max(way.slowest for way in traffic.ways) * 1000:.0f} ms, "
        f"longest silence of a TCP stream {stalls * 1000:.0f} ms (bound {LONGEST_STALL * 1000:.0f} ms), "
        f"{again} segments sent again"
    )
    return max(way.longest_silence() - way.longest_pause() for way in streams)


def test_a_call_outlives_its_pin(clinic):
    """The pin that let the call begin expires; the call goes on, and a new one does not begin."""
    here, there = clinic.place("medecin-1", 4), Place(clinic.namespace("internet"), PINNED)
    with pytest.raises(TimeoutError):
        opened("before the pin", "udp", here, there, PINNED_UDP[0], patience=0.5)
    clinic.pin(here.address, [PINNED])
    with running([opened("pinned call", "udp", here, there, PINNED_UDP[1], interval=CALL)]) as traffic:
        clinic.unpin(here.address, PINNED)
        with pytest.raises(TimeoutError):
            opened("after the pin", "udp", here, there, PINNED_UDP[2], patience=0.5)
        assert traffic.finish() == []
        assert min(len(way.sent) for way in traffic.ways) > 0.4 / CALL
