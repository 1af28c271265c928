"""The steps of an apply, by name and number, told as they begin.

May live here: their names and the counting. May not: doing any of them.
"""

from collections.abc import Callable
from typing import Literal, get_args

Tell = Callable[[str, int, int], None]
Step = Literal[
    "parse",
    "compile",
    "invariants",
    "dry run",
    "save",
    "announce",
    "load",
    "read back",
    "probe",
    "wait for confirm",
]
STEPS: tuple[Step, ...] = get_args(Step)


class Progress:
    """Tells each step once, in order; a listener that fails does not stop the apply."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def __call__(self, step: Step) -> None:
        self._tell(step, STEPS.index(step) + 1, len(STEPS))


def silent(text: str, step: int, of: int) -> None:
    """A listener that listens to nothing."""
