"""Runs campaigns: `python -m tests.fuzz --count 1000000` tries so many inputs a target, some minutes each.

`python -m tests.fuzz questions lines --count 50000` runs some targets. Exit status 1: something broke, and how to see
it again. May live here: arguments and progress. May not: targets.
"""

import argparse
import resource
import subprocess
import sys

from tests.fuzz import campaign, files, lines, questions, replies, updates
from tests.fuzz.campaign import Block, BrokenError, Summary

TARGETS: dict[str, Block] = {
    "questions": questions.block,
    "replies": replies.block,
    "lines": lines.block,
    "files": files.block,
    "updates": updates.block,
}
MEMORY_OCTETS = 1 << 30  # of address space: whoever wants more breaks here
EVERY_SECONDS = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; none: all")
    parser.add_argument("--count", type=int, default=1_000_000, help="inputs a target")
    parser.add_argument("--seed", default="clinicgate", help="another seed tries other inputs")
    parser.add_argument("--first", type=int, default=0, metavar="BLOCK", help="begin with this block")
    args = parser.parse_args()
    unknown = set(args.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_OCTETS, MEMORY_OCTETS))
    names = args.targets or list(TARGETS)
    if len(names) > 1:  # each in a process of its own: the peak of one would hide that the next one grows
        given = ["--count", str(args.count), "--seed", args.seed, "--first", str(args.first)]
        command = [sys.executable, "-m", "tests.fuzz", *given]
        return int(any(subprocess.run([*command, name], check=False).returncode for name in names))
    try:
        summary = campaign.run(names[0], TARGETS[names[0]], args.count, args.seed, args.first, Progress())
    except BrokenError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    print(summary.text(), flush=True)
    return 0


class Progress:
    """A line on standard error now and then."""

    def __init__(self) -> None:
        self._next = EVERY_SECONDS

    def __call__(self, summary: Summary) -> None:
        if summary.seconds >= self._next:
            self._next += EVERY_SECONDS
            sys.stderr.write(f"  {summary.target}: {summary.inputs} inputs in {summary.seconds:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main())
