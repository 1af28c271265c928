"""A Grant as rules: the one place where permission becomes matches.

May live here: grant -> rules. May not: which chain they stand in (compile_input.py, compile_forward.py).
"""

from collections.abc import Iterator

from ruleset.compile_parts import PIN4, PIN6, counted
from ruleset.resolve_grants import ECHO_RATE
from ruleset.resolved import Grant, Side, Traffic
from ruleset.tree import FAMILIES, L4, Accept, Addr, Direction, Family, Icmp, InSet, Match, Rate, Rule


def grant_rules(grant: Grant) -> tuple[Rule, ...]:
    """Rules that accept what the grant allows; the chain already knows the pair of zones."""
    return tuple(
        Rule(grant.id, (*sides, *wanted), counted(grant.id, Accept()))
        for sides in _side_matches(grant)
        for traffic in grant.traffic
        for wanted in _traffic_matches(grant, traffic, sides)
    )


def _side_matches(grant: Grant) -> Iterator[tuple[Match, ...]]:
    """One tuple a family; a single one without addresses when the grant is for whole zones of both families."""
    if not grant.source.networks and not grant.target.networks and not grant.target.learned:
        yield ()
        return
    for family in FAMILIES:
        source, target = _addresses(grant.source, "saddr", family), _addresses(grant.target, "daddr", family)
        if source is None or target is None:
            continue
        learned: tuple[Match, ...] = ()
        if grant.target.learned:
            learned = (InSet(PIN4 if family == 4 else PIN6, family, ("saddr", "daddr")),)
        yield (*source, *target, *learned)


def _addresses(side: Side, direction: Direction, family: Family) -> tuple[Match, ...] | None:
    """The match for a side in one family; None when the side has no address there."""
    if not side.networks:
        return ()
    networks = tuple(n for n in side.networks if n.version == family)
    return (Addr(direction, family, networks),) if networks else None


def _traffic_matches(grant: Grant, traffic: Traffic, sides: tuple[Match, ...]) -> Iterator[tuple[Match, ...]]:
    if traffic.protocol != "echo":
        rate: tuple[Match, ...] = (Rate(grant.rate, 2 * grant.rate),) if grant.rate else ()
        yield (L4(traffic.protocol, traffic.ports), *rate)
        return
    named = {m.family for m in sides if isinstance(m, (Addr, InSet))}
    for family in FAMILIES:
        if not named or family in named:
            yield (Icmp(family, ("echo-request",)), Rate(ECHO_RATE, 2 * ECHO_RATE))
