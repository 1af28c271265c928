"""The transaction from one ruleset to another when only the rules of some chains differ: those chains, whole.

A full transaction costs the kernel and libnftables 30 ms and more for 300 rules; isolating the first device or adding a
permit touches two or three chains of fifty.

May live here: telling whether a small transaction will do, and its text. May not: asking what the kernel holds.
"""

from ruleset.render import rule
from ruleset.tree import Chain, Ruleset


def small_change(old: Ruleset, new: Ruleset) -> str | None:
    """The text, or None when chains, sets or flow tables come, go or change their shape: then load the whole.

    Only for a kernel that holds `old` exactly: its chain names passed the renderer's checks, and each rule does here.
    Raises ValueError as the renderer does.
    """
    if _frame(old) != _frame(new):
        return None
    before = {chain.name: chain.rules for chain in old.chains}
    changed = [chain for chain in new.chains if chain.rules != before[chain.name]]
    table = f"inet {new.table}"
    lines = [f"flush chain {table} {chain.name}" for chain in changed]
    lines += [f"delete counter {table} {name}" for name in sorted(set(old.counters) - set(new.counters))]
    lines += [f"add counter {table} {name}" for name in sorted(set(new.counters) - set(old.counters))]
    return "\n".join([*lines, *_rules(table, changed), ""])


def _rules(table: str, chains: list[Chain]) -> list[str]:
    lines = [f"table {table} {{"]
    for chain in chains:
        lines += [f"\tchain {chain.name} {{", *(f"\t\t{rule(one)}" for one in chain.rules), "\t}"]
    return [*lines, "}"]


def _frame(ruleset: Ruleset) -> tuple[object, ...]:
    heads = tuple((chain.name, chain.hook) for chain in ruleset.chains)
    return (ruleset.table, ruleset.sets, ruleset.flowtables, frozenset(heads))
