"""What is for the gateway itself: default drop, the ICMP that networks need, services by zone.

May live here: the input hook. May not: what crosses the gateway (compile_forward.py).
"""

from ruleset.compile_grants import grant_rules
from ruleset.compile_guard import ISOLATED, LINK_LOCAL6, RUNNING, UNSPECIFIED6, isolated_lease, source_check
from ruleset.compile_page import page_rules
from ruleset.compile_parts import counted, refuse, refused_chain
from ruleset.live import LiveState
from ruleset.resolve_grants import ECHO_RATE
from ruleset.resolved import GATEWAY, INTERNET, Grant, ResolvedSite, Segment
from ruleset.tree import (
    FAMILIES,
    L4,
    Accept,
    Addr,
    Chain,
    Dispatch,
    Goto,
    Hook,
    HopLimit,
    Icmp,
    Iif,
    NfProto,
    PortRange,
    Rate,
    Reject,
    Rule,
)

INPUT = "input"
# Telephones ask whoever DHCP names by TLS first (RFC 7858, opportunistic): a reset, and they ask on port 53 at once.
DNS_OVER_TLS = L4("tcp", (PortRange(853, 853),))
NO_DNS_OVER_TLS = Rule("core:dns:tls", (DNS_OVER_TLS,), counted("core:dns:tls", Reject(reset=True)))
NEIGHBOURS = ("nd-neighbor-solicit", "nd-neighbor-advert")
LOCAL6 = Addr("saddr", 6, (LINK_LOCAL6, UNSPECIFIED6))
LISTENERS = ("mld-listener-query", "mld-listener-report", "mld-listener-done", "mld2-listener-report")


def input_chains(site: ResolvedSite, grants: tuple[Grant, ...], live: LiveState) -> tuple[Chain, ...]:
    """`input` and one chain a zone."""
    zones = tuple(((s.ifname,), Goto(input_chain(s.name))) for s in site.segments)
    uplinks = tuple(((o.ifname,), Goto(refused_chain(INTERNET))) for o in site.outsides)
    rules = (
        Rule("core:input:loopback", (Iif(("lo",)),), (Accept(),)),
        *_neighbours(site),
        *isolated_lease(live),
        ISOLATED,
        *RUNNING,
        source_check(site),
        Rule("core:input:listeners", (LOCAL6, Icmp(6, LISTENERS)), (Accept(),)),
        *_uplink_needs(site),
        Rule("core:input:zones", (), (Dispatch("iifname", zones + uplinks),)),
        *refuse("core:refused:other"),
    )
    base = Chain(INPUT, rules, Hook("filter", "input", 0, "drop"))
    return (base, *(_zone_chain(s, grants) for s in site.segments))


def input_chain(zone: str) -> str:
    """The chain with the gateway's services for a zone."""
    return f"input-{zone}"


def _zone_chain(segment: Segment, grants: tuple[Grant, ...]) -> Chain:
    zone = segment.name
    rules = [r for g in grants if g.source.zone == zone and g.target.zone == GATEWAY for r in grant_rules(g)]
    end = Rule(f"core:refused:{zone}", (), (Goto(refused_chain(zone)),))
    return Chain(input_chain(zone), (*_echo(), *rules, *page_rules(segment), NO_DNS_OVER_TLS, end))


def _echo() -> tuple[Rule, ...]:
    """A limit for each zone: one zone's flood must not make the gateway look dead to the others."""
    rate = Rate(ECHO_RATE, 2 * ECHO_RATE)
    return tuple(Rule("core:input:echo", (Icmp(f, ("echo-request",)), rate), (Accept(),)) for f in FAMILIES)


def _neighbours(site: ResolvedSite) -> tuple[Rule, ...]:
    """First of all, as connection tracking does not follow neighbour discovery and IPv6 ends without it."""
    zones = Iif(tuple(s.ifname for s in site.segments))
    uplinks = Iif(tuple(o.ifname for o in site.outsides))
    asked = (Icmp(6, NEIGHBOURS), HopLimit(255))
    return (
        *(Rule("core:input:neighbours", (Iif((s.ifname,)), _own(s), *asked), (Accept(),)) for s in site.segments),
        Rule("core:input:neighbours", (uplinks, *asked), (Accept(),)),
        Rule("core:input:neighbours", (zones, Icmp(6, ("nd-router-solicit",)), HopLimit(255)), (Accept(),)),
    )


def _own(segment: Segment) -> Addr:
    """Linux makes a neighbour entry for any source of a solicitation, so a zone may only speak for itself."""
    own = segment.subnet(6)
    return Addr("saddr", 6, (*((own,) if own else ()), LINK_LOCAL6, UNSPECIFIED6))


def _uplink_needs(site: ResolvedSite) -> tuple[Rule, ...]:
    """Answers that connection tracking cannot match to our request, because the request was a broadcast."""
    rules: list[Rule] = []
    for name, uplink in site.site.uplinks.items():
        iif = Iif(tuple(o.ifname for o in site.outsides if o.name == name))
        if uplink.ipv4 == "dhcp":
            lease4 = L4("udp", (PortRange(68, 68),), (PortRange(67, 67),))
            rules.append(Rule("core:input:uplink-lease", (iif, NfProto(4), lease4), (Accept(),)))
        if uplink.ipv6 != "none":
            router = (iif, Addr("saddr", 6, (LINK_LOCAL6,)))
            rules.append(
                Rule("core:input:uplink-router", (*router, Icmp(6, ("nd-router-advert",)), HopLimit(255)), (Accept(),))
            )
        if uplink.ipv6 == "ra":
            lease6 = L4("udp", (PortRange(546, 546),), (PortRange(547, 547),))
            rules.append(Rule("core:input:uplink-lease", (*router, lease6), (Accept(),)))
    return tuple(rules)
