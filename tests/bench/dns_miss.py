"""How long a question takes that must be asked upstream, beside asking the upstream directly.

One question at a time, each name once: first to the upstream itself, then to each server, over and over. The median of
the direct questions is the upstream's own time; what a server takes beyond it is what it adds. Of several runs the
median counts.

May live here: this clock. May not: CPU time (dns_load.py), tables.
"""

import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from filters import names
from tests.bench import dns_names
from tests.bench.dns_servers import Server

RUNS = 5
QUESTIONS = 800  # to each of them in a run
PATIENCE = 5.0
_HEAD = bytes.fromhex("0100 0001 0000 0000 0000")  # RD, one question
_A_IN = bytes.fromhex("0001 0001")


@dataclass(frozen=True)
class Added:
    """Milliseconds beyond the upstream's own time, for half of the questions and for 99 of 100."""

    p50: float
    p99: float


def added(servers: Sequence[Server], questions: int = QUESTIONS) -> tuple[float, dict[str, Added]]:
    """The upstream's own time in milliseconds, and what each server adds. Raises RuntimeError, TimeoutError."""
    runs = [_run(servers, f"run{number}", questions) for number in range(RUNS)]
    return statistics.median(own for own, _ in runs), {
        server.name: Added(
            statistics.median(of[server.name].p50 for _, of in runs),
            statistics.median(of[server.name].p99 for _, of in runs),
        )
        for server in servers
    }


def _run(servers: Sequence[Server], run: str, questions: int) -> tuple[float, dict[str, Added]]:
    direct: list[float] = []
    via: dict[str, list[float]] = {server.name: [] for server in servers}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((dns_names.CLIENTS[0], 0))
        client.settimeout(PATIENCE)
        for number in range(questions):
            direct.append(_asked(client, dns_names.UPSTREAM, f"direct{number}.{run}.example", number))
            for server in servers:
                via[server.name].append(_asked(client, server.address, f"{server.name}{number}.{run}.example", number))
    own = statistics.median(direct)
    return own, {name: Added(statistics.median(took) - own, _p99(took) - own) for name, took in via.items()}


def _asked(client: socket.socket, address: str, name: str, number: int) -> float:
    question = number.to_bytes(2, "big") + _HEAD + names.from_text(name) + _A_IN
    began = time.perf_counter()
    client.sendto(question, (address, 53))
    reply = client.recv(4096)
    took = time.perf_counter() - began
    if reply[:2] != question[:2] or reply[3] & 15 or reply[6:8] == b"\0\0":
        raise RuntimeError(f"{address} did not answer {name}: {reply[:12].hex()}")
    return took * 1e3


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]
