"""What our table holds in the kernel, read back: for the next transaction, for the read-back check and for drift.

Input is what `KernelNft.ruleset` answers (libnftables-json(5)). Handles and counts are left out, because they change by
themselves; everything else of a chain goes into its digest.

May live here: reading a listing, comparing two. May not: asking the kernel, mending what differs.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from ruleset.render import Existing
from ruleset.tree import Ruleset

FAMILY = "inet"
VOLATILE = {"handle", "packets", "bytes", "index"}
MAX_DIFFERENCES = 10
Counts = dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Listing:
    """Our table as it is. `rules` has the rule ids of each chain in order ("" for a rule without one); `digests` one
    SHA-256 a chain; `other_tables` names the tables that are not ours."""

    present: bool
    rules: dict[str, tuple[str, ...]]
    digests: dict[str, str]
    sets: frozenset[str]
    flowtables: frozenset[str]
    counters: Counts = field(compare=False)
    other_tables: tuple[str, ...] = field(default=(), compare=False)

    def existing(self) -> Existing:
        """For the renderer: what the next transaction must delete or may keep."""
        return Existing(frozenset(self.rules), self.sets, frozenset(self.counters), self.flowtables)


def read(objects: list[dict[str, Any]], table: str) -> Listing:
    chains: dict[str, list[dict[str, Any]]] = {}
    rules: dict[str, list[str]] = {}
    sets, flowtables, counters, others = set[str](), set[str](), dict[str, tuple[int, int]](), list[str]()
    present = False
    for kind, value in (pair for entry in objects for pair in entry.items()):
        if kind == "table":
            ours = value["family"] == FAMILY and value["name"] == table
            present = present or ours
            others += [] if ours else [f"{value['family']} {value['name']}"]
        elif value.get("family") != FAMILY or value.get("table") != table:
            continue
        elif kind == "chain":
            chains.setdefault(value["name"], []).insert(0, value)
            rules.setdefault(value["name"], [])
        elif kind == "rule":
            chains.setdefault(value["chain"], []).append(value)
            rules.setdefault(value["chain"], []).append(str(value.get("comment", "")))
        elif kind in {"set", "map"}:
            sets.add(value["name"])
        elif kind == "flowtable":
            flowtables.add(value["name"])
        elif kind == "counter":
            counters[value["name"]] = (int(value["packets"]), int(value["bytes"]))
    return Listing(
        present,
        {name: tuple(ids) for name, ids in rules.items()},
        {name: _digest(parts) for name, parts in chains.items()},
        frozenset(sets),
        frozenset(flowtables),
        counters,
        tuple(others),
    )


def missing(wanted: Ruleset, found: Listing) -> list[str]:
    """Sentences on how the table differs from what was asked: chains, rules by id and order, sets, counters."""
    if not found.present:
        return [f"table {FAMILY} {wanted.table} is not there"]
    asked = {chain.name: tuple(rule.id for rule in chain.rules) for chain in wanted.chains}
    differences = _rules_differ(asked, found.rules)
    for word, want, have in (
        ("set", {s.name for s in wanted.sets}, found.sets),
        ("counter", set(wanted.counters), set(found.counters)),
        ("flow table", {f.name for f in wanted.flowtables}, found.flowtables),
    ):
        differences += [f"{word} {name} is missing" for name in sorted(want - have)]
    return differences[:MAX_DIFFERENCES]


def drift(expected: Listing, found: Listing) -> list[str]:
    """Sentences on what somebody else changed since we read the table back."""
    if not found.present:
        return [f"the whole table is gone: nothing is filtered ({FAMILY})"]
    differences = _rules_differ(expected.rules, found.rules)
    differences += [
        f"a rule or the head of chain {name} was altered"
        for name, digest in sorted(expected.digests.items())
        if found.rules.get(name) == expected.rules[name] and found.digests.get(name) != digest
    ]
    differences += [f"set {name} is gone" for name in sorted(expected.sets - found.sets)]
    differences += [f"flow table {name} is gone" for name in sorted(expected.flowtables - found.flowtables)]
    return differences[:MAX_DIFFERENCES]


def _rules_differ(expected: dict[str, tuple[str, ...]], found: dict[str, tuple[str, ...]]) -> list[str]:
    differences = [f"chain {name} is missing" for name in sorted(expected.keys() - found.keys())]
    differences += [f"chain {name} does not belong here" for name in sorted(found.keys() - expected.keys())]
    for name in sorted(expected.keys() & found.keys()):
        if expected[name] != found[name]:
            differences.append(f"chain {name}: {_first_difference(expected[name], found[name])}")
    return differences


def _first_difference(expected: tuple[str, ...], found: tuple[str, ...]) -> str:
    for at, (want, have) in enumerate(zip(expected, found, strict=False), start=1):
        if want != have:
            return f"rule {at} is {have or 'one without an id'} instead of {want}"
    if len(found) < len(expected):
        return f"{len(expected) - len(found)} rules are missing, the first is {expected[len(found)]}"
    return f"{len(found) - len(expected)} rules too many, the first is {found[len(expected)] or 'one without an id'}"


def _digest(parts: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(_steady(parts), sort_keys=True).encode()).hexdigest()


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [_steady(inner) for inner in value]
    return value
