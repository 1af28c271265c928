"""What no policy may break, whatever a site says: checked on every compile, and again by the enforcer.

May live here: the rules of the house as checks over a compiled ruleset. May not: the shape of the tree (wellformed.py),
ways to repair anything. A check never trusts the compiler: it reads the tree (reach.py) or sends packets (evaluate.py).

Sources: design page, sections 4 to 6. The ids below are what a waiver may name where the house allows one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from ruleset.evaluate import evaluate
from ruleset.live import NOTHING_LIVE, LiveState
from ruleset.packet import Facts, Packet
from ruleset.reach import Acceptance, Kind, accepting
from ruleset.resolved import Address, ResolvedSite, Segment, host_network
from ruleset.tree import L4, Chain, Dnat, Drop, HopLimit, Icmp, Iif, Network, PortRange, Rule, Ruleset
from ruleset.wellformed import malformed

NO_INTERNET = {"med": "med-no-internet", "cam": "cam-no-internet", "prn": "prn-no-internet"}
ADMIN_ROLE = "mgmt"
ADMIN_PORTS = (8080, 22)
ANSWERING_PORTS = (53, 8081)  # names, and the page that says what was blocked
STRANGERS = (ip_address("198.18.0.77"), ip_address("2001:db8:ffff:ffff::77"))
QUARANTINE, ISOLATION, PROBE = "quarantine", "quarantine-first", "probe"
ISOLATED_MAC = "02:00:00:00:00:fe"
LINK_HOP_LIMIT = 255
LEASE_PORTS = (PortRange(67, 67),)
ERROR_TYPES = frozenset({"destination-unreachable", "time-exceeded", "parameter-problem", "packet-too-big"})


@dataclass(frozen=True, slots=True)
class Violation:
    """`id` names the invariant, `rule_id` the rule that breaks it (or `policy:CHAIN`), `what` says it in a sentence."""

    id: str
    rule_id: str
    what: str

    def line(self) -> str:
        """One line for people."""
        return f"{self.id}: {self.what} [rule {self.rule_id}]"

    def as_dict(self) -> dict[str, str]:
        """The same for machines."""
        return {"id": self.id, "rule": self.rule_id, "what": self.what}


def check(resolved: ResolvedSite, ruleset: Ruleset, live: LiveState = NOTHING_LIVE) -> list[Violation]:
    """Every broken invariant. Never raises: a tree that is not whole is reported first and not walked any further.

    With somebody isolated in `live`, the isolating rules must be there and work; without, their place must be right."""
    broken = [Violation(f.id, f.rule_id, f.what) for f in malformed(ruleset)]
    if broken:
        return broken
    found = [
        *_default_drop(ruleset),
        *_no_internet(resolved, ruleset),
        *_nothing_from_internet(resolved, ruleset),
        *_forwards_as_declared(resolved, ruleset),
        *_administrator(resolved, ruleset),
        *_quarantine_first(resolved, ruleset, live),
        *_no_foreign_source(resolved, ruleset),
    ]
    return list(dict.fromkeys(found))


def _default_drop(ruleset: Ruleset) -> Iterator[Violation]:
    for name in ("input", "forward"):
        chains = [c for c in ruleset.chains if c.hook and (c.hook.hook, c.hook.type) == (name, "filter")]
        if not any(c.hook and c.hook.policy == "drop" for c in chains):
            rule = f"policy:{chains[0].name}" if chains else f"policy:{name}"
            yield Violation("default-drop", rule, f"no chain on {name} drops what nothing has allowed")


def _waived_rules(resolved: ResolvedSite) -> frozenset[str]:
    return frozenset(grant.id for grant in resolved.grants if grant.waived)


def _no_internet(resolved: ResolvedSite, ruleset: Ruleset) -> Iterator[Violation]:
    """Imaging, cameras and printers start nothing towards the internet, on any port, unless a waiver says so."""
    waived = _waived_rules(resolved)
    for segment in resolved.segments:
        invariant = NO_INTERNET.get(segment.role)
        if invariant is None or invariant in resolved.waived_invariants:
            continue
        for outside in resolved.outsides:
            for hit in accepting(ruleset, "forward", Kind(segment.ifname, outside.ifname)):
                if hit.rule.id not in waived:
                    what = f"zone {segment.name} ({segment.role}) may reach the internet by uplink {outside.name}"
                    yield Violation(invariant, hit.rule.id, what)


def _only_errors(hit: Acceptance) -> bool:
    """ICMP errors belong to connections that were allowed; the kernel marks others invalid."""
    return any(isinstance(m, Icmp) and m.types and set(m.types) <= ERROR_TYPES for m in hit.rule.matches)


def _nothing_from_internet(resolved: ResolvedSite, ruleset: Ruleset) -> Iterator[Violation]:
    """New connections from an uplink reach a zone only by a declared forward."""
    declared = {f.id for f in resolved.forwards}
    for outside in resolved.outsides:
        for segment in resolved.segments:
            plain = accepting(ruleset, "forward", Kind(outside.ifname, segment.ifname, dnat=False))
            translated = accepting(ruleset, "forward", Kind(outside.ifname, segment.ifname, dnat=True))
            undeclared = [hit for hit in translated if hit.rule.id not in declared]
            for hit in (*plain, *undeclared):
                if not _only_errors(hit):
                    what = f"the internet may start connections to zone {segment.name} by uplink {outside.name}"
                    yield Violation("internet-in", hit.rule.id, what)


def _forwards_as_declared(resolved: ResolvedSite, ruleset: Ruleset) -> Iterator[Violation]:
    """Destinations are translated only as the site's forwards say, or from a zone to the gateway's names and page.

    So nothing leads a device to another service of the gateway, such as the owner's page, that its zone may not use."""
    declared = {(f.id, str(a), f.to_port) for f in resolved.forwards for a in f.addresses}
    zones = {segment.ifname for segment in resolved.segments}
    for rule in (rule for chain in ruleset.chains for rule in chain.rules):
        for statement in rule.statements:
            if not isinstance(statement, Dnat) or (rule.id, statement.address, statement.port) in declared:
                continue
            from_zones = any(isinstance(m, Iif) and zones.issuperset(m.names) for m in rule.matches)
            answers = resolved.is_gateway(ip_address(statement.address)) and statement.port in ANSWERING_PORTS
            if not (from_zones and answers):
                what = f"translates to {statement.address} port {statement.port}, which no forward declares"
                yield Violation("forward-undeclared", rule.id, what)


def _member(segment: Segment, index: int) -> Address | None:
    """An address in the zone's subnet of that index, other than the gateway's."""
    network = segment.subnets[index]
    candidates = (network.network_address + offset for offset in range(2, min(network.num_addresses, 10)))
    return next((a for a in candidates if a not in segment.gateways), None)


def _members(segment: Segment) -> Iterator[tuple[Address, Address]]:
    """Pairs of a sample address and the gateway's address, one a family."""
    for index, gateway in enumerate(segment.gateways):
        if member := _member(segment, index):
            yield member, gateway


def _administrator(resolved: ResolvedSite, ruleset: Ruleset) -> Iterator[Violation]:
    """Every host of the management zone reaches the gateway's page and SSH, and there is such a zone."""
    zones = [segment for segment in resolved.segments if segment.role == ADMIN_ROLE]
    if not zones:
        yield Violation("admin-reaches-gateway", "-", "no zone has the role mgmt, so nobody could reach the gateway")
    for segment in zones:
        for member, gateway in _members(segment):
            for port in ADMIN_PORTS:
                outcome = evaluate(ruleset, resolved, Packet(segment.ifname, member, gateway, "tcp", port))
                if not outcome.passed or outcome.translated is not None:
                    what = f"zone {segment.name} does not reach the gateway at {gateway} on tcp {port}"
                    yield Violation("admin-reaches-gateway", outcome.rule_id, what)


def _quarantine_first(resolved: ResolvedSite, ruleset: Ruleset, live: LiveState) -> Iterator[Violation]:
    """An isolated device is cut off whatever its connections were: by MAC, by IPv4, by IPv6, in both directions.

    The chain may be empty while nobody is isolated, so it is asked with a rule that drops everything in its place."""
    if all(chain.name != QUARANTINE for chain in ruleset.chains):
        yield Violation(ISOLATION, "-", f"there is no chain {QUARANTINE}")
        return
    behind = _with_probe(ruleset, tuple(c for c in ruleset.chains if not (c.hook and c.hook.hook == "ingress")))
    for packet, _ in _established(resolved):
        outcome = evaluate(behind, resolved, packet)
        if outcome.rule_id != PROBE:
            what = f"an established flow on {packet.iif} is decided before isolation (IPv{packet.family})"
            yield Violation(ISOLATION, outcome.rule_id, what)
    if live.quarantine or ruleset.chain(QUARANTINE).rules:
        yield from _isolated(resolved, ruleset)
    yield from _offload_isolated(resolved, ruleset)


def _with_probe(ruleset: Ruleset, chains: tuple[Chain, ...]) -> Ruleset:
    probe = (Rule(PROBE, (), (Drop(),)),)
    return replace(ruleset, chains=tuple(replace(c, rules=probe) if c.name == QUARANTINE else c for c in chains))


def _established(resolved: ResolvedSite) -> Iterator[tuple[Packet, Facts]]:
    """Packets of running connections of one host a zone and family, with the set elements that isolate it."""
    uplink = resolved.outsides[0].ifname if resolved.outsides else ""
    for segment in resolved.segments:
        for member, gateway in _members(segment):
            stranger = STRANGERS[0] if member.version == 4 else STRANGERS[1]
            out = Packet(
                segment.ifname, member, stranger, "tcp", 443, mac=ISOLATED_MAC, state="established", oif=uplink
            )
            back = Packet(uplink, stranger, member, "tcp", 40000, 443, state="established")
            inside = replace(out, dst=gateway, dport=22, oif=None)
            by_mac = Facts({"quarantine_mac": ((ISOLATED_MAC,),)})
            by_address = Facts({f"quarantine{member.version}": ((host_network(member),),)})
            yield from ((out, by_mac), (out, by_address), (back, by_address), (inside, by_mac), (inside, by_address))


def _isolated(resolved: ResolvedSite, ruleset: Ruleset) -> Iterator[Violation]:
    for packet, facts in _established(resolved):
        outcome = evaluate(ruleset, resolved, packet, facts)
        if outcome.passed:
            what = f"an established flow of an isolated device on {packet.iif} still passes (IPv{packet.family})"
            yield Violation(ISOLATION, outcome.rule_id, what)


def _offload_isolated(resolved: ResolvedSite, ruleset: Ruleset) -> Iterator[Violation]:
    """Offloaded packets skip every hook but ingress, so isolation must stand there too, on every device."""
    ingress = tuple(c for c in ruleset.chains if not c.hook or c.hook.hook == "ingress")
    early = _with_probe(ruleset, ingress)
    for device in (device for table in ruleset.flowtables for device in table.devices):
        packet = Packet(device, STRANGERS[0], STRANGERS[0], "tcp", 443, state="established", oif="")
        outcome = evaluate(early, resolved, packet)
        if outcome.rule_id != PROBE:
            what = f"offloaded flows on {device} do not meet isolation"
            yield Violation(ISOLATION, outcome.rule_id, what)


def _no_foreign_source(resolved: ResolvedSite, ruleset: Ruleset) -> Iterator[Violation]:
    """No connection begins under an address of another zone, of a stranger or of the gateway, nor from outside under
    one of ours. (A later packet would have to guess the ports and sequence numbers of a running connection.)"""
    strangers = [host_network(a) for a in STRANGERS]
    for segment in resolved.segments:
        who = f"zone {segment.name}"
        others = [network for other in resolved.segments if other != segment for network in other.subnets]
        yield from _refused(ruleset, segment.ifname, [*others, *strangers], f"{who} may send under a foreign")
        for gateway in segment.gateways:
            own = [host_network(gateway)]
            yield from _refused(ruleset, segment.ifname, own, f"{who} may send under the gateway's")
    inner = [network for segment in resolved.segments for network in segment.subnets]
    for outside in resolved.outsides:
        yield from _refused(ruleset, outside.ifname, inner, f"uplink {outside.name} may send under a zone's")


def _refused(ruleset: Ruleset, ifname: str, sources: list[Network], what: str) -> Iterator[Violation]:
    for version in (4, 6):
        source = tuple(network for network in sources if network.version == version)
        hooks: tuple[tuple[str, str | None], ...] = (("input", ""), ("forward", None))
        for hook, oif in hooks if source else ():
            for hit in accepting(ruleset, hook, Kind(ifname, oif, source=source, dnat=None)):
                if not _before_sources(hit):
                    yield Violation("anti-spoof", hit.rule.id, f"{what} IPv{version} address")


def _before_sources(hit: Acceptance) -> bool:
    """What has to work before a device has an address: neighbour discovery on the link, asking for a lease."""
    on_link = any(isinstance(m, HopLimit) and m.value == LINK_HOP_LIMIT for m in hit.rule.matches)
    asks = any(isinstance(m, L4) and m.protocol == "udp" and m.dports == LEASE_PORTS for m in hit.rule.matches)
    return on_link or asks
