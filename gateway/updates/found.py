"""What reading a list found: one value, and its form as JSON, in which the confined process tells it.

May live here: that. May not: reading lists (inspection.py), the process (confined.py), judging (guard.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ruleset.problems import printable

MAX_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a list holds. `rejects`: words -> lines, `samples`: (line, words, text safe to show), `protected`: protected
    names that it hits, `ended`: the last line has an end mark, `terms`: what the publisher wants to be shown, `memory`:
    octets that reading it took at most."""

    format: str
    octets: int
    lines: int
    rules: int
    ended: bool
    rejects: Mapping[str, int] = field(default_factory=dict)
    samples: Sequence[Sequence[Any]] = ()
    protected: Sequence[str] = ()
    terms: str = ""
    memory: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def from_dict(value: Any) -> Inspection | None:
    """The inspection again; None for anything else: the process it comes from has read untrusted octets."""
    if not isinstance(value, dict) or not all(isinstance(value.get(k), int) for k in ("octets", "lines", "rules")):
        return None
    memory = value.get("memory")
    rejects, samples, protected = (value.get(key) for key in ("rejects", "samples", "protected"))
    if not isinstance(rejects, dict) or not isinstance(samples, list) or not isinstance(protected, list):
        return None
    return Inspection(
        printable(str(value.get("format"))),
        value["octets"],
        value["lines"],
        value["rules"],
        bool(value.get("ended")),
        {printable(str(why)): count for why, count in rejects.items() if isinstance(count, int)},
        [[printable(str(part)) for part in sample] for sample in samples[:MAX_SAMPLES] if isinstance(sample, list)],
        tuple(printable(str(name)) for name in protected),
        printable(str(value.get("terms") or "")),
        memory if isinstance(memory, int) else 0,
    )
