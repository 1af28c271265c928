"""Site text -> Policy, with every refusal as a typed answer: the enforcer parses, compiles and checks again itself.

May live here: calling the pure packages and spelling what they object to. May not: the kernel, disk, clock.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.wire import INVARIANT, SITE_REFUSED, CommandRefused
from ruleset import invariants
from ruleset.compile import compile_ruleset
from ruleset.live import LiveState
from ruleset.load import load_site
from ruleset.problems import Problem, errors
from ruleset.resolved import ResolvedSite
from ruleset.tree import Ruleset

MAX_TOLD = 100


@dataclass(frozen=True, slots=True)
class Policy:
    """A site and what it compiled to at one moment."""

    site: bytes
    site_path: str
    resolved: ResolvedSite
    ruleset: Ruleset


def parse(site: bytes, path: str, now: datetime, *, applied_before: bool = False) -> ResolvedSite:
    """Raises CommandRefused with every problem. With `applied_before` an expired permit is no error (see load_site)."""
    loaded = load_site(site, path, now, applied_before=applied_before)
    if loaded.resolved is None:
        wrong = errors(loaded.problems)
        first = wrong[0].line() if wrong else f"{path}: not a site file"
        raise CommandRefused(
            SITE_REFUSED,
            f"{first}{f' and {len(wrong) - 1} more' if len(wrong) > 1 else ''}",
            "see `clinicgate check`; nothing was applied",
            problems=_told(loaded.problems),
        )
    return loaded.resolved


def hold_invariants(resolved: ResolvedSite, ruleset: Ruleset, live: LiveState) -> None:
    """Raises CommandRefused naming every broken invariant and the rule that breaks it."""
    broken = invariants.check(resolved, ruleset, live)
    if broken:
        raise CommandRefused(
            INVARIANT,
            f"{broken[0].line()}{f' and {len(broken) - 1} more' if len(broken) > 1 else ''}",
            "change the permit, or add a waiver with a reason and an expiry; nothing was applied",
            violations=[violation.as_dict() for violation in broken[:MAX_TOLD]],
        )


def prepare(site: bytes, path: str, live: LiveState, now: datetime) -> Policy:
    """A site that was applied before, compiled for now: what has expired is left out. Raises CommandRefused."""
    resolved = parse(site, path, now, applied_before=True)
    ruleset = compile_ruleset(resolved, live, now)
    hold_invariants(resolved, ruleset, live)
    return Policy(site, path, resolved, ruleset)


def _told(problems: list[Problem]) -> list[dict[str, Any]]:
    return [dict(problem.as_dict()) for problem in problems[:MAX_TOLD]]
