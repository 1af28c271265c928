"""What became of a list's lines: counted, with samples of the rejects, and safe to show.

May live here: the report and its form as JSON inside the compiled file. May not: reading lists, words for people.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from filters.lists.rules import Format, Reject

SAMPLES_A_REJECT = 5
SAMPLE_TEXT = 80  # characters of a rejected line that are kept
MAX_ID = 100  # characters of a list's id


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """`text` is ASCII, escaped and cut: safe to show."""

    line: int
    reason: Reject
    text: str


@dataclass(frozen=True, slots=True)
class ListReport:
    """`rules`: names and patterns the list covers; `rejects`: lines by reason, `samples`: the first few of each."""

    name: str
    format: Format
    lines: int
    rules: int
    rejects: Mapping[Reject, int]
    samples: tuple[RejectedLine, ...]


class Rejects:
    """Collects the rejects of one list."""

    def __init__(self) -> None:
        self.counts: Counter[Reject] = Counter()
        self._samples: list[RejectedLine] = []

    def add(self, number: int, reason: Reject, line: bytes = b"") -> None:
        self.counts[reason] += 1
        if self.counts[reason] <= SAMPLES_A_REJECT:
            self._samples.append(RejectedLine(number, reason, shown(line)))

    def samples(self) -> tuple[RejectedLine, ...]:
        return tuple(sorted(self._samples, key=lambda sample: sample.line))


def shown(line: bytes) -> str:
    """A line of anybody's as harmless text."""
    return safe(line[: SAMPLE_TEXT * 4].decode("utf-8", "replace").strip())[:SAMPLE_TEXT]


def safe(text: str) -> str:
    """The text in printable ASCII; what is not is written as Python writes it."""
    return text if text.isascii() and text.isprintable() else ascii(text)[1:-1]


def to_json(report: ListReport) -> dict[str, Any]:
    samples = [[sample.line, sample.reason, sample.text] for sample in report.samples]
    rejects = {str(reason): count for reason, count in report.rejects.items()}
    return {
        "name": report.name,
        "format": report.format,
        "lines": report.lines,
        "rules": report.rules,
        "rejects": rejects,
        "samples": samples,
    }


def from_json(value: Any) -> ListReport:
    """The report again. Raises ValueError for anything `to_json` does not write."""
    try:
        rejects = {Reject(reason): _count(count) for reason, count in value["rejects"].items()}
        samples = tuple(
            RejectedLine(_count(line), Reject(why), safe(str(text))) for line, why, text in value["samples"]
        )
        name, lines, rules = value["name"], _count(value["lines"]), _count(value["rules"])
        if not isinstance(name, str) or len(name) > MAX_ID:
            raise ValueError("a list without a name")
        return ListReport(name, Format(value["format"]), lines, rules, rejects, samples)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError("the reports of the lists cannot be read") from error


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a count")
    return value
