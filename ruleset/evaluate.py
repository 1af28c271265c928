"""What the kernel will do with a packet: a compiled ruleset read the way nftables reads it.

May live here: the packet's way past the hooks, chains, verdicts, translation. May not: single matches (matches.py), the
routing table (route.py), policy. Explain, prove and the invariants stand on this, so it follows the kernel, not the
compiler: hooks in the order of the packet's way, base chains by priority, an accept ends its base chain only, a drop is
final, nat chains see only packets that open a connection, a verdict map without a fitting entry ends its rule
(nft(8); net/netfilter/nf_tables_core.c, nf_nat_core.c).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, Literal

from ruleset.matches import View, ct_state, fits
from ruleset.packet import NOTHING_KNOWN, Facts, Outcome, Packet, VerdictName
from ruleset.resolved import Address, ResolvedSite
from ruleset.route import LOCAL, Route, route
from ruleset.tree import (
    Accept,
    Chain,
    Count,
    Dispatch,
    Dnat,
    Drop,
    FlowAdd,
    Goto,
    Hook,
    Jump,
    LogRefused,
    Masquerade,
    Redirect,
    Reject,
    Return,
    Rule,
    Ruleset,
    Statement,
)

CONNTRACK_PRIORITY = -200
MAX_JUMPS = 16  # NFT_JUMP_STACK_SIZE: the kernel refuses to load deeper nesting


@dataclass(frozen=True, slots=True)
class _Ended:
    verdict: VerdictName
    rule_id: str
    chain: str


_Step = _Ended | Literal["next statement", "next rule", "return"]


def evaluate(ruleset: Ruleset, resolved: ResolvedSite, packet: Packet, facts: Facts = NOTHING_KNOWN) -> Outcome:
    """The fate of `packet`. `facts` are the contents of the named sets. KeyError when a chain is missing."""
    walk = _Walk(ruleset, resolved, packet, facts)
    ended = walk.hook("ingress") or walk.hook("prerouting")
    if ended is None:
        way = _decide_route(resolved, walk.packet)
        walk.oif = way.oif
        ended = walk.after_routing(way)
    return walk.outcome(ended)


def _decide_route(resolved: ResolvedSite, packet: Packet) -> Route:
    if packet.local:
        return LOCAL
    if packet.src.is_loopback or packet.src.is_multicast:
        return Route("none", why="martian")
    way = Route("forward", packet.oif) if packet.oif is not None else route(resolved, packet.dst)
    if way.kind == "forward" and packet.src.version == 6 and packet.src.is_link_local:
        return Route("none", why="link-local")
    return way


@dataclass(slots=True)
class _Walk:
    """A packet on its way: what it became, and what happened so far."""

    ruleset: Ruleset
    resolved: ResolvedSite
    packet: Packet
    facts: Facts
    oif: str = ""
    path: list[str] = field(default_factory=list)
    counters: list[str] = field(default_factory=list)
    translated: tuple[Address, int] | None = None
    masqueraded: bool = False
    logged: bool = False
    offloaded: bool = False
    decided: _Ended | None = None
    view: View | None = None
    chains: dict[str, Chain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chains = {chain.name: chain for chain in self.ruleset.chains}

    def after_routing(self, way: Route) -> _Ended | None:
        """The hooks behind the routing decision."""
        if way.kind == "none":
            return _Ended("drop", f"kernel:{way.why}", "")
        if way.kind == "local":
            return self.hook("input", decides=True)
        return self.hook("forward", decides=True) or self.hook("postrouting")

    def hook(self, name: str, decides: bool = False) -> _Ended | None:
        """All base chains of one hook; the verdict that threw the packet away, or None when it passed them."""
        translated_here = False
        for chain, hook in _base_chains(self.ruleset.chains, name):
            if hook.type == "nat" and (translated_here or not self._opens_connection()):
                continue
            if hook.devices and self.packet.iif not in hook.devices:
                continue
            before = (self.translated, self.masqueraded)
            ended = self._base_chain(chain, hook)
            if ended.verdict != "accept":
                return ended
            if decides and hook.type == "filter":
                self._keep(ended)
            translated_here = before != (self.translated, self.masqueraded)
        return None

    def _opens_connection(self) -> bool:
        state = ct_state(self._see(tracked=True))
        return state == "new" or (state == "related" and self.packet.protocol in ("tcp", "udp"))

    def _keep(self, ended: _Ended) -> None:
        if self.decided is None or not ended.rule_id.startswith("policy:"):
            self.decided = ended

    def _base_chain(self, chain: Chain, hook: Hook) -> _Ended:
        early = hook.hook == "ingress" or (hook.hook == "prerouting" and hook.priority < CONNTRACK_PRIORITY)
        self.view = self._see(tracked=not early)
        return self._chain(chain, 0) or _Ended(hook.policy, f"policy:{chain.name}", chain.name)

    def _see(self, tracked: bool) -> View:
        return View(self.packet, self.facts, self.resolved, self.oif, tracked)

    def _chain(self, chain: Chain, depth: int) -> _Ended | None:
        """Runs a chain; None when it came to its end or returned."""
        if depth > MAX_JUMPS:
            return _Ended("drop", "kernel:jump-depth", chain.name)
        for rule in chain.rules:
            step = self._rule(rule, chain, depth)
            if isinstance(step, _Ended):
                return step
            if step == "return":
                return None
        return None

    def _rule(self, rule: Rule, chain: Chain, depth: int) -> _Step:
        view = self.view or self._see(tracked=True)
        if not all(fits(match, view) for match in rule.matches):
            return "next rule"
        self.path.append(rule.id)
        for statement in rule.statements:
            step = self._statement(statement, rule, chain, depth)
            if step != "next statement":
                return step
        return "next rule"

    def _statement(self, statement: Statement, rule: Rule, chain: Chain, depth: int) -> _Step:
        if isinstance(statement, Jump | Goto):
            ended = self._chain(self.chains[statement.chain], depth + 1)
            if ended is not None:
                return ended
            return "next rule" if isinstance(statement, Jump) else "return"
        if isinstance(statement, Dispatch):
            verdict = _entry(statement, self.view or self._see(tracked=True))
            return "next rule" if verdict is None else self._statement(verdict, rule, chain, depth)
        result = STATEMENTS[type(statement)](statement, self)
        if result in ("accept", "drop", "reject"):
            return _Ended(result, rule.id, chain.name)
        return "return" if result == "return" else "next statement"

    def translate(self, address: Address, port: int, local: bool | None = None) -> None:
        """Destination translation: what follows sees the new destination. Without a change there is no `ct dnat`."""
        port = port or self.packet.dport
        if (address, port) != (self.packet.dst, self.packet.dport):
            self.packet = replace(self.packet, dst=address, dport=port, dnat=True, local=local, oif=None)
        self.translated = (address, port)

    def own_address(self) -> Address:
        """The box's own address on the interface the packet came in by (`redirect`, nf_nat_redirect.c)."""
        version = self.packet.dst.version
        for segment in self.resolved.segments:
            if segment.ifname == self.packet.iif:
                return next((g for g in segment.gateways if g.version == version), self.packet.dst)
        for outside in self.resolved.outsides:
            if outside.ifname == self.packet.iif:
                return next((a for a in outside.addresses if a.version == version), self.packet.dst)
        return ip_address("127.0.0.1" if version == 4 else "::1")

    def outcome(self, thrown: _Ended | None) -> Outcome:
        """Everything that happened, as a value."""
        ended = thrown or self.decided or _Ended("accept", "kernel:no-chain", "")
        return Outcome(
            verdict=ended.verdict,
            rule_id=ended.rule_id,
            chain=ended.chain,
            path=tuple(self.path),
            oif=self.oif,
            translated=self.translated,
            masqueraded=self.masqueraded,
            counters=tuple(self.counters),
            logged=self.logged,
            offloaded=self.offloaded,
        )


def _base_chains(chains: Iterable[Chain], hook: str) -> list[tuple[Chain, Hook]]:
    here = [(chain, chain.hook) for chain in chains if chain.hook is not None and chain.hook.hook == hook]
    return sorted(here, key=lambda pair: pair[1].priority)


def _entry(dispatch: Dispatch, view: View) -> Accept | Drop | Jump | Goto | None:
    keys: dict[str, tuple[str, ...]] = {
        "iifname": (view.packet.iif,),
        "iifname . oifname": (view.packet.iif, view.oif),
        "ct state": (ct_state(view),),
    }
    wanted = keys[dispatch.key]
    return next((verdict for key, verdict in dispatch.entries if key == wanted), None)


def _dnat(statement: Dnat, walk: _Walk) -> str:
    if statement.family != walk.packet.family:
        return "next statement"
    walk.translate(ip_address(statement.address), statement.port)
    return "accept"


def _redirect(statement: Redirect, walk: _Walk) -> str:
    walk.translate(walk.own_address(), statement.port, local=True)
    return "accept"


def _masquerade(_statement: Masquerade, walk: _Walk) -> str:
    walk.masqueraded = True
    return "accept"


def _flow_add(_statement: FlowAdd, walk: _Walk) -> str:
    walk.offloaded = True
    return "next statement"


def _count(statement: Count, walk: _Walk) -> str:
    walk.counters.append(statement.counter)
    return "next statement"


def _log(_statement: LogRefused, walk: _Walk) -> str:
    walk.logged = True
    return "next statement"


STATEMENTS: dict[type, Callable[[Any, _Walk], Any]] = {
    Accept: lambda _statement, _walk: "accept",
    Drop: lambda _statement, _walk: "drop",
    Reject: lambda _statement, _walk: "reject",
    Return: lambda _statement, _walk: "return",
    Redirect: _redirect,
    Dnat: _dnat,
    Masquerade: _masquerade,
    FlowAdd: _flow_add,
    Count: _count,
    LogRefused: _log,
}
WALKED = (Jump, Goto, Dispatch)
