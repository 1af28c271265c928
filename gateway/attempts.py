"""Rows of the store folded into attempts: who tried what towards where, and why it was stopped.

May live here: the closed list of reasons, how a rule id tells one, the folding. May not: periods and pictures (report).
"""

import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.events import Kind

MAX_PLACES = 5


class Reason(StrEnum):
    """Why something was stopped: every value has a sentence in every language."""

    LISTED_NAME = "listed_name"
    REFUSED_NAME = "refused_name"  # by the site's own rules, or because of where it points
    ENCRYPTED_DNS = "encrypted_dns"  # names looked up elsewhere, past the filter
    QUARANTINE = "quarantine"
    INBOUND = "inbound"
    SPOOFED = "spoofed"
    DANGEROUS_SERVICE = "dangerous_service"
    LISTED_ADDRESS = "listed_address"
    NOT_PERMITTED = "not_permitted"


# The first word that is a part of the rule id decides (ids: ruleset.compile_parts).
REASON_OF_RULE = (
    ("quarantine", Reason.QUARANTINE),
    ("forged", Reason.SPOOFED),
    ("feed", Reason.LISTED_ADDRESS),
    ("refuse", Reason.DANGEROUS_SERVICE),
)
# Rules, and a resolver's reason, that keep encrypted DNS away: what browsers and telephones try by themselves.
AROUND = frozenset({"refuse:base:dns-bypass", "refuse:encrypted-dns:doh", "refuse:listed:doh", "dns:encrypted_dns"})
NAMING_RULES = ("list:", "refuse:")  # their last part names a block list, or a service of the always-refused list


def reason_of(kind: str, zone: str, rule: str) -> Reason:
    """The reason behind a rule id or list id."""
    if rule in AROUND:
        return Reason.ENCRYPTED_DNS
    if kind == Kind.NAME_BLOCKED:
        return Reason.LISTED_NAME if rule.startswith("list:") else Reason.REFUSED_NAME
    parts = rule.split(":")
    for word, reason in REASON_OF_RULE:
        if word in parts:
            return reason
    return Reason.INBOUND if zone == "internet" else Reason.NOT_PERMITTED


@dataclass(frozen=True, slots=True)
class Place:
    """One thing an attempt aimed at: an address, device or name, and the service. Empty: several, not told apart."""

    destination: str
    service: str
    count: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One source that tried one kind of thing, `count` times, or more often when `at_least`.

    `places` are the most frequent of `all_places`; `via` are the block lists or refused services behind it.
    """

    kind: str
    zone: str
    source: str
    target: str
    reason: Reason
    count: int
    first_seen: float
    last_seen: float
    places: tuple[Place, ...]
    all_places: int
    via: tuple[str, ...] = ()
    at_least: bool = False


@dataclass(slots=True)
class _Gathering:
    """An attempt while its rows come in."""

    count: int = 0
    first_seen: float = float("inf")
    last_seen: float = 0.0
    places: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)


_Key = tuple[str, str, str, str, Reason]


def attempts_of(connection: sqlite3.Connection, span: tuple[str, str], kernel: dict[str, int]) -> list[Attempt]:
    """Every attempt of those days, the most frequent first. `kernel` is what the kernel counted for each rule."""
    found: defaultdict[_Key, _Gathering] = defaultdict(_Gathering)
    for kind, zone, source, target, rule, destination, service, count, first, last in connection.execute(
        "SELECT kind, zone, source, target, rule, destination, service, sum(count), min(first_seen), max(last_seen)"
        " FROM blocked WHERE day BETWEEN ? AND ? GROUP BY kind, zone, source, target, rule, destination, service",
        span,
    ):
        who = "" if zone == "internet" else source  # strangers are one source
        gathering = found[kind, zone, who, target, reason_of(kind, zone, rule)]
        gathering.count += count
        gathering.first_seen = min(gathering.first_seen, first)
        gathering.last_seen = max(gathering.last_seen, last)
        gathering.places[destination, "" if kind == Kind.NAME_BLOCKED else service] += count
        gathering.rules[rule] += count
    described: Counter[str] = Counter()
    sharing: Counter[str] = Counter()
    for gathering in found.values():
        described.update(gathering.rules)
        sharing.update(gathering.rules.keys())
    more = {rule: packets - described[rule] for rule, packets in kernel.items() if packets > described[rule]}
    attempts = [_attempt(key, gathering, more, sharing) for key, gathering in found.items()]
    return sorted(attempts, key=lambda a: (-a.count, a.zone, a.source, a.target, a.reason))


def _attempt(key: _Key, gathering: _Gathering, more: dict[str, int], sharing: Counter[str]) -> Attempt:
    """`more` packets were counted by a rule than described: all are this attempt's if nobody shares the rule."""
    kind, zone, source, target, reason = key
    own = sum(more.get(rule, 0) for rule in gathering.rules if sharing[rule] == 1)
    via = {rule.rsplit(":", 1)[-1] for rule in gathering.rules if rule.startswith(NAMING_RULES)}
    return Attempt(
        kind=kind,
        zone=zone,
        source=source,
        target=target,
        reason=reason,
        count=gathering.count + own,
        first_seen=gathering.first_seen,
        last_seen=gathering.last_seen,
        places=_most(gathering.places),
        all_places=len(gathering.places),
        via=tuple(sorted(via)),
        at_least=any(rule in more and sharing[rule] > 1 for rule in gathering.rules),
    )


def _most(counter: Counter[tuple[str, str]]) -> tuple[Place, ...]:
    ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Place(destination, service, count) for (destination, service), count in ordered[:MAX_PLACES])
