"""The plan: what becomes different when one site replaces another, in sentences, with a risk class.

May live here: the Plan value and its spellings. May not: finding changes (plan_access.py, plan_changes.py), weighing
them (plan_risk.py), sentences (plan_text.py).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ruleset.plan_access import access_changes, by_risk
from ruleset.plan_changes import other_changes
from ruleset.plan_risk import Change, Risk, highest
from ruleset.plan_text import WHY
from ruleset.resolved import ResolvedSite

MAX_SHOWN = 60
ACCESS = ("access-gained", "access-lost", "forward-opened", "forward-closed")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that changes, the riskiest first. `first` means: there is no earlier policy to compare with."""

    changes: tuple[Change, ...]
    first: bool = False

    @property
    def risk(self) -> Risk:
        """The highest risk of any change."""
        return highest(self.changes)

    @property
    def access(self) -> tuple[Change, ...]:
        """Only who gains and who loses."""
        return tuple(change for change in self.changes if change.code in ACCESS)

    def text(self) -> str:
        """For people: a summary, then a sentence a change."""
        if not self.changes:
            return "Nothing changes.\n"
        count = "1 change" if len(self.changes) == 1 else f"{len(self.changes)} changes"
        lines = [f"{'First policy: ' if self.first else ''}{count}, highest risk: {self.risk}"]
        lines += [f"  [{c.risk}] {c.text()} ({WHY[c.why]})" for c in self.changes[:MAX_SHOWN]]
        if len(self.changes) > MAX_SHOWN:
            lines.append(f"  and {len(self.changes) - MAX_SHOWN} more of lower or equal risk")
        if not self.access:
            lines.append("Nobody gains or loses access.")
        return "\n".join(lines) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """For machines, whole."""
        return {
            "first": self.first,
            "risk": self.risk,
            "changes": [change.as_dict() for change in self.changes],
        }


def plan(old: ResolvedSite | None, new: ResolvedSite, now: datetime | None = None) -> Plan:
    """Compares two sites. Without `old` everything that `new` allows is a gain.

    `now` decides what has ended; without it, ends are not looked at."""
    before = old if old is not None else _nothing(new)
    return Plan(by_risk((*access_changes(before, new, now), *other_changes(before, new))), first=old is None)


def _nothing(new: ResolvedSite) -> ResolvedSite:
    """A site like `new` in which nobody may do anything: the comparison for a first policy."""
    return replace(new, grants=(), forwards=(), video_names=(), waived_invariants=frozenset())
