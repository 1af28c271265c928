"""The first chain a packet meets, before connection tracking: isolation, then anti-spoofing.

May live here: quarantine and source-address rules. May not: what zones may do (compile_input.py, compile_forward.py).

Standing before connection tracking means that an isolated device's packets are not even remembered, and that one pass
serves both what crosses the gateway and what is for it. With a flow table the quarantine is repeated at ingress, as
offloaded packets skip every later hook (kernel document: nf_flowtable).
"""

from ipaddress import ip_network

from ruleset.compile_parts import QUARANTINE4, QUARANTINE6, QUARANTINE_MAC, refuse
from ruleset.resolved import Outside, ResolvedSite, Segment
from ruleset.tree import (
    L4,
    Accept,
    Addr,
    Chain,
    Dispatch,
    Family,
    FlowTable,
    Goto,
    Hook,
    HopLimit,
    Icmp,
    InSet,
    Jump,
    PortRange,
    Return,
    Rule,
)

EARLY, QUARANTINED, INGRESS = "early", "quarantined", "ingress"
RAW_PRIORITY = -300
BEFORE_FLOWTABLE = -10
ND_TYPES = ("nd-neighbor-solicit", "nd-neighbor-advert")
UNSPECIFIED4, UNSPECIFIED6 = ip_network("0.0.0.0/32"), ip_network("::/128")
LINK_LOCAL6 = ip_network("fe80::/10")


def early_chains(site: ResolvedSite, flowtables: tuple[FlowTable, ...]) -> tuple[Chain, ...]:
    """`early` with its helpers, and the ingress chain when there is a flow table."""
    zones = tuple(((s.ifname,), Jump(spoof_chain(s.name))) for s in site.segments)
    uplinks = tuple(((o.ifname,), Jump(spoof_chain(o.name))) for o in site.outsides)
    dispatch = Rule("core:early:zone", (), (Dispatch("iifname", zones + uplinks),))
    hook = Hook("filter", "prerouting", RAW_PRIORITY, "accept")
    chains = [
        Chain(EARLY, (*_quarantine_rules(), dispatch), hook),
        _quarantined(),
        *(_zone_spoof(s) for s in site.segments),
        *(_uplink_spoof(o, site) for o in site.outsides),
    ]
    if flowtables:
        ingress = Hook("filter", "ingress", BEFORE_FLOWTABLE, "accept", flowtables[0].devices)
        chains.insert(0, Chain(INGRESS, _quarantine_rules(), ingress))
    return tuple(chains)


def spoof_chain(name: str) -> str:
    """The chain that knows the source addresses of an interface."""
    return f"source-{name}"


def _quarantine_rules() -> tuple[Rule, ...]:
    rule_id, end = "core:early:quarantine", (Goto(QUARANTINED),)
    return (
        Rule(rule_id, (InSet(QUARANTINE_MAC, None, ("ether saddr",)),), end),
        Rule(rule_id, (InSet(QUARANTINE4, 4, ("saddr",)),), end),
        Rule(rule_id, (InSet(QUARANTINE4, 4, ("daddr",)),), end),
        Rule(rule_id, (InSet(QUARANTINE6, 6, ("saddr",)),), end),
        Rule(rule_id, (InSet(QUARANTINE6, 6, ("daddr",)),), end),
    )


def _quarantined() -> Chain:
    return Chain(
        QUARANTINED,
        (
            Rule("core:early:quarantine-dhcp", (L4("udp", (PortRange(67, 67),), (PortRange(68, 68),)),), (Accept(),)),
            Rule("core:early:quarantine-nd", (Icmp(6, ND_TYPES), HopLimit(255)), (Accept(),)),
            *refuse("core:early:quarantine"),
        ),
    )


def _zone_spoof(segment: Segment) -> Chain:
    own, yet, forged = "core:early:own", "core:early:no-address-yet", "core:early:spoof"
    rules: list[Rule] = []
    if net4 := segment.subnet(4):
        rules.append(Rule(own, (Addr("saddr", 4, (net4,)),), (Return(),)))
        dhcp = L4("udp", (PortRange(67, 67),), (PortRange(68, 68),))
        rules.append(Rule(yet, (Addr("saddr", 4, (UNSPECIFIED4,)), dhcp), (Return(),)))
    if net6 := segment.subnet(6):
        rules.append(Rule(own, (Addr("saddr", 6, (net6, LINK_LOCAL6)),), (Return(),)))
        asking = ("nd-neighbor-solicit", "nd-router-solicit", "mld2-listener-report")
        rules.append(Rule(yet, (Addr("saddr", 6, (UNSPECIFIED6,)), Icmp(6, asking)), (Return(),)))
    return Chain(spoof_chain(segment.name), (*rules, *refuse(forged)))


def _uplink_spoof(outside: Outside, site: ResolvedSite) -> Chain:
    """Nothing from outside may carry an address of ours."""
    families: tuple[Family, ...] = (4, 6)
    rules: list[Rule] = []
    for family in families:
        inside = tuple(n for s in site.segments if (n := s.subnet(family)))
        own = tuple(ip_network(a) for a in outside.addresses if a.version == family)
        if inside or own:
            rules += refuse("core:early:spoof", Addr("saddr", family, (*inside, *own)))
    return Chain(spoof_chain(outside.name), tuple(rules))
