"""`make bench-dns`: the speed of the resolver beside unbound and dnsmasq, and what its block lists cost.

Prints the table of the README; exit status 1 when a row misses its goal. `--rounds 1` is quicker and noisier.

May live here: rows and their goals. May not: measuring (dns_load.py, dns_miss.py, lists*.py).
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.bench import dns_load, dns_miss, dns_names, dns_servers, lists, lists_swap
from tests.bench.table import Row, table

GOALS = {"unbound": 1.2, "dnsmasq": 1.0}  # our CPU time by question, as a part of theirs
MISS_GOAL_MS = 1.0
LIST_ROUNDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-dns")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds, of which the median counts")
    rounds = parser.parse_args().rounds
    if os.geteuid() != 0:
        sys.stderr.write("make bench-dns: needs root, for a network namespace\n")
        return 2
    sys.stderr.write("measuring questions beside unbound and dnsmasq ...\n")
    found = rows(rounds)
    sys.stderr.write("measuring lists of a million names ...\n")
    found += lists.rows(min(rounds, LIST_ROUNDS))
    sys.stderr.write("measuring what a swap of such a list keeps waiting ...\n")
    found += lists_swap.rows()
    print(table(found))
    return 0 if all(row.met for row in found) else 1


def rows(rounds: int) -> list[Row]:
    """With zones, policies, accounts and a list of 120,000 rules. Raises RuntimeError for a wrong answer."""
    blocked = dns_names.rules()
    with tempfile.TemporaryDirectory() as folder, dns_servers.servers(Path(folder), blocked) as started:
        costs = dns_load.costs(started, blocked, Path(folder), rounds)
        own, added = dns_miss.added(started)
    return [*cpu_rows(costs), miss_row(own, added)]


def cpu_rows(costs: dns_load.Costs) -> list[Row]:
    return [
        Row(
            f"{load} answers: CPU a question, ours : {other}", of["ours"] / of[other], "", goal, False,
            f"{of['ours']:.1f} : {of[other]:.1f} µs",
        )
        for load, of in costs.items()
        for other, goal in GOALS.items()
    ]  # fmt: skip


def miss_row(own: float, added: dict[str, dns_miss.Added]) -> Row:
    ours = added["ours"]
    others = ", ".join(f"{name} {one.p99:.2f} ms" for name, one in added.items() if name != "ours")
    detail = f"p50 {ours.p50:.2f} ms; {others}; the upstream itself takes {own:.2f} ms"
    return Row("not cached: time added to the upstream's own, p99", ours.p99, " ms", MISS_GOAL_MS, False, detail)


if __name__ == "__main__":
    sys.exit(main())
