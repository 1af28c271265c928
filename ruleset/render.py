"""Ruleset -> nft text: how the typed tree is spelled (nft(8), nftables 1.0.6 and later).

May live here: spelling. May not: policy, or any text that came from outside: every name is checked against a pattern
here once more, because this is the last place before the kernel. (Measured: a quote and a newline in a comment inject a
rule that passes `nft -c`.)

One transaction: rules and chains are replaced whole, sets and counters live on. So nothing here adds elements to a set:
that makes libnftables read every big set back (measured: a second instead of 8 ms beside 100,000 addresses).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ruleset import tree

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,100}\Z")
_ID = re.compile(r"[a-z0-9:_.-]{1,127}\Z")
_IFNAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}\Z")
_ADDRESS = re.compile(r"[0-9a-f.:]{2,45}(/[0-9]{1,3})?\Z")
_WORD = re.compile(r"[a-z0-9-]+\Z")


@dataclass(frozen=True, slots=True)
class Existing:
    """What the table already holds in the kernel, by name."""

    chains: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()
    counters: frozenset[str] = frozenset()
    flowtables: frozenset[str] = frozenset()


NOTHING = Existing()


def render(ruleset: tree.Ruleset, existing: Existing = NOTHING) -> str:
    """The whole transaction as text, the same for the same inputs.

    Raises ValueError when a name is not one that nft can carry safely; the checks make that impossible for site files.
    """
    table = f"inet {_name(ruleset.table)}"
    lines = [f"add table {table}", f"flush table {table}"]
    keep = {c.name for c in ruleset.chains}
    lines += [f"delete chain {table} {_name(n)}" for n in sorted(existing.chains - keep)]
    lines += [f"delete flowtable {table} {_name(n)}" for n in sorted(existing.flowtables)]
    lines += [f"delete counter {table} {_name(n)}" for n in sorted(existing.counters - set(ruleset.counters))]
    lines += [f"table {table} {{"]
    for declared in ruleset.sets:
        if declared.name not in existing.sets:
            lines += _indent(_set(declared))
    lines += [f"\tcounter {_name(n)} {{ }}" for n in ruleset.counters if n not in existing.counters]
    for flowtable in ruleset.flowtables:
        lines += _indent(_flowtable(flowtable))
    # Every chain is declared before any rule, so that a jump may lead forward.
    for chain in ruleset.chains:
        lines += _indent(_chain_head(chain))
    for chain in ruleset.chains:
        lines += _indent([f"chain {_name(chain.name)} {{", *(f"\t{rule(r)}" for r in chain.rules), "}"])
    return "\n".join([*lines, "}", ""])


def rule(value: tree.Rule) -> str:
    """One rule on one line, its id as the comment."""
    parts = [_MATCHES[type(m)](m) for m in value.matches]
    parts += [
        _STATEMENTS[type(s)](s) if not isinstance(s, tree.LogRefused) else _log(s, value.id) for s in value.statements
    ]
    return " ".join([*parts, f'comment "{rule_id(value.id)}"'])


def rule_id(value: str) -> str:
    """A rule id that is safe in a comment, or ValueError."""
    return _checked(_ID, value, "rule id")


def _checked(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.match(value):
        raise ValueError(f"{value!r} is no {what} that nft can carry safely")
    return value


def _name(value: str) -> str:
    return _checked(_NAME, value, "name")


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"\t{line}" for line in lines]


def _interfaces(names: Iterable[str]) -> str:
    return _braces([f'"{_checked(_IFNAME, n, "interface name")}"' for n in names])


def _braces(items: list[str]) -> str:
    return items[0] if len(items) == 1 else "{ " + ", ".join(items) + " }"


def _set(value: tree.SetDecl) -> list[str]:
    lines = [f"set {_name(value.name)} {{", f"\ttype {value.type}"]
    if value.size:
        lines.append(f"\tsize {value.size}")
    if value.flags:
        lines.append("\tflags " + ",".join(value.flags))
    if value.timeout_s:
        lines.append(f"\ttimeout {value.timeout_s}s")
    if value.auto_merge:
        lines.append("\tauto-merge")
    return [*lines, "}"]


def _flowtable(value: tree.FlowTable) -> list[str]:
    devices = ", ".join(f'"{_checked(_IFNAME, d, "interface name")}"' for d in value.devices)
    return [f"flowtable {_name(value.name)} {{", "\thook ingress priority 0", f"\tdevices = {{ {devices} }}", "}"]


def _chain_head(chain: tree.Chain) -> list[str]:
    if chain.hook is None:
        return [f"chain {_name(chain.name)} {{", "}"]
    hook = chain.hook
    devices = ""
    if hook.devices:
        devices = (
            " devices = { " + ", ".join(f'"{_checked(_IFNAME, d, "interface name")}"' for d in hook.devices) + " }"
        )
    head = f"type {hook.type} hook {hook.hook}{devices} priority {hook.priority}; policy {hook.policy};"
    return [f"chain {_name(chain.name)} {{", f"\t{head}", "}"]


# ---- matches ------------------------------------------------------------------------------------------------------


def _ip(family: tree.Family) -> str:
    return "ip" if family == 4 else "ip6"


def _addr(m: tree.Addr) -> str:
    texts = [str(n.network_address) if n.prefixlen == n.max_prefixlen else str(n) for n in m.networks]
    networks = [_checked(_ADDRESS, text, "address") for text in texts]
    return f"{_ip(m.family)} {m.direction} {'!= ' if m.negate else ''}{_braces(networks)}"


def _in_set(m: tree.InSet) -> str:
    keys = [k if k == "ether saddr" or m.family is None else f"{_ip(m.family)} {k}" for k in m.keys]
    return f"{' . '.join(keys)} @{_name(m.set_name)}"


def _l4(m: tree.L4) -> str:
    parts = [
        f"{m.protocol} {d} {_braces([str(p) for p in ports])}"
        for d, ports in (("sport", m.sports), ("dport", m.dports))
        if ports
    ]
    return " ".join(parts) or f"meta l4proto {m.protocol}"


def _icmp(m: tree.Icmp) -> str:
    word = "icmp" if m.family == 4 else "icmpv6"
    if not m.types:
        return f"meta l4proto {'icmp' if m.family == 4 else 'ipv6-icmp'}"
    return f"{word} type {_braces([_checked(_WORD, t, 'ICMP type') for t in m.types])}"


_MATCHES: dict[type, Callable[[Any], str]] = {
    tree.Iif: lambda m: f"iifname {_interfaces(m.names)}",
    tree.Oif: lambda m: f"oifname {_interfaces(m.names)}",
    tree.NfProto: lambda m: f"meta nfproto {'ipv4' if m.family == 4 else 'ipv6'}",
    tree.Addr: _addr,
    tree.InSet: _in_set,
    tree.L4: _l4,
    tree.Icmp: _icmp,
    tree.HopLimit: lambda m: f"ip6 hoplimit {m.value}",
    tree.CtState: lambda m: f"ct state {','.join(m.states)}",
    tree.CtMark: lambda m: f"ct mark & 0x{m.mask:x} == 0x{m.value:x}",
    tree.CtDnat: lambda _: "ct status dnat",
    tree.LocalDestination: lambda _: "fib daddr type local",
    tree.OverBudget: lambda m: (
        f"update @{_name(m.set_name)} {{ ether saddr limit rate over 5/second burst 20 packets }}"
    ),
    tree.Rate: lambda m: f"limit rate {m.packets}/second burst {m.burst} packets",
}

# ---- statements ---------------------------------------------------------------------------------------------------


def _dnat(s: tree.Dnat) -> str:
    address = _checked(_ADDRESS, s.address, "address")
    return f"dnat ip to {address}:{s.port}" if s.family == 4 else f"dnat ip6 to [{address}]:{s.port}"


def _log(s: tree.LogRefused, value: str) -> str:
    return f'log prefix "{rule_id(value)} " group {s.group}'


def _dispatch(s: tree.Dispatch) -> str:
    entries = []
    for key, verdict in s.entries:
        words = [_checked(_WORD, k, "state") if s.key == "ct state" else _interfaces([k]) for k in key]
        entries.append(f"{' . '.join(words)} : {_STATEMENTS[type(verdict)](verdict)}")
    return f"{s.key} vmap {{ {', '.join(entries)} }}"


_STATEMENTS: dict[type, Callable[[Any], str]] = {
    tree.Accept: lambda _: "accept",
    tree.Drop: lambda _: "drop",
    tree.Reject: lambda s: f"reject with {'tcp reset' if s.reset else 'icmpx admin-prohibited'}",
    tree.Return: lambda _: "return",
    tree.Jump: lambda s: f"jump {_name(s.chain)}",
    tree.Goto: lambda s: f"goto {_name(s.chain)}",
    tree.Redirect: lambda s: f"redirect to :{s.port}",
    tree.Dnat: _dnat,
    tree.Masquerade: lambda _: "masquerade",
    tree.FlowAdd: lambda s: f"flow add @{_name(s.table)}",
    tree.Count: lambda s: f'counter name "{_name(s.counter)}"',
    tree.LogRefused: lambda s: _log(s, "core:log"),
    tree.Dispatch: _dispatch,
}
