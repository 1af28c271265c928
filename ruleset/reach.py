"""Which rules could ever accept a packet of some kind: what evaluate.py says of one packet, said of all of them.

May live here: a walk over the tree with matches that may be yes, no or open. May not: opinions on what is found
(invariants.py).

A Kind fixes some properties and leaves the rest open. A rule whose matches are open may apply and may not, so the walk
takes both ways. The answer never misses a rule that can accept; it may name one that cannot, when two open matches
contradict each other. Translation is not followed: `dnat` says whether it has happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ruleset.evaluate import MAX_JUMPS
from ruleset.tree import (
    L4,
    Accept,
    Addr,
    Chain,
    CtDnat,
    CtMark,
    CtState,
    Dispatch,
    Drop,
    Goto,
    HopLimit,
    Icmp,
    Iif,
    InSet,
    Jump,
    LocalDestination,
    Match,
    Network,
    NfProto,
    Oif,
    OverBudget,
    Rate,
    Reject,
    Return,
    Rule,
    Ruleset,
)

Maybe = bool | None


@dataclass(frozen=True, slots=True)
class Kind:
    """Properties that all packets in question share; None leaves one open. `oif` is empty on the input hook.

    `source` holds networks of one family, and the source address is somewhere in them."""

    iif: str
    oif: str | None
    state: str = "new"
    source: tuple[Network, ...] | None = None
    dnat: bool | None = False
    local: bool | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A rule that may accept, and the rules that lead to it."""

    rule: Rule
    chain: str
    path: tuple[str, ...]


def accepting(ruleset: Ruleset, hook: str, kind: Kind) -> list[Acceptance]:
    """Every rule of the filter chains on `hook` that may accept a packet of this kind, and every accepting policy.

    Where a hook has several base chains, a packet must pass them all: the one with the fewest answers is given."""
    found = []
    for chain in ruleset.chains:
        if chain.hook is None or chain.hook.hook != hook or chain.hook.type != "filter":
            continue
        walk = _Walk({c.name: c for c in ruleset.chains}, kind)
        if walk.chain(chain, ()) and chain.hook.policy == "accept":
            walk.found.append(Acceptance(Rule(f"policy:{chain.name}"), chain.name, ()))
        found.append(walk.found)
    return min(found, key=len, default=[])


@dataclass(slots=True)
class _Walk:
    chains: dict[str, Chain]
    kind: Kind
    found: list[Acceptance] = field(default_factory=list)

    def chain(self, chain: Chain, path: tuple[str, ...]) -> bool:
        """Collects what this chain may accept; whether a packet may come out at its end."""
        if len(path) > MAX_JUMPS:
            return False
        returns = False
        for rule in chain.rules:
            sure = _all(_fits(match, self.kind) for match in rule.matches)
            if sure is False:
                continue
            ends, leaves = self._rule(rule, chain, (*path, rule.id))
            returns = returns or leaves
            if ends and sure:
                return returns
        return True

    def _rule(self, rule: Rule, chain: Chain, path: tuple[str, ...]) -> tuple[bool, bool]:
        """Whether a packet that matches surely goes no further in this chain, and whether it may return from it."""
        for statement in rule.statements:
            if isinstance(statement, Dispatch):
                return self._dispatch(statement, rule, chain, path)
            if isinstance(statement, Accept | Drop | Reject | Return | Jump | Goto):
                return self._verdict(statement, rule, chain, path)
        return False, False

    def _verdict(
        self, verdict: Accept | Drop | Reject | Return | Jump | Goto, rule: Rule, chain: Chain, path: tuple[str, ...]
    ) -> tuple[bool, bool]:
        if isinstance(verdict, Accept):
            self.found.append(Acceptance(rule, chain.name, path))
        if isinstance(verdict, Jump):
            return not self.chain(self.chains[verdict.chain], path), False
        if isinstance(verdict, Goto):
            return True, self.chain(self.chains[verdict.chain], path)
        return True, isinstance(verdict, Return)

    def _dispatch(self, dispatch: Dispatch, rule: Rule, chain: Chain, path: tuple[str, ...]) -> tuple[bool, bool]:
        """The one entry that fits, or each that may fit where the way out is open."""
        keys: dict[str, tuple[str | None, ...]] = {
            "iifname": (self.kind.iif,),
            "iifname . oifname": (self.kind.iif, self.kind.oif),
            "ct state": (self.kind.state,),
        }
        wanted = keys[dispatch.key]
        returns = False
        for key, verdict in dispatch.entries:
            if all(want in (None, part) for want, part in zip(wanted, key, strict=True)):
                ends, leaves = self._verdict(verdict, rule, chain, path)
                if None not in wanted:
                    return ends, leaves
                returns = returns or leaves
        return False, returns


def _all(answers: Any) -> Maybe:
    result: Maybe = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            result = None
    return result


def _fits(match: Match, kind: Kind) -> Maybe:
    return MAY_FIT[type(match)](match, kind)


def _addr(match: Addr, kind: Kind) -> Maybe:
    if match.direction != "saddr" or kind.source is None:
        return None
    if kind.source[0].version != match.family:
        return False
    if all(any(_inside(source, network) for network in match.networks) for source in kind.source):
        return not match.negate
    if any(source.overlaps(network) for source in kind.source for network in match.networks):
        return None
    return match.negate


def _inside(inner: Network, outer: Network) -> bool:
    return inner.network_address in outer and inner.prefixlen >= outer.prefixlen


def _nfproto(match: NfProto, kind: Kind) -> Maybe:
    return None if kind.source is None else kind.source[0].version == match.family


def _open(_match: Match, _kind: Kind) -> Maybe:
    return None


MAY_FIT: dict[type, Callable[[Any, Kind], Maybe]] = {
    Iif: lambda match, kind: kind.iif in match.names,
    Oif: lambda match, kind: None if kind.oif is None else kind.oif in match.names,
    NfProto: _nfproto,
    Addr: _addr,
    InSet: _open,
    L4: _open,
    Icmp: _open,
    HopLimit: _open,
    CtState: lambda match, kind: kind.state in match.states,
    CtMark: _open,
    CtDnat: lambda _match, kind: kind.dnat,
    LocalDestination: lambda _match, kind: kind.local,
    Rate: _open,
    OverBudget: _open,
}
