"""Is everything in order: the checks as registered data, and their judgement over what was observed.

A check is a code, a severity, what it depends on, and for how long it must be wrong before people hear of it. While a
check it depends on is wrong, it stays silent: one cause is told once. Titles and texts are in the page's locales under
`health.<code>.title` and `health.<code>.text`, so every language has them or a test fails.

The watcher gives its sign of life as a small file in the run folder, which is in memory: a heartbeat in the store
would wear out a memory card.

May live here: the checks, their judgement (the time is an argument), that small file.
May not: asking anybody, texts for people.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from gateway.vitals import ListState, Vitals, read_lists, read_vitals

SIGN_OF_LIFE = "watcher.json"
MAX_SIGN_BYTES = 4096
HEARTBEAT_SECONDS = 15.0  # the watcher gives its sign of life every few seconds
RESOLVER_SECONDS = 45.0
DISK_LOW_PERCENT, DISK_FULL_PERCENT = 10.0, 2.0


class Severity(IntEnum):
    """NOTE: worth knowing. ATTENTION: the technician should look. PROBLEM: protection or work is at stake."""

    NOTE = 1
    ATTENTION = 2
    PROBLEM = 3


class State(StrEnum):
    """The one answer to "is everything protected?". UNKNOWN: the page cannot see the guard, and says so.

    ISOLATED: nothing is wrong with the gateway, but somebody is cut off, which is not "everything in order" either.
    """

    PROTECTED = "protected"
    ISOLATED = "isolated"
    ATTENTION = "attention"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Observed:
    """What the page could find out. `status` is the enforcer's answer; times are epoch seconds, None: never.

    `facts` are the watcher's signs of life, `store_error` is why its store could not be read. `vitals` and `lists` are
    what the resolver says about itself, `old_lists` those whose publisher gave no news for too long.
    """

    status: Mapping[str, Any] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    store_error: str = ""
    lost_today: int = 0
    vitals: Vitals | None = None
    lists: tuple[ListState, ...] = ()
    old_lists: tuple[str, ...] = ()

    def time(self, name: str) -> float | None:
        """A fact that is a time."""
        try:
            return float(self.facts[name])
        except (KeyError, ValueError):
            return None

    def older_than(self, name: str, seconds: float, now: float) -> bool:
        """Whether that time is missing, too long ago, or in the future (a clock that jumped)."""
        at = self.time(name)
        return at is None or not -seconds <= now - at <= seconds


@dataclass(frozen=True, slots=True)
class Check:
    """`wrong` gets what was observed and the time. `delay` in seconds. `hides`: the state cannot be known."""

    code: str
    severity: Severity
    wrong: Callable[[Observed, float], bool]
    depends_on: tuple[str, ...] = ()
    delay: float = 0.0
    hides: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that is wrong since `since` (epoch seconds)."""

    code: str
    severity: Severity
    since: float


@dataclass(frozen=True, slots=True)
class Health:
    """The state, and the findings behind it, worst first."""

    state: State
    findings: tuple[Finding, ...]


def _disk_below(percent: float) -> Callable[[Observed, float], bool]:
    def wrong(observed: Observed, _: float) -> bool:
        free = observed.time("disk_free_percent")
        return free is not None and free < percent

    return wrong


def _of_resolver(wrong: Callable[[Vitals], bool]) -> Callable[[Observed, float], bool]:
    """A resolver that says nothing is `resolver-silent`, no more."""
    return lambda observed, _: observed.vitals is not None and wrong(observed.vitals)


_NAMES = ("enforcer-unreachable", "policy-missing", "resolver-silent")
CHECKS = (
    Check("enforcer-unreachable", Severity.PROBLEM, lambda o, _: o.status is None, delay=10, hides=True),
    Check(
        "policy-missing",
        Severity.PROBLEM,
        lambda o, _: o.status is not None and not o.status.get("generation"),
        depends_on=("enforcer-unreachable",),
    ),
    Check(
        "policy-drift",
        Severity.PROBLEM,
        lambda o, _: o.status is not None and bool(o.status.get("drift")),
        depends_on=("enforcer-unreachable", "policy-missing"),
        delay=5,
    ),
    Check(
        "policy-stand-in",
        Severity.ATTENTION,
        lambda o, _: o.status is not None and o.status.get("state") == "stand-in",
        depends_on=("enforcer-unreachable", "policy-missing"),
    ),
    Check(
        "policy-unconfirmed",
        Severity.NOTE,
        lambda o, _: o.status is not None and bool(o.status.get("pending")),
        depends_on=("enforcer-unreachable",),
    ),
    Check("store-unreadable", Severity.ATTENTION, lambda o, _: bool(o.store_error), delay=10),
    Check(
        "watcher-silent",
        Severity.ATTENTION,
        lambda o, now: o.older_than("heartbeat", HEARTBEAT_SECONDS, now),
        depends_on=("store-unreadable",),
        delay=5,
    ),
    Check(
        "log-unheard",
        Severity.ATTENTION,
        lambda o, _: o.facts.get("log") != "open",
        depends_on=("store-unreadable", "watcher-silent", "enforcer-unreachable", "policy-missing"),
        delay=30,
    ),
    Check(
        "resolver-silent",
        Severity.PROBLEM,
        lambda o, now: o.older_than("resolver_answered", RESOLVER_SECONDS, now),
        depends_on=("store-unreadable", "watcher-silent", "enforcer-unreachable", "policy-missing"),
        delay=20,
    ),
    Check(
        "recursion-down",
        Severity.PROBLEM,
        _of_resolver(lambda v: v.recursion == "down"),
        depends_on=_NAMES,
        delay=10,
    ),
    Check(
        "upstreams-silent",
        Severity.PROBLEM,
        _of_resolver(lambda v: v.upstreams == "silent"),
        depends_on=(*_NAMES, "recursion-down"),
        delay=10,
    ),
    Check("resolver-overloaded", Severity.ATTENTION, _of_resolver(lambda v: v.overload > 0), depends_on=_NAMES),
    Check("time-unknown", Severity.NOTE, _of_resolver(lambda v: v.time_unknown), depends_on=_NAMES),
    Check("list-missing", Severity.ATTENTION, lambda o, _: any(one.missing for one in o.lists), _NAMES),
    Check("list-refused", Severity.NOTE, lambda o, _: any(one.refused for one in o.lists), _NAMES, delay=60),
    Check("list-old", Severity.ATTENTION, lambda o, _: bool(o.old_lists), depends_on=_NAMES),
    Check("records-lost", Severity.NOTE, lambda o, _: o.lost_today > 0, depends_on=("store-unreadable",)),
    Check("disk-full", Severity.PROBLEM, _disk_below(DISK_FULL_PERCENT), depends_on=("store-unreadable",)),
    Check("disk-low", Severity.ATTENTION, _disk_below(DISK_LOW_PERCENT), depends_on=("store-unreadable", "disk-full")),
)


class HealthWatch:
    """Remembers since when each check is wrong, so that a hiccup of a second alarms nobody."""

    def __init__(self, checks: tuple[Check, ...] = CHECKS) -> None:
        self._checks = checks
        self._since: dict[str, float] = {}
        self._seen = False

    def look(self, observed: Observed, now: float) -> Health:
        """Judge what was observed at `now` (epoch seconds)."""
        wrong = {check.code for check in self._checks if check.wrong(observed, now)}
        self._since = {code: min(self._since.get(code, now), now) for code in wrong}
        told = [check for check in self._checks if check.code in wrong and self._is_due(check, wrong, now)]
        findings = [Finding(check.code, check.severity, self._since[check.code]) for check in told]
        findings.sort(key=lambda finding: (-finding.severity, finding.since, finding.code))
        blind = any(check.hides and check.code in wrong for check in self._checks)
        self._seen = self._seen or not blind
        state = State.UNKNOWN if blind and not self._seen else _state(told)
        if state is State.PROTECTED and observed.status and observed.status.get("quarantine"):
            state = State.ISOLATED
        return Health(state, tuple(findings))

    def _is_due(self, check: Check, wrong: set[str], now: float) -> bool:
        return not wrong.intersection(check.depends_on) and now - self._since[check.code] >= check.delay


def _state(told: list[Check]) -> State:
    worst = max((check.severity for check in told), default=Severity.NOTE)
    if any(check.hides for check in told):
        return State.UNKNOWN
    return {Severity.NOTE: State.PROTECTED, Severity.ATTENTION: State.ATTENTION, Severity.PROBLEM: State.PROBLEM}[worst]


def write_sign_of_life(run: Path, signs: Mapping[str, str]) -> None:
    """Replace the file whole, so that a reader never sees half of it. A folder that is full or gone is borne."""
    path = run / SIGN_OF_LIFE
    fresh = path.with_name(path.name + ".new")
    with contextlib.suppress(OSError):
        fresh.write_text(json.dumps(dict(signs)))
        fresh.chmod(0o644)
        fresh.replace(path)


def read_sign_of_life(run: Path) -> dict[str, str]:
    """What the watcher wrote last; empty when there is nothing readable."""
    try:
        with (run / SIGN_OF_LIFE).open("rb") as file:
            signs = json.loads(file.read(MAX_SIGN_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in signs.items()} if isinstance(signs, dict) else {}


def resolver_facts(vitals: Path, status: Path, now: float) -> tuple[Vitals | None, tuple[ListState, ...]]:
    """What the resolver says about itself in its two files; `now` in epoch seconds."""
    return read_vitals(vitals, now), read_lists(status)


def withdraw_sign_of_life(run: Path) -> None:
    """An orderly end is told at once, not after the heartbeat has grown old."""
    with contextlib.suppress(OSError):
        (run / SIGN_OF_LIFE).unlink()
