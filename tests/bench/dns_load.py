"""Asking with dnsperf, and what it cost the server: its own CPU time by answered question.

One client after another asks each server in turn, so that a busy moment of the machine meets all of them. Every run
asks a known number of questions, and counts only when each was answered with the code it should have.

May live here: dnsperf, /proc. May not: what is asked (dns_names.py), tables.
"""

import os
import re
import statistics
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.bench import dns_names
from tests.bench.dns_servers import Server

OUTSTANDING = 100  # questions under way (dnsperf's own default): the server is busy all the time
RUN_SECONDS = 120.0
_CODE = re.compile(r"\b([A-Z]{4,10}) (\d+) \(")
_TICK = os.sysconf("SC_CLK_TCK")
Costs = dict[str, dict[str, float]]  # microseconds a question, by load and server


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process (proc_pid_stat(5))."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    fields = text[text.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def costs(
    servers: Sequence[Server], blocked: Sequence[str], folder: Path, rounds: int, queries: int = dns_names.QUERIES
) -> Costs:
    """Medians of `rounds`, after every name of the working set was asked by every client. Raises RuntimeError."""
    for kind, code in (("cached", "NOERROR"), ("blocked", "NXDOMAIN")):
        asked = dns_names.warm(kind, blocked)
        for server in servers:
            for client in dns_names.CLIENTS:
                check(server, ask(server, client, _file(folder, asked)), {code: len(asked)})
    questions = dns_names.Questions(blocked, queries)
    found = {load: {server.name: list[float]() for server in servers} for load in dns_names.LOADS}
    for _ in range(rounds):
        for load in dns_names.LOADS:
            for name, cost in _round(servers, folder, *questions.of(load)).items():
                found[load][name].append(cost)
    return {load: {name: statistics.median(one) for name, one in of.items()} for load, of in found.items()}


def _round(servers: Sequence[Server], folder: Path, asked: list[str], blocked: int) -> dict[str, float]:
    """Every client asks every server the same; microseconds of CPU time by question."""
    file = _file(folder, asked)
    wanted = {"NXDOMAIN": blocked, "NOERROR": len(asked) - blocked}
    spent = dict.fromkeys((server.name for server in servers), 0.0)
    for client in dns_names.CLIENTS:
        for server in servers:
            before = cpu_seconds(server.pid)
            codes = ask(server, client, file)
            spent[server.name] += cpu_seconds(server.pid) - before
            check(server, codes, wanted)
    return {name: seconds / len(asked) / len(dns_names.CLIENTS) * 1e6 for name, seconds in spent.items()}


def ask(server: Server, client: str, file: Path) -> Counter[str]:
    """All questions of a file from one client's address, as quickly as they are answered: the answers by code."""
    command = ["dnsperf", "-s", server.address, "-a", client, "-d", str(file), "-n", "1", "-q", str(OUTSTANDING)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RUN_SECONDS)
    line = next((line for line in done.stdout.splitlines() if "Response codes:" in line), "")
    return Counter({code: int(count) for code, count in _CODE.findall(line)})


def check(server: Server, codes: Counter[str], wanted: dict[str, int]) -> None:
    """Raises RuntimeError unless every question was answered, and with the code it should have."""
    if codes != Counter(wanted):  # a Counter takes no notice of what was counted zero times
        raise RuntimeError(f"{server.name} answered {dict(codes)} instead of {wanted}")


def _file(folder: Path, asked: Sequence[str]) -> Path:
    file = folder / "questions"
    file.write_text("".join(f"{question}\n" for question in asked), encoding="ascii")
    return file
