"""What the page is made of: one look at the store, the watcher's sign of life and the enforcer, kept for two seconds.

However many browsers ask, the enforcer and the store are asked once in that time. What cannot be had is left out and
becomes a health finding; a look never fails.

May live here: asking, and remembering the last look. May not: words, markup, SQL.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.events import LossCause
from gateway.health import Health, HealthWatch, Observed, read_sign_of_life, resolver_facts
from gateway.paths import Paths
from gateway.report import ListFacts, Names, Summary, lists_of, names, summary
from gateway.store.reader import StoreUnavailableError

KEPT_SECONDS = 2.0
FAR_AWAY = 4102444800.0  # 2100, in epoch seconds: nothing is allowed for so long
NAMES_KEPT_SECONDS = 10.0  # a week of names takes longer to read, and is written once a minute
ENFORCER_TIMEOUT = 2.0
MAX_ISOLATED = MAX_ALLOWED = 100


@dataclass(frozen=True, slots=True)
class Isolated:
    """A device in quarantine as the enforcer names it; `name` is a device id, a MAC or an address."""

    name: str
    reason: str
    since: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """A name that a person allowed for a while; `until` in epoch seconds. Neither zone nor device: for everybody."""

    name: str
    zone: str
    device: str
    reason: str
    actor: str
    until: float


@dataclass(frozen=True, slots=True)
class View:
    """One look at `now` (epoch seconds). None: could not be had."""

    now: float
    health: Health
    summary: Summary | None
    status: Mapping[str, Any] | None
    isolated: tuple[Isolated, ...] | None
    allowed: tuple[Allowed, ...] | None = None


@dataclass(frozen=True, slots=True)
class NamesView:
    """One look at the names of the week, over a `view` of everything else.

    `in_force`: the resolver's count of rules, of every list that it uses, by id.
    """

    view: View
    names: Names | None
    lists: tuple[ListFacts, ...]
    in_force: Mapping[str, int] = field(default_factory=dict)


class Observer:
    """`view()` from any thread."""

    def __init__(self, paths: Paths, clock: Callable[[], float]) -> None:
        self._paths = paths
        self._clock = clock
        self._watch = HealthWatch()
        self._lock = threading.Lock()
        self._kept: View | None = None
        self._names: NamesView | None = None

    def view(self) -> View:
        """The last look, or a new one when that is more than two seconds old."""
        with self._lock:
            now = self._clock()
            if self._kept is None or not 0 <= now - self._kept.now < KEPT_SECONDS:
                self._kept = self._look(now)
            return self._kept

    def names(self) -> NamesView:
        """As `view`, with the names."""
        view = self.view()
        with self._lock:
            kept = self._names
            if kept is None or not 0 <= view.now - kept.view.now < NAMES_KEPT_SECONDS:
                _, states = resolver_facts(self._paths.resolver_vitals, self._paths.resolver_status, view.now)
                lists = lists_of(self._paths.lists, view.now, states)
                in_force = {one.id: one.rules for one in states if one.rules}
                kept = self._names = NamesView(view, self._read_names(view), lists, in_force)
            return kept

    def _read_names(self, view: View) -> Names | None:
        if view.summary is None:
            return None
        try:
            return names(self._paths.events_database, [bar.label for bar in view.summary.days])
        except StoreUnavailableError:
            return None

    def _look(self, now: float) -> View:
        status = self._ask_enforcer()
        past, error = self._read_store(now)
        lost = sum(loss.today for loss in past.losses if loss.cause is not LossCause.LOG_FULL) if past else 0
        signs = read_sign_of_life(self._paths.run)
        vitals, lists = resolver_facts(self._paths.resolver_vitals, self._paths.resolver_status, now)
        old = tuple(one.id for one in lists_of(self._paths.lists, now) if one.old)
        health = self._watch.look(Observed(status, signs, error, lost, vitals, lists, old), now)
        if status is None:
            return View(now, health, past, None, None)
        return View(now, health, past, status, _isolated(status), _allowed(status))

    def _ask_enforcer(self) -> Mapping[str, Any] | None:
        try:
            with EnforcerClient(self._paths.enforcer_socket, ENFORCER_TIMEOUT) as client:
                return client.call("status")
        except (EnforcerUnavailable, Refused):
            return None

    def _read_store(self, now: float) -> tuple[Summary | None, str]:
        try:
            return summary(self._paths.events_database, now), ""
        except StoreUnavailableError as error:
            return None, str(error)


def _isolated(status: Mapping[str, Any]) -> tuple[Isolated, ...]:
    entries = status.get("quarantine")
    listed = entries if isinstance(entries, list) else []
    return tuple(_one_isolated(entry) for entry in listed[:MAX_ISOLATED] if isinstance(entry, dict))


def _one_isolated(entry: Mapping[str, Any]) -> Isolated:
    addresses = entry.get("addresses") or [""]
    name = entry.get("device") or entry.get("mac") or addresses[0]
    return Isolated(str(name), str(entry.get("reason", "")), str(entry.get("since", "")))


def _allowed(status: Mapping[str, Any]) -> tuple[Allowed, ...]:
    entries = status.get("allowances")
    listed = entries if isinstance(entries, list) else []
    return tuple(_one_allowed(entry) for entry in listed[:MAX_ALLOWED] if isinstance(entry, dict))


def _one_allowed(entry: Mapping[str, Any]) -> Allowed:
    name, zone, device, reason, actor = (str(entry.get(k, "")) for k in ("name", "zone", "device", "reason", "actor"))
    until = entry.get("until")
    at = float(until) if isinstance(until, int | float) and 0 <= until < FAR_AWAY else 0.0
    return Allowed(name, zone, device, reason, actor, at)
