"""Whether a ruleset tree is whole and harmless before anything is said of its meaning.

May live here: checks of names, ids, references and loops. May not: policy (invariants.py).

Comments hold 128 bytes without escapes, and a quote and a newline in one would be rules of their own: hence the narrow
alphabets (measured with nftables 1.0.6).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from ruleset.evaluate import MAX_JUMPS
from ruleset.tree import (
    L4,
    Addr,
    Chain,
    Count,
    Dispatch,
    Dnat,
    FlowAdd,
    Goto,
    Icmp,
    Iif,
    InSet,
    Jump,
    Oif,
    OverBudget,
    Reject,
    Rule,
    Ruleset,
)

RULE_ID = re.compile(r"[a-z0-9:_.-]{1,127}\Z")
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,127}\Z")
INTERFACE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}\Z")
ICMP_TYPE = re.compile(r"[a-z0-9-]{1,40}\Z")


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is not as it must be, and the rule it is in."""

    id: str
    rule_id: str
    what: str


def malformed(ruleset: Ruleset) -> list[Flaw]:
    """Everything wrong with the tree's shape; empty for a tree that render and evaluate may trust."""
    return [*_names(ruleset), *_rules(ruleset), *_references(ruleset), *_loops(ruleset)]


def _names(ruleset: Ruleset) -> Iterator[Flaw]:
    named: tuple[tuple[str, Iterable[str]], ...] = (
        ("table", [ruleset.table]),
        ("chain", [c.name for c in ruleset.chains]),
        ("set", [s.name for s in ruleset.sets]),
        ("counter", ruleset.counters),
        ("flow table", [f.name for f in ruleset.flowtables]),
    )
    for kind, names in named:
        seen: set[str] = set()
        for name in names:
            if not NAME.match(name):
                yield Flaw("names", "-", f"{kind} {name!r} is no name for the kernel")
            if name in seen:
                yield Flaw("names", "-", f"{kind} {name!r} is declared twice")
            seen.add(name)


def _all_rules(ruleset: Ruleset) -> Iterator[tuple[Chain, Rule]]:
    return ((chain, rule) for chain in ruleset.chains for rule in chain.rules)


def _rules(ruleset: Ruleset) -> Iterator[Flaw]:
    for _, rule in _all_rules(ruleset):
        if not RULE_ID.match(rule.id):
            yield Flaw("rule-id", rule.id, f"{rule.id[:140]!r} is no rule id: 1 to 127 of a-z 0-9 : _ . -")
        if rule.id not in ruleset.origins:
            yield Flaw("origin", rule.id, "nothing says where this rule comes from")
        if any(isinstance(s, Reject) and s.reset for s in rule.statements) and not _is_tcp(rule):
            yield Flaw("reset", rule.id, "resets what need not be TCP: the kernel would pass over the rest in silence")
        for text in _texts(rule):
            yield Flaw("injection", rule.id, f"{text!r} would not stay one word in the kernel's language")


def _is_tcp(rule: Rule) -> bool:
    return any(isinstance(match, L4) and match.protocol == "tcp" for match in rule.matches)


def _texts(rule: Rule) -> Iterator[str]:
    for match in rule.matches:
        if isinstance(match, Iif | Oif):
            yield from (name for name in match.names if not INTERFACE.match(name))
        if isinstance(match, Addr):
            yield from (text for text in map(str, match.networks) if "%" in text)
        if isinstance(match, Icmp):
            yield from (name for name in match.types if not ICMP_TYPE.match(name))
    for statement in rule.statements:
        if isinstance(statement, Dnat) and not _is_address(statement.address, statement.family):
            yield statement.address
        if isinstance(statement, Dispatch) and statement.key != "ct state":
            yield from (name for key, _ in statement.entries for name in key if not INTERFACE.match(name))


def _is_address(text: str, family: int) -> bool:
    try:
        return ip_address(text).version == family and "%" not in text
    except ValueError:
        return False


def _references(ruleset: Ruleset) -> Iterator[Flaw]:
    chains, sets = {c.name for c in ruleset.chains}, {s.name for s in ruleset.sets}
    tables = {f.name for f in ruleset.flowtables}
    for _, rule in _all_rules(ruleset):
        wanted = [(name, "chain", chains) for name in _targets(rule)]
        wanted += [(m.set_name, "set", sets) for m in rule.matches if isinstance(m, (InSet, OverBudget))]
        for statement in rule.statements:
            if isinstance(statement, Count):
                wanted.append((statement.counter, "counter", set(ruleset.counters)))
            if isinstance(statement, FlowAdd):
                wanted.append((statement.table, "flow table", tables))
        for name, kind, known in wanted:
            if name not in known:
                yield Flaw("references", rule.id, f"{kind} {name!r} is not declared")


def _targets(rule: Rule) -> Iterator[str]:
    for statement in rule.statements:
        verdicts = [verdict for _, verdict in statement.entries] if isinstance(statement, Dispatch) else [statement]
        yield from (verdict.chain for verdict in verdicts if isinstance(verdict, Jump | Goto))


def _loops(ruleset: Ruleset) -> Iterator[Flaw]:
    """The kernel refuses jumps in circles and nesting deeper than its stack."""
    chains = {c.name: c for c in ruleset.chains}
    depths: dict[str, int] = {}

    def depth(name: str, above: tuple[str, ...]) -> int:
        if name in above or name not in chains:
            return MAX_JUMPS + 1 if name in above else 0
        if name not in depths:
            below = [depth(t, (*above, name)) for rule in chains[name].rules for t in _targets(rule)]
            depths[name] = min(1 + max(below, default=0), MAX_JUMPS + 1)
        return depths[name]

    for chain in ruleset.chains:
        if depth(chain.name, ()) > MAX_JUMPS:
            rule_id = next((r.id for r in chain.rules if any(True for _ in _targets(r))), "-")
            yield Flaw("loops", rule_id, f"chain {chain.name} jumps in a circle or too deep")
