"""What crosses the gateway: default drop, running connections first, then each pair of zones by its own chain.

May live here: the forward hook. May not: what is for the gateway itself (compile_input.py),
what is refused before any permit (compile_refusals.py).
"""

from datetime import datetime

from ruleset.compile_grants import grant_rules
from ruleset.compile_guard import ISOLATED, RUNNING, source_check
from ruleset.compile_parts import FEED4, FEED6, PENDING_MARK, counted, refuse, refused_chain
from ruleset.compile_refusals import ALWAYS_REFUSED, always_refused
from ruleset.resolved import GATEWAY, INTERNET, Grant, PortForward, ResolvedSite, family_of, host_network
from ruleset.tree import (
    L4,
    Accept,
    Addr,
    Chain,
    CtDnat,
    CtMark,
    CtState,
    Dispatch,
    Family,
    FlowAdd,
    FlowTable,
    Goto,
    Hook,
    Iif,
    InSet,
    Jump,
    Oif,
    PortRange,
    Rule,
)

FORWARD = "forward"


def forward_chains(
    site: ResolvedSite, grants: tuple[Grant, ...], flowtables: tuple[FlowTable, ...], now: datetime
) -> tuple[Chain, ...]:
    """`forward`, the always-refused list and one chain a pair that has any grant."""
    pairs = _pairs(site, grants)
    outside = Oif(site.interfaces(INTERNET))
    rules = (
        ISOLATED,
        *_offload(flowtables),
        *RUNNING,
        source_check(site),
        *_feeds(site),
        *_port_forwards(site, now),
        Rule("core:forward:always-refused", (outside,), (Jump(ALWAYS_REFUSED),)),
        Rule("core:forward:pairs", (), (Dispatch("iifname . oifname", _pair_map(site, pairs)),)),
        *refuse("core:refused:other"),
    )
    return (
        Chain(FORWARD, rules, Hook("filter", "forward", 0, "drop")),
        *always_refused(site, grants),
        *(_pair_chain(pair, pairs[pair]) for pair in pairs),
    )


def pair_chain(source: str, target: str) -> str:
    """The chain of a pair of zones."""
    return f"pair-{source}-to-{target}"


def _offload(flowtables: tuple[FlowTable, ...]) -> tuple[Rule, ...]:
    """Never a flow that still has to prove itself: its packets must keep meeting the policy."""
    proven = (CtState(("established",)), CtMark(PENDING_MARK, 0))
    return tuple(Rule("core:offload", proven, (FlowAdd(t.name),)) for t in flowtables)


def _feeds(site: ResolvedSite) -> tuple[Rule, ...]:
    families: tuple[tuple[Family, str], ...] = ((4, FEED4), (6, FEED6))
    rules: list[Rule] = []
    for family, name in families:
        rules += refuse("core:forward:feed", Oif(site.interfaces(INTERNET)), InSet(name, family, ("daddr",)))
        rules += refuse("core:forward:feed", Iif(site.interfaces(INTERNET)), InSet(name, family, ("saddr",)))
    return tuple(rules)


def _port_forwards(site: ResolvedSite, now: datetime) -> tuple[Rule, ...]:
    return tuple(r for f in site.forwards if f.expires > now for r in _port_forward(site, f))


def _port_forward(site: ResolvedSite, forward: PortForward) -> list[Rule]:
    uplink = next(o for o in site.outsides if o.name == forward.uplink)
    port = PortRange(forward.to_port, forward.to_port)
    rules = []
    for address in forward.addresses:
        family = family_of(address)
        matches = (
            Iif((uplink.ifname,)),
            CtDnat(),
            Addr("daddr", family, (host_network(address),)),
            L4(forward.protocol, (port,)),
        )
        rules.append(Rule(forward.id, matches, counted(forward.id, Accept())))
    return rules


Pair = tuple[str, str]


def _pairs(site: ResolvedSite, grants: tuple[Grant, ...]) -> dict[Pair, list[Grant]]:
    pairs: dict[Pair, list[Grant]] = {}
    for grant in grants:
        if grant.target.zone != GATEWAY:
            pairs.setdefault((grant.source.zone, grant.target.zone), []).append(grant)
    order = {name: index for index, name in enumerate(site.sides())}
    return dict(sorted(pairs.items(), key=lambda item: (order[item[0][0]], order[item[0][1]])))


def _pair_map(site: ResolvedSite, pairs: dict[Pair, list[Grant]]) -> tuple[tuple[tuple[str, str], Goto], ...]:
    """Every ordered pair of interfaces; a pair without grants goes straight to its source's end."""
    sides = [s.name for s in site.segments] + [INTERNET]
    entries = []
    for source in sides:
        for target in sides:
            chain = pair_chain(source, target) if (source, target) in pairs else refused_chain(source)
            for iif in site.interfaces(source):
                entries += [((iif, oif), Goto(chain)) for oif in site.interfaces(target)]
    return tuple(entries)


def _pair_chain(pair: Pair, grants: list[Grant]) -> Chain:
    rules = [r for grant in grants for r in grant_rules(grant)]
    end = Rule(f"core:refused:{pair[0]}", (), (Goto(refused_chain(pair[0])),))
    return Chain(pair_chain(*pair), (*rules, end))
