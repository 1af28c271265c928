"""Running a target over many mutated inputs, within bounds of time and memory.

A campaign is cut into blocks. Each block has a generator seeded by target, seed and its number, and fresh state, so
what is found in block 812 is found again by running block 812 alone.

May live here: the loop, the bounds, the summary. May not: what is tried (one module a target).
"""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

CPU_SECONDS = 10.0  # of one block, which takes some 0.1 s; whatever takes longer is as good as endless
WARM_BLOCKS = 4  # after which memory may not grow any more
GROWTH_OCTETS = 96 << 20


class Seen(Counter[str]):
    """What came of the inputs, by kind: a campaign in which nothing is ever accepted tests nothing."""


# A block: tries inputs with the generator's chances and says how many; raises what went wrong, AssertionError too.
Block = Callable[[Random, Seen], int]


class EndlessError(Exception):
    """One block took more processor time than any may."""


class BrokenError(Exception):
    """Something escaped, or an invariant does not hold. The text names the block to run again."""


@dataclass(slots=True)
class Summary:
    """What a campaign did. `grown`: octets of memory after the warm-up."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    grown: int = 0
    seen: Seen = field(default_factory=Seen)

    def text(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.seen.items()))
        speed = self.inputs / self.seconds if self.seconds else 0.0
        return (
            f"{self.target}: {self.inputs} inputs in {self.seconds:.0f} s ({speed:.0f}/s), nothing broke, "
            f"memory grew by {self.grown / (1 << 20):.1f} MiB; {kinds}"
        )


def run(
    target: str,
    block: Block,
    count: int,
    seed: str = "clinicgate",
    first: int = 0,
    progress: Callable[[Summary], None] = lambda _: None,
) -> Summary:
    """Blocks from number `first` on until `count` inputs were tried. Raises BrokenError."""
    summary, begun, peak = Summary(target), time.monotonic(), 0
    number = first
    while summary.inputs < count:
        try:
            with _bounded(CPU_SECONDS):
                summary.inputs += block(Random(f"{seed}:{target}:{number}"), summary.seen)
        except Exception as error:
            raise BrokenError(
                f"{target}: block {number}: {type(error).__name__}: {error}\n"
                f"again: python -m tests.fuzz {target} --seed {seed} --first {number} --count 1"
            ) from error
        number += 1
        if number - first == WARM_BLOCKS:
            peak = peak_octets()
        summary.seconds = time.monotonic() - begun
        progress(summary)
    summary.grown = peak_octets() - peak if peak else 0
    if summary.grown > GROWTH_OCTETS:
        raise BrokenError(f"{target}: memory grew by {summary.grown} octets in {summary.inputs} inputs")
    return summary


def peak_octets() -> int:
    """The most memory this process ever held (getrusage(2) would count its parent's, too)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Raises EndlessError in the block once this process has computed for that long; waiting does not count."""

    def endless(_: int, __: FrameType | None) -> None:
        raise EndlessError(f"still computing after {seconds} s")

    before = signal.signal(signal.SIGVTALRM, endless)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
