"""A list of a million names is swapped in a running resolver: how long does the slowest question wait meanwhile?

The resolver runs as the product starts it. A client asks blocked and cached names steadily; the next version lies
compiled beside, as `clinicgate lists` leaves it, then its text is renamed into place, and the client asks on until the
resolver has said that it is in force, and for a second more. `python -m tests.bench.lists_swap` prints this row alone.

May live here: this row and its client. May not: starting servers (dns_servers.py).
"""

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

from gateway.lab import netns
from gateway.updates import confined
from gateway.updates.compiled import CompiledFolder, Stamp
from tests.bench import dns_names, dns_servers
from tests.bench.lists import NAMES
from tests.bench.table import Row, table
from tests.fault.dns_load import question

RATE = 2_000  # questions a second
SWAPS = 4
GOAL = 20.0  # ms
SECONDS = 60.0
ASKED = 500  # names of each kind
LIST = "malware"


@dataclass
class Place:
    """The resolver's folders, and the version of the list that counts."""

    lists: Path
    compiled: CompiledFolder
    status: Path
    blocked: Sequence[str]
    version: int = 0

    def prepare(self) -> Path:
        """The next version, with one name more, compiled; what is renamed into place."""
        self.version += 1
        text = self.lists / "next"
        more = [f"more{number}.example" for number in range(self.version)]
        text.write_text(dns_names.list_text([*self.blocked, *more]), encoding="ascii")
        stamp = Stamp.of_file(text)
        if stamp is None:
            raise RuntimeError("the list was not written")
        with self.compiled.writing(LIST, stamp) as into:
            confined.inspect_names(text, (), confined.Compile(LIST, self.compiled.key(), into))
        return text

    def swap(self, text: Path) -> float:
        """Seconds until it is in force."""
        began = time.monotonic()
        text.rename(self.lists / dns_names.LIST_PATH)
        self.await_rules(len(self.blocked) + self.version)
        took = time.monotonic() - began
        time.sleep(1.0)
        return took

    def await_rules(self, rules: int) -> None:
        """Raises RuntimeError when that version never comes into force."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            told = json.loads(self.status.read_text())["lists"] if self.status.exists() else []
            if any(one["id"] == LIST and one["rules"] == rules for one in told):
                return
            time.sleep(0.01)
        raise RuntimeError(f"the resolver does not take over a list of {rules} rules")


def rows(names: int = NAMES, swaps: int = SWAPS) -> list[Row]:
    """Raises RuntimeError when a swap does not come into force, or a question gets no answer."""
    blocked = dns_names.rules(names)
    with tempfile.TemporaryDirectory() as folder, _resolver(Path(folder), blocked) as place:
        place.await_rules(names)
        asked = blocked[:: max(1, names // ASKED)][:ASKED] + dns_names.known(ASKED)
        _slowest(asked, lambda: time.sleep(1.0))  # from here on everything is in the cache
        quiet, _ = _slowest(asked, lambda: time.sleep(3.0))
        found = [_slowest(asked, partial(place.swap, place.prepare())) for _ in range(swaps)]
    slowest, took = max(ms for ms, _ in found), max(seconds for _, seconds in found)
    what = f"{names:,} names in one compiled list: the slowest answer while another version is taken over"
    detail = f"{swaps} swaps at {RATE:,} questions/s, in force after {took:.1f} s; {quiet:.1f} ms without a swap"
    return [Row(what, slowest, " ms", GOAL, False, detail)]


@contextmanager
def _resolver(folder: Path, blocked: Sequence[str]) -> Iterator[Place]:
    """Running with that list, the calling thread in its namespace."""
    with ExitStack() as stack:
        descriptor = netns.make()
        stack.callback(os.close, descriptor)
        stack.enter_context(netns.inside(descriptor))
        lines = ["link set lo up", *(f"address add {subnet} dev lo" for subnet in dns_names.SUBNETS)]
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
        upstream = [sys.executable, "-m", "tests.bench.dns_upstream", dns_names.UPSTREAM]
        stack.enter_context(dns_servers._process("upstream", upstream, folder))
        stack.enter_context(dns_servers._ours(folder / "ours", blocked))
        ours = folder / "ours"
        yield Place(
            ours / "lists", CompiledFolder(ours / "compiled"), ours / "run/resolver/status.json", blocked
        )  # fmt: skip


def _slowest(asked: Sequence[str], what: Callable[[], float | None]) -> tuple[float, float]:
    """(milliseconds of the slowest answer, what `what` gives) while it runs."""
    client = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.lists_swap", "ask"], cwd=dns_servers.ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert client.stdin is not None and client.stdout is not None
        client.stdin.write(json.dumps(asked) + "\n")
        client.stdin.flush()
        client.stdout.readline()  # the first answer came
        given = what() or 0.0
        told, _ = client.communicate(timeout=SECONDS)
        slowest, lost = json.loads(told)
        if lost:
            raise RuntimeError(f"{lost} questions got no answer")
        return slowest, given
    finally:
        client.kill()
        client.wait()


def ask() -> None:
    """The client: asks until standard input ends; prints a line at the first answer, and (slowest, lost) at the end."""
    questions = cycle([question(name) for name in json.loads(sys.stdin.readline())])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((dns_names.CLIENTS[0], 0))
        sock.connect((dns_names.GATEWAY, 53))
        sock.setblocking(False)
        sent: dict[bytes, float] = {}
        slowest, number, due, asking = 0.0, 0, time.perf_counter(), True
        end = float("inf")
        while asking or (sent and time.perf_counter() < end):
            now = time.perf_counter()
            if asking and now >= due:
                number, due = (number + 1) & 0xFFFF, max(due + 1 / RATE, now - 1 / RATE)
                key = number.to_bytes(2, "big")
                sent[key] = now
                sock.send(key + b"\1\0\0\1\0\0\0\0\0\0" + next(questions))
            wait = max(0.0, due - time.perf_counter()) if asking else 0.01
            readable = select.select([sock, sys.stdin] if asking else [sock], [], [], wait)[0]
            if sock in readable:
                began = sent.pop(sock.recv(4096)[:2], None)
                if began is not None:
                    first, slowest = slowest == 0.0, max(slowest, time.perf_counter() - began)
                    if first:
                        print("asking", flush=True)
            if asking and sys.stdin in readable:
                asking, end = False, time.perf_counter() + 2.0
    print(json.dumps((slowest * 1e3, len(sent))))


if __name__ == "__main__":
    if sys.argv[1:] == ["ask"]:
        ask()
    else:
        print(table(rows()))
