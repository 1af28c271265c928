"""Runs every benchmark and prints the table of the README.

May live here: the order of them. May not: measuring (the other modules). Exit status 1 when a row misses its goal.
`python -m tests.bench --rounds 3` is quicker and noisier.
"""

import argparse
import os
import sys

from tests.bench import apply, forwarding
from tests.bench.table import Row, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rounds", type=int, default=7, help="alternating rounds, of which the median counts")
    rounds = parser.parse_args().rounds
    if os.geteuid() != 0:
        sys.stderr.write("make bench: needs root, for network namespaces\n")
        return 2
    rows: list[Row] = []
    for name, measure in (("forwarding", forwarding.rows), ("apply and pin", apply.rows)):
        sys.stderr.write(f"measuring {name} ...\n")
        rows += measure(rounds)
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
