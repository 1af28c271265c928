"""What changed in the policy and the quarantine between two looks at the enforcer, as events.

The last look is remembered in the store, so that a change made while the watcher was down is still told.

May live here: the remembered look, its text form, the comparison. May not: asking the enforcer, the clock.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.events import Happening, Kind

MAX_QUARANTINED = 500


@dataclass(frozen=True, slots=True)
class Look:
    """The generation in force (None: none yet), whether it waits for its confirm, and who is isolated and why."""

    generation: int | None = None
    pending: bool = False
    actor: str = ""
    quarantined: Mapping[str, str] = field(default_factory=dict)

    def to_text(self) -> str:
        """One line of JSON, short enough for a fact; reasons are left out, they were told when it happened."""
        return json.dumps([self.generation, self.pending, sorted(self.quarantined)[:MAX_QUARANTINED]])

    @classmethod
    def from_text(cls, text: str | None) -> "Look | None":
        """None for anything that is not our own line."""
        try:
            generation, pending, names = json.loads(text or "")
        except (ValueError, TypeError, RecursionError):
            return None
        if not (generation is None or isinstance(generation, int)) or not isinstance(names, list):
            return None
        return cls(generation, bool(pending), "", {str(name): "" for name in names})

    @classmethod
    def from_status(cls, status: Mapping[str, Any]) -> "Look":
        """From the enforcer's `status`, whatever is missing in it. Generation 0 is the closed policy: nothing yet."""
        generation, pending, quarantine = (status.get(key) for key in ("generation", "pending", "quarantine"))
        entries = quarantine if isinstance(quarantine, list) else []
        return cls(
            generation if isinstance(generation, int) and generation > 0 else None,
            bool(pending),
            str(pending.get("actor", "")) if isinstance(pending, dict) else "",
            dict(_isolated(entry) for entry in entries[:MAX_QUARANTINED] if isinstance(entry, dict)),
        )


def _isolated(entry: Mapping[str, Any]) -> tuple[str, str]:
    addresses = entry.get("addresses") or [""]
    return str(entry.get("device") or entry.get("mac") or addresses[0]), str(entry.get("reason", ""))


def changes(before: Look, after: Look, at: float) -> list[Happening]:
    """The events between two looks; `at` (epoch seconds) is when the later one was taken."""
    return [*_policy(before, after, at), *_quarantine(before, after, at)]


def _policy(before: Look, after: Look, at: float) -> list[Happening]:
    number = "" if after.generation is None else str(after.generation)
    if after.generation != before.generation and after.generation is not None:
        back = before.generation is not None and after.generation < before.generation
        kind = Kind.POLICY_ROLLED_BACK if back else Kind.POLICY_APPLIED
        return [Happening(kind, at, number, after.actor)]
    if before.pending and not after.pending and after.generation is not None:
        return [Happening(Kind.POLICY_CONFIRMED, at, number)]
    return []


def _quarantine(before: Look, after: Look, at: float) -> list[Happening]:
    added = [name for name in after.quarantined if name not in before.quarantined]
    removed = [name for name in before.quarantined if name not in after.quarantined]
    return [
        *(Happening(Kind.DEVICE_QUARANTINED, at, name, detail=after.quarantined[name]) for name in added),
        *(Happening(Kind.DEVICE_RELEASED, at, name) for name in removed),
    ]
