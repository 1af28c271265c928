"""The closed policy: what a box does before its first site file, and when no saved generation loads.

It forwards nothing. It answers what keeps the box reachable for the technician in front of it: its own traffic,
replies, ICMP that networks need, and SSH from private and link-local addresses, a few new connections a second.
The sets are the usual ones, so that isolation and feeds go on. The chains have names of their own: a base chain of a
site may sit at another priority, and the kernel cannot move one.

May live here: this one ruleset, and isolation for a saved text. May not: anything that depends on a site.
"""

from ipaddress import ip_network

from ruleset.compile_parts import QUARANTINE4, QUARANTINE6, QUARANTINE_MAC, SETS, TABLE, counters_of
from ruleset.tree import (
    L4,
    Accept,
    Addr,
    Chain,
    Count,
    CtState,
    Drop,
    Family,
    Hook,
    Icmp,
    Iif,
    InSet,
    Match,
    Origin,
    PortRange,
    Rate,
    Rule,
    Ruleset,
)

SSH = (PortRange(22, 22),)
DHCP_CLIENT = (PortRange(68, 68),)
NEAR: tuple[tuple[Family, tuple[str, ...]], ...] = (
    (4, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")),
    (6, ("fc00::/7", "fe80::/10")),
)
NEEDED6 = ("nd-neighbor-solicit", "nd-neighbor-advert", "nd-router-advert", "packet-too-big", "echo-request")
NEEDED4 = ("destination-unreachable", "time-exceeded", "parameter-problem", "echo-request")
WHY = "The closed policy: nothing passes until a site is applied"


# For a saved text that stands in for a policy that does not compile any more: it may be older than an isolation.
ISOLATION_TEXT = f"""table inet {TABLE} {{
	chain stand-in-isolation {{
		type filter hook prerouting priority -300; policy accept;
		ether saddr @{QUARANTINE_MAC} drop comment "closed:quarantine"
		ip saddr @{QUARANTINE4} drop comment "closed:quarantine"
		ip daddr @{QUARANTINE4} drop comment "closed:quarantine"
		ip6 saddr @{QUARANTINE6} drop comment "closed:quarantine"
		ip6 daddr @{QUARANTINE6} drop comment "closed:quarantine"
	}}
}}
"""


def closed_ruleset() -> Ruleset:
    """The whole table, the same every time."""
    hook = Hook("filter", "prerouting", -300, "accept")
    chains = (
        Chain("closed-early", tuple(_isolation()), hook),
        Chain("closed-input", tuple(_input()), Hook("filter", "input", 0, "drop")),
        Chain("closed-forward", (_rule("forward", Drop()),), Hook("filter", "forward", 0, "drop")),
    )
    origins = {rule.id: Origin("core", "", 0, WHY) for chain in chains for rule in chain.rules}
    return Ruleset(TABLE, SETS, counters_of(chains), (), chains, origins)


def _isolation() -> list[Rule]:
    return [
        _rule("quarantine", Drop(), InSet(QUARANTINE_MAC, None, ("ether saddr",))),
        _rule("quarantine", Drop(), InSet(QUARANTINE4, 4, ("saddr",))),
        _rule("quarantine", Drop(), InSet(QUARANTINE6, 6, ("saddr",))),
    ]


def _input() -> list[Rule]:
    near = [
        _rule("ssh", Accept(), _source(family, networks), L4("tcp", SSH), CtState(("new",)), Rate(4, 8))
        for family, networks in NEAR
    ]
    return [
        _rule("loopback", Accept(), Iif(("lo",))),
        _rule("established", Accept(), CtState(("established", "related"))),
        _rule("icmp", Accept(), Icmp(4, NEEDED4), Rate(20, 20)),
        _rule("icmp", Accept(), Icmp(6, NEEDED6), Rate(50, 50)),
        _rule("dhcp", Accept(), L4("udp", DHCP_CLIENT, (PortRange(67, 67),))),
        *near,
        _rule("refused", Drop()),
    ]


def _source(family: Family, networks: tuple[str, ...]) -> Match:
    return Addr("saddr", family, tuple(ip_network(network) for network in networks))


def _rule(name: str, verdict: Accept | Drop, *matches: Match) -> Rule:
    return Rule(f"closed:{name}", tuple(matches), (Count(f"closed.{name}"), verdict))
