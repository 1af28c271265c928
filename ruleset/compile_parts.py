"""Parts that several chains share: sets, counters, refusal, origins.

May live here: what more than one compile_*.py needs. May not: a rule that only one of them writes.
"""

from ruleset.live import LiveState
from ruleset.resolved import INTERNET, ResolvedSite
from ruleset.tree import (
    Chain,
    Count,
    Drop,
    FlowTable,
    LogRefused,
    Match,
    Origin,
    OverBudget,
    Rate,
    Rule,
    SetDecl,
    Statement,
)

TABLE = "clinicgate"
LOG_GROUP = 5
LOG_RATE = 100
PENDING_MARK = 0x1
FLOWTABLE = "fast"

QUARANTINE_MAC, QUARANTINE4, QUARANTINE6 = "quarantine_mac", "quarantine4", "quarantine6"
FEED4, FEED6 = "feed4", "feed6"
DOH4, DOH6 = "doh4", "doh6"
PIN4, PIN6 = "pin4", "pin6"
LISTED_DOH = "refuse:listed:doh"
LOG_BUDGET = "log_budget"

SETS = (
    SetDecl(QUARANTINE_MAC, "ether_addr"),
    SetDecl(QUARANTINE4, "ipv4_addr"),
    SetDecl(QUARANTINE6, "ipv6_addr"),
    SetDecl(FEED4, "ipv4_addr", ("interval",), auto_merge=True),
    SetDecl(FEED6, "ipv6_addr", ("interval",), auto_merge=True),
    SetDecl(DOH4, "ipv4_addr", ("interval",), auto_merge=True),
    SetDecl(DOH6, "ipv6_addr", ("interval",), auto_merge=True),
    SetDecl(PIN4, "ipv4_addr . ipv4_addr", ("timeout",), size=65536),
    SetDecl(PIN6, "ipv6_addr . ipv6_addr", ("timeout",), size=65536),
    SetDecl(LOG_BUDGET, "ether_addr", ("timeout", "dynamic"), size=4096, timeout_s=60),
)

CORE_WHY = {
    "core:quarantine": "An isolated device talks to nobody",
    "core:quarantine:lease": "An isolated device may renew its address, so that it is found again when it is released",
    "core:source": "Each interface has its own list of source addresses",
    "core:source:forged": "A source address that does not belong to this interface is forged",
    "core:source:own": "The sender uses an address of its own zone",
    "core:source:no-address-yet": "A device without an address may ask for one (RFC 2131, RFC 4862)",
    "core:invalid": "Connection tracking knows no connection that this packet could belong to",
    "core:established": "Replies and running connections go on; a change of policy never cuts them",
    "core:offload": "Established connections may take the kernel's fast path",
    "core:input:loopback": "The gateway talks to itself",
    "core:input:neighbours": "Neighbour discovery keeps IPv6 alive (RFC 4861, RFC 4890)",
    "core:input:listeners": "Multicast listener reports keep IPv6 neighbour discovery alive (RFC 2710, RFC 3810)",
    "core:input:echo": "A ping to the gateway is answered, a few times a second",
    "core:input:uplink-lease": "The provider's answer to our request for an address",
    "core:input:uplink-router": "The provider's router announces itself (RFC 4861)",
    "core:input:zones": "Each zone has its own list of gateway services",
    "core:forward:always-refused": "Some ports are refused towards the internet whatever else is allowed",
    "core:forward:feed": "The address stands on a list of known attackers",
    LISTED_DOH: "The address stands on a list of resolvers for encrypted DNS, which go around the filter",
    "core:forward:pairs": "Each pair of zones has its own list of permits",
    "core:dns:redirect": "Names are answered by the gateway, whatever resolver a device asks",
    "core:dns:tls": "The gateway answers names on port 53 only: who tries TLS first is told at once",
    "core:page:redirect": "A name that is blocked here leads to a page that says so",
    "core:page": "The page that says what was blocked, for those who were led to it",
    "core:page:tls": "There is no page by HTTPS: the browser is told at once instead of waiting",
    "core:srcnat:masquerade": "Private addresses leave under the gateway's own",
    "core:refused:other": "Nothing allows this",
}


def counter_name(rule_id: str) -> str:
    """The counter of a rule: its id with dots, because nft's identifiers have no colon."""
    return rule_id.replace(":", ".")


def counted(rule_id: str, verdict: Statement) -> tuple[Statement, ...]:
    """Count, then decide."""
    return (Count(counter_name(rule_id)), verdict)


def refuse(rule_id: str, *matches: Match) -> tuple[Rule, ...]:
    """Count everything and drop it; tell the watcher, each sender within its own budget, all within the rule's.

    The budget is a set of senders. A flood under ever new addresses fills it; then nobody is over budget any more, and
    the rule's own rate bounds the log, so that one zone's flood does not silence the others."""
    drop = counted(rule_id, Drop())
    return (
        Rule(rule_id, (*matches, OverBudget(LOG_BUDGET)), drop),
        Rule(rule_id, (*matches, Rate(LOG_RATE, 2 * LOG_RATE)), (LogRefused(LOG_GROUP),)),
        Rule(rule_id, matches, drop),
    )


def refused_chain(side: str) -> str:
    """The chain where traffic from a zone (or the internet) ends that nothing allows."""
    return f"refused-{side}"


def refused_id(side: str) -> str:
    """The rule id of that end."""
    return f"core:refused:{side}"


def refused_chains(site: ResolvedSite) -> tuple[Chain, ...]:
    """One end a source, so that each has its own counter."""
    sides = [s.name for s in site.segments] + [INTERNET]
    return tuple(Chain(refused_chain(side), refuse(refused_id(side))) for side in sides)


def flowtables(site: ResolvedSite, live: LiveState) -> tuple[FlowTable, ...]:
    """The fast path, when this kernel has it and every interface is there (it fails to load otherwise)."""
    devices = tuple(sorted([s.ifname for s in site.segments] + [o.ifname for o in site.outsides]))
    if not live.features.flow_offload or not set(devices) <= set(live.features.interfaces):
        return ()
    return (FlowTable(FLOWTABLE, devices),)


def counters_of(chains: tuple[Chain, ...]) -> tuple[str, ...]:
    """Every counter that some rule uses, sorted."""
    return tuple(sorted({s.counter for c in chains for r in c.rules for s in r.statements if isinstance(s, Count)}))


def origins_of(site: ResolvedSite, chains: tuple[Chain, ...]) -> dict[str, Origin]:
    """Where each rule id of the chains came from."""
    known = {g.id: g.origin for g in site.grants}
    known |= {r.id: r.origin for r in site.refusals} | {f.id: f.origin for f in site.forwards}
    ids = sorted({r.id for c in chains for r in c.rules})
    return {rule_id: known.get(rule_id) or Origin("core", "", 0, _core_why(rule_id)) for rule_id in ids}


def _core_why(rule_id: str) -> str:
    if rule_id.startswith("core:refused:"):
        return f"Nothing allows this from {rule_id.removeprefix('core:refused:')}"
    return CORE_WHY[rule_id]
