"""What is wrong with an input, and where: the value every reader of a site file returns beside its result.

May live here: the Problem value and its two spellings (a line for people, a dict for machines).
May not: finding problems (the readers do that) or printing them (the command line does that).
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text: line and column, both counted from 1."""

    line: int
    column: int


START = Mark(1, 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `code` is stable, `what` and `hint` are for people."""

    file: str
    mark: Mark
    code: str
    what: str
    hint: str = ""
    severity: Severity = "error"

    def line(self) -> str:
        """`file:line:col: error: what (hint)`, the spelling editors jump to."""
        text = f"{printable(self.file)}:{self.mark.line}:{self.mark.column}: {self.severity}: {printable(self.what)}"
        return f"{text} ({printable(self.hint)})" if self.hint else text

    def as_dict(self) -> dict[str, str | int]:
        """The same facts for machines."""
        return {
            "file": self.file,
            "line": self.mark.line,
            "column": self.mark.column,
            "severity": self.severity,
            "code": self.code,
            "what": self.what,
            "hint": self.hint,
        }


def printable(text: str, limit: int = 300) -> str:
    """`text` with control characters escaped and its length bounded: a terminal must not obey a file."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def by_place(problems: list[Problem]) -> list[Problem]:
    """Sorted as a reader meets them in the file, each once."""
    return sorted(set(problems), key=lambda p: (p.file, p.mark.line, p.mark.column, p.code, p.what))


def errors(problems: list[Problem]) -> list[Problem]:
    """Only what refuses the input."""
    return [p for p in problems if p.severity == "error"]
