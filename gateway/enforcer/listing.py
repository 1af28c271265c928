"""What our table holds in the kernel, read back: for the next transaction, for the read-back check and for drift.

Input is what `KernelNft.listing` answers: nft's own print of every table, without counts and set elements. Everything
that is left of a chain goes into its digest. (As text, because the same as JSON takes three times as long.)

May live here: reading a listing, comparing two. May not: asking the kernel, mending what differs.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruleset.render import Existing
from ruleset.tree import Ruleset

FAMILY = "inet"
MAX_DIFFERENCES = 10
_TABLE = re.compile(r'table (\w+) "?([^\s"{]+)"? \{')
_OBJECT = re.compile(r'\t(chain|set|map|counter|flowtable) "?([^\s"{]+)"? \{')
_COMMENT = re.compile(r'comment "([^"]*)"$')


@dataclass(frozen=True, slots=True)
class Listing:
    """Our table as it is. `rules` has the rule ids of each chain in order ("" for a rule without one); `digests` one
    SHA-256 a chain; `other_tables` names the tables that are not ours."""

    present: bool
    rules: dict[str, tuple[str, ...]]
    digests: dict[str, str]
    sets: frozenset[str]
    flowtables: frozenset[str]
    counters: frozenset[str]
    other_tables: tuple[str, ...] = field(default=(), compare=False)

    def existing(self) -> Existing:
        """For the renderer: what the next transaction must delete or may keep."""
        return Existing(frozenset(self.rules), self.sets, self.counters, self.flowtables)


def read(text: str, table: str) -> Listing:
    """Read nft's print: a tab more for each level, one line a rule."""
    rules: dict[str, tuple[str, ...]] = {}
    digests: dict[str, str] = {}
    names: dict[str, set[str]] = {kind: set() for kind in ("set", "map", "counter", "flowtable")}
    tables = [(match.group(1), match.group(2), match.end()) for match in re.finditer(_TABLE, text)]
    for family, name, start in tables:
        if (family, name) != (FAMILY, table):
            continue
        for kind, what, lines in _objects(text[start : text.index("\n}", start)]):
            if kind == "chain":
                rules[what] = tuple(_id(line) for line in lines if not line.startswith("\t\ttype "))
                digests[what] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
            else:
                names[kind].add(what)
    return Listing(
        (FAMILY, table) in {(family, name) for family, name, _ in tables},
        rules,
        digests,
        frozenset(names["set"] | names["map"]),
        frozenset(names["flowtable"]),
        frozenset(names["counter"]),
        tuple(f"{family} {name}" for family, name, _ in tables if (family, name) != (FAMILY, table)),
    )


def _objects(body: str) -> Iterator[tuple[str, str, list[str]]]:
    """(kind, name, lines) of each object of a table."""
    for part in body.split("\n\t}"):
        head, *lines = part.strip("\n").split("\n")
        if (match := _OBJECT.match(head)) is not None:
            yield match.group(1), match.group(2), lines


def _id(line: str) -> str:
    match = _COMMENT.search(line)
    return match.group(1) if match else ""


def missing(wanted: Ruleset, found: Listing) -> list[str]:
    """Sentences on how the table differs from what was asked: chains, rules by id and order, sets, counters."""
    if not found.present:
        return [f"table {FAMILY} {wanted.table} is not there"]
    asked = {chain.name: tuple(rule.id for rule in chain.rules) for chain in wanted.chains}
    differences = _rules_differ(asked, found.rules)
    for word, want, have in (
        ("set", {s.name for s in wanted.sets}, found.sets),
        ("counter", set(wanted.counters), found.counters),
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
