"""What a packet meets before any permission: isolation, running connections, forged source addresses.

May live here: the rules that open both `input` and `forward`. May not: what zones may do (compile_input.py,
compile_forward.py).

Cost decides the order, measured per forwarded packet: one set look-up is about 1.4 % of the smallest NAT router's work.
So the `quarantine` chain is always the first thing on the way but holds rules only while somebody is isolated, and
source addresses are checked when a connection begins: a later packet with a forged source would have to guess the
connection's ports and sequence numbers. With a flow table the quarantine is repeated at ingress, as offloaded packets
skip every later hook (kernel document: nf_flowtable).
"""

from ipaddress import ip_network

from ruleset.compile_parts import QUARANTINE4, QUARANTINE6, QUARANTINE_MAC, counted, refuse
from ruleset.live import LiveState
from ruleset.resolved import Outside, ResolvedSite, Segment, family_of
from ruleset.tree import (
    FAMILIES,
    L4,
    Accept,
    Addr,
    Chain,
    CtState,
    Dispatch,
    Drop,
    FlowTable,
    Goto,
    Hook,
    Icmp,
    InSet,
    Jump,
    PortRange,
    Return,
    Rule,
)

QUARANTINE, QUARANTINED, INGRESS = "quarantine", "quarantined", "ingress"
BEFORE_FLOWTABLE = -10
UNSPECIFIED4, UNSPECIFIED6 = ip_network("0.0.0.0/32"), ip_network("::/128")
LINK_LOCAL6 = ip_network("fe80::/10")
ASK_FOR_LEASE = L4("udp", (PortRange(67, 67),), (PortRange(68, 68),))

ISOLATED = Rule("core:quarantine", (), (Jump(QUARANTINE),))
RUNNING = (
    Rule("core:established", (CtState(("established", "related")),), (Accept(),)),
    Rule("core:invalid", (CtState(("invalid",)),), counted("core:invalid", Drop())),
)


def guard_chains(site: ResolvedSite, live: LiveState, flowtables: tuple[FlowTable, ...]) -> tuple[Chain, ...]:
    """The chains behind the opening rules, and the ingress chain when there is a flow table."""
    chains = [
        Chain(QUARANTINE, _quarantine_rules() if live.quarantine else ()),
        Chain(QUARANTINED, refuse("core:quarantine")),
        *(_zone_sources(s) for s in site.segments),
        *(_uplink_sources(o, site) for o in site.outsides),
    ]
    if flowtables:
        hook = Hook("filter", "ingress", BEFORE_FLOWTABLE, "accept", flowtables[0].devices)
        chains.insert(0, Chain(INGRESS, (ISOLATED,), hook))
    return tuple(chains)


def source_check(site: ResolvedSite) -> Rule:
    """Each interface has its own list of source addresses."""
    zones = tuple(((s.ifname,), Jump(source_chain(s.name))) for s in site.segments)
    uplinks = tuple(((o.ifname,), Jump(source_chain(o.name))) for o in site.outsides)
    return Rule("core:source", (), (Dispatch("iifname", zones + uplinks),))


def isolated_lease(live: LiveState) -> tuple[Rule, ...]:
    """An isolated device may renew its address, or nobody finds it again when it is released."""
    isolated = InSet(QUARANTINE_MAC, None, ("ether saddr",))
    return (Rule("core:quarantine:lease", (isolated, ASK_FOR_LEASE), (Accept(),)),) if live.quarantine else ()


def source_chain(name: str) -> str:
    """The chain that knows the source addresses of an interface."""
    return f"source-{name}"


def _quarantine_rules() -> tuple[Rule, ...]:
    keys = (
        InSet(QUARANTINE_MAC, None, ("ether saddr",)),
        InSet(QUARANTINE4, 4, ("saddr",)),
        InSet(QUARANTINE4, 4, ("daddr",)),
        InSet(QUARANTINE6, 6, ("saddr",)),
        InSet(QUARANTINE6, 6, ("daddr",)),
    )
    return tuple(Rule("core:quarantine", (key,), (Goto(QUARANTINED),)) for key in keys)


def _zone_sources(segment: Segment) -> Chain:
    own, yet = "core:source:own", "core:source:no-address-yet"
    rules: list[Rule] = []
    for gateway in segment.gateways:
        family = family_of(gateway)
        rules += refuse("core:source:forged", Addr("saddr", family, (ip_network(gateway),)))
    if net4 := segment.subnet(4):
        rules.append(Rule(own, (Addr("saddr", 4, (net4,)),), (Return(),)))
        rules.append(Rule(yet, (Addr("saddr", 4, (UNSPECIFIED4,)), ASK_FOR_LEASE), (Return(),)))
    if net6 := segment.subnet(6):
        rules.append(Rule(own, (Addr("saddr", 6, (net6, LINK_LOCAL6)),), (Return(),)))
        asking = ("nd-router-solicit", "mld2-listener-report")
        rules.append(Rule(yet, (Addr("saddr", 6, (UNSPECIFIED6,)), Icmp(6, asking)), (Return(),)))
    return Chain(source_chain(segment.name), (*rules, *refuse("core:source:forged")))


def _uplink_sources(outside: Outside, site: ResolvedSite) -> Chain:
    """Nothing from outside may carry an address of ours."""
    rules: list[Rule] = []
    for family in FAMILIES:
        inside = tuple(n for s in site.segments if (n := s.subnet(family)))
        own = tuple(ip_network(a) for a in outside.addresses if a.version == family)
        if inside or own:
            rules += refuse("core:source:forged", Addr("saddr", family, (*inside, *own)))
    return Chain(source_chain(outside.name), tuple(rules))
