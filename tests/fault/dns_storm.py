"""The resolver in a storm: lists swapped, upstreams dead, itself killed, while two zones ask and check every answer.

    python -m tests.fault.dns_storm [--rate 5000] [--swaps 50] [--failures 20] [--kills 10]

prints the figures, exit status 1 when a promise is broken. What counts as lost and as wrong stands at `Verdict`.

May live here: the storm and its judgement. May not: assertions, asking (dns_load.py).
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.exception

from gateway.updates.carry import carry
from gateway.updates.compiled import CompiledFolder
from gateway.updates.sources import Source, Untouchable
from gateway.updates.update import Room
from tests.fault.clinic import wait_until
from tests.fault.dns_load import BUCKETS, Client, Job, tries
from tests.fault.dns_site import DEVICES, GATEWAYS, ROOT, UPSTREAMS, DnsClinic, site, stormy

LIST, FILE = "storm", "storm.domains"
TOGGLED = "now-and-then.example.com"
KNOWN = [TOGGLED, *(f"host{number}.example.com" for number in range(200))]
BLOCKED = [f"bad{number}.example.com" for number in range(200)]
FRESH = "example.com"
IN_FORCE_SECONDS = 30.0
SETTLE_SECONDS = 8.0  # in which an upstream that came back is asked again, and what failed may be asked again


@dataclass(frozen=True)
class Span:
    """From one moment to another, CLOCK_MONOTONIC."""

    begin: float
    end: float

    def meets(self, begin: float, end: float) -> bool:
        return begin <= self.end and end >= self.begin


@dataclass
class Storm:
    """What was done, and when. `versions`: (from when it may count, from when it must, whether TOGGLED is listed)."""

    versions: list[tuple[float, float, bool]] = field(default_factory=list)
    all_dead: list[Span] = field(default_factory=list)
    one_dead: list[Span] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """`wrong`: any answer but the right one. SERVFAIL is wrong too, but for a name never asked before; `unserved` are
    those that got it although no upstream was dead: the stand-in for the internet was too slow. A name that some
    versions of the list have may be answered either way from the moment another version is put in its place until the
    resolver says that it is in force. `lost`: no answer within eight seconds, having asked four times (dns_load.py),
    and not every time while the resolver was dead. `late`: first asked outside kills and failures, and answered after
    more than a second, that is at the second try.
    """

    wrong: list[Any]
    lost: list[Any]
    late: list[Any]
    unserved: list[Any]
    back: list[float]  # seconds from each kill to the next answer in both zones
    figures: list[str]


class Weather:
    """Makes the storm over a clinic, from several threads."""

    def __init__(self, clinic: DnsClinic, rules: int, folder: Path) -> None:
        self.clinic, self.storm, self._rules, self._folder = clinic, Storm(), rules, folder
        self._source = Source(LIST, FILE)
        self.swap(by_hand=False)

    def swap(self, *, by_hand: bool) -> None:
        """Another version, which has one rule more or less; returns when it is in force."""
        listed = len(self.storm.versions) % 2 == 1  # in the first it is not, so that its address can be learned
        text = "".join(f"{name}\n" for name in BLOCKED) + (f"{TOGGLED}\n" if listed else "")
        text += "".join(f"filler{number}.example.com\n" for number in range(self._rules))
        begin = time.monotonic()
        if by_hand:
            self._put(text)
        else:
            self._carry(text)
        wanted = len(BLOCKED) + listed + self._rules
        assert wait_until(lambda: self._in_force(wanted), IN_FORCE_SECONDS), self.clinic.lists()
        self.storm.versions.append((begin, time.monotonic(), listed))

    def fail(self, dead: Sequence[str], seconds: float) -> None:
        """Those upstreams answer nothing for a while."""
        begin = time.monotonic()
        with self.clinic.dead(dead):
            time.sleep(seconds)  # the length is the test's input
        spans = self.storm.all_dead if len(dead) == len(UPSTREAMS) else self.storm.one_dead
        spans.append(Span(begin, time.monotonic()))

    def kill(self) -> None:
        """Returns when the successor answers."""
        self.storm.kills.append(time.monotonic())
        self.clinic.await_successor("resolver", self.clinic.kill("resolver"))
        assert wait_until(self._answers, IN_FORCE_SECONDS), "the successor does not answer"

    def _answers(self) -> bool:
        try:
            return self.clinic.ask("pc", BLOCKED[0], 0.5)[0] == "NXDOMAIN"
        except (OSError, dns.exception.Timeout):
            return False

    def _in_force(self, rules: int) -> bool:
        told = self.clinic.lists().get(LIST, {})
        return told.get("rules") == rules and not told.get("problem")

    def _put(self, text: str) -> None:
        """As a person does: the resolver has to have it compiled."""
        lists = self.clinic.folder.gateway.lists
        (lists / "draft").write_text(text)
        (lists / "draft").rename(lists / FILE)

    def _carry(self, text: str) -> None:
        """As `clinicgate lists import` does: compiled at once."""
        paths = self.clinic.folder.gateway
        (self._folder / FILE).write_text(text)
        room = Room(
            paths.lists, Untouchable((), ()), lambda name, file: None, datetime.now(UTC),
            accept_change=True, compiled=CompiledFolder(paths.compiled),
        )  # fmt: skip
        ((_, outcome),) = carry(self._folder / FILE, [self._source], room)
        assert outcome.what == "new", outcome


@contextmanager
def load(clinic: DnsClinic, rate: int) -> Iterator[Callable[[], dict[str, Any]]]:
    """Questions from both zones; what is called ends them and gives what was seen."""
    clients = []
    for zone, device in DEVICES.items():
        host = clinic.record.host(device)
        assert host is not None
        clients.append(Client(zone, host.namespace, GATEWAYS[zone]))
    _, (address,), _ = clinic.ask("pc", KNOWN[1])
    job = Job(clients, rate, KNOWN[1:], BLOCKED, TOGGLED, FRESH, address)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fault.dns_load", json.dumps(asdict(job))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    def ended() -> dict[str, Any]:
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0, "the clients failed"
        seen: dict[str, Any] = json.loads(told)
        return seen

    try:
        yield ended
    finally:
        process.kill()
        process.wait()


def rage(weather: Weather, swaps: int, failures: int, kills: int, failure_seconds: float) -> None:
    """All three at once; each thread goes on until its number is reached."""
    chance = random.Random(2026)
    troubles: list[Exception] = []

    def guarded(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - told by the one who waits
                troubles.append(error)

        return run

    def fail() -> None:
        for number in range(failures):
            dead = UPSTREAMS if number % 2 else [UPSTREAMS[number // 2 % 2]]
            weather.fail(dead, failure_seconds)
            time.sleep(chance.uniform(0.2, 1.0))  # the moments are the test's input

    def kill() -> None:
        for _ in range(kills):
            time.sleep(chance.uniform(4.2, 5.5))  # longer than a client tries: nobody meets two kills
            weather.kill()

    threads = [threading.Thread(target=guarded(work)) for work in (fail, kill)]
    for thread in threads:
        thread.start()
    try:
        for number in range(swaps):
            weather.swap(by_hand=number % 5 == 4)
            time.sleep(chance.uniform(0.3, 0.6))  # in which that version alone is right
    finally:
        for thread in threads:
            thread.join()
    if troubles:
        raise troubles[0]


def judge(storm: Storm, seen: dict[str, Any]) -> Verdict:
    """What was seen, against what was done."""
    zones = [sorted(map(int, buckets)) for buckets in seen["buckets"].values()]
    back = [max(_next(buckets, killed) for buckets in zones) for killed in storm.kills]
    dead = [Span(killed, at) for killed, at in zip(storm.kills, back, strict=True)]
    away = [Span(span.begin, span.end + SETTLE_SECONDS) for span in storm.all_dead]
    wrong = list(seen["wrong"][1])
    wrong += [("SERVFAIL", *one) for one in seen["failures"] if one[0] != "fresh"]
    fresh = [one for one in seen["failures"] if one[0] == "fresh"]
    unserved = [one for one in fresh if not any(span.meets(one[1], one[2]) for span in away)]
    wrong += [("toggled", *one) for one in seen["toggled"] if one[2] not in _allowed(storm, one[0], one[1])]
    troubles = [*dead, *away, *storm.one_dead]
    slow = [one for one in seen["late"] if not any(span.meets(one[1], one[2]) for span in troubles)]
    late = [one for one in slow if one[2] - one[1] > 1.0]
    took = [at - killed for killed, at in zip(storm.kills, back, strict=True)]
    lost = [one for one in seen["lost"] if not all(any(span.meets(t, t) for span in dead) for t in tries(one[1]))]
    verdict = Verdict(wrong, lost, late, unserved, took, [])
    return replace(
        verdict, figures=_figures(storm, seen, verdict, max((at - first for _, first, at in slow), default=0))
    )


def _figures(storm: Storm, seen: dict[str, Any], verdict: Verdict, slowest: float) -> list[str]:
    failed = sum(one[0] == "fresh" for one in seen["failures"])
    seconds, failures = seen["ended"] - seen["began"], len(storm.all_dead) + len(storm.one_dead)
    done = f"{len(storm.versions) - 1} swaps of a list, {failures} failures of upstreams, {len(storm.kills)} kills"
    again = f"{seen['tries'] - seen['asked']} asked again, {len(verdict.late)} of these outside kills and failures"
    back = f"{statistics.median(verdict.back):.2f} s (at most {max(verdict.back):.2f} s)"
    served = f"{failed - len(verdict.unserved)} SERVFAIL for new names around failures of all upstreams"
    beside = f"{slowest * 1000:.0f} ms" if slowest else "under 100 ms"
    return [
        f"storm: {done} in {seconds:.0f} s under {seen['asked'] / seconds:.0f} questions/s",
        f"storm: of {seen['asked']} questions {len(verdict.lost)} lost, {len(verdict.wrong)} answered wrongly; {again}",
        f"storm: {served}, {len(verdict.unserved)} besides",
        f"storm: kill -9 to the next answer {back}; slowest answer outside kills and failures {beside}",
    ]


def _allowed(storm: Storm, sent: float, at: float) -> set[bool]:
    """How a name that only some versions list may be answered between two moments."""
    allowed = set()
    for number, (begin, _, listed) in enumerate(storm.versions):
        following = storm.versions[number + 1 :][:1]
        until = following[0][1] if following else float("inf")
        if begin <= at and sent <= until:
            allowed.add(listed)
    return allowed


def _next(buckets: list[int], moment: float) -> float:
    """When the first answer came after that; a successor needs longer than the tenth of a second left out."""
    at = bisect_left(buckets, int((moment + 0.1) * BUCKETS))
    return buckets[at] / BUCKETS if at < len(buckets) else float("inf")


def storm(
    lab: str, folder: Path, *, rate: int, swaps: int, failures: int, kills: int, rules: int, failure_seconds: float
) -> Verdict:
    """Everything: a clinic, its clients, the storm, the judgement."""
    with stormy(lab, site({LIST: FILE}, [LIST], [LIST])) as clinic:
        weather = Weather(clinic, rules, folder)
        for name in KNOWN:
            clinic.ask("pc", name)
        assert wait_until(lambda: clinic.remembers(KNOWN), IN_FORCE_SECONDS), "nothing is left for a successor"
        with load(clinic, rate) as ended:
            rage(weather, swaps, failures, kills, failure_seconds)
            seen = ended()
    (folder / "storm.json").write_text(json.dumps({"seen": seen, "storm": asdict(weather.storm)}))
    return judge(weather.storm, seen)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fault.dns_storm")
    for name, usual in (("rate", 5000), ("swaps", 50), ("failures", 20), ("kills", 10), ("rules", 100_000)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--failure-seconds", type=float, default=2.0)
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path("/tmp"), help="for the list, and storm.json: all that was seen"
    )
    chosen = vars(parser.parse_args())
    verdict = storm(f"s{os.getpid()}", chosen.pop("folder"), **chosen)
    print("\n".join(verdict.figures))
    for what in (*verdict.wrong[:10], *verdict.lost[:10]):
        print(what)
    return 1 if verdict.wrong or verdict.lost else 0


if __name__ == "__main__":
    sys.exit(main())
