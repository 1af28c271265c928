"""The ruleset as typed values: what the kernel is to do, before it is spelled as nft text.

May live here: frozen values for a table, its sets, counters, chains, rules, matches and statements.
May not: text (render.py), meaning (evaluate.py) or policy (compile*.py). Whoever adds a kind of match here must teach
both render.py and evaluate.py: a test walks this module and fails when one of them does not know a kind.

Names follow nft(8). Addresses are `ipaddress` values; interface names are at most 15 bytes (IFNAMSIZ - 1).
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

Network = IPv4Network | IPv6Network
Family = Literal[4, 6]
FAMILIES: tuple[Family, ...] = (4, 6)
Protocol = Literal["tcp", "udp"]
Direction = Literal["saddr", "daddr"]


@dataclass(frozen=True, slots=True, order=True)
class PortRange:
    """TCP or UDP ports `first` to `last`, both included."""

    first: int
    last: int

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and self.first <= port <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


# ---- matches: what a packet must be; a rule matches when all of its matches do -----------------------------------


@dataclass(frozen=True, slots=True)
class Iif:
    """The packet came in by one of these interfaces (`iifname`)."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Oif:
    """The packet leaves by one of these interfaces (`oifname`)."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NfProto:
    """The packet is IPv4 or IPv6 (`meta nfproto`)."""

    family: Family


@dataclass(frozen=True, slots=True)
class Addr:
    """Source or destination lies in one of `networks` (all of one family); inverted with `negate`."""

    direction: Direction
    family: Family
    networks: tuple[Network, ...]
    negate: bool = False


@dataclass(frozen=True, slots=True)
class InSet:
    """A key of the packet is an element of a named set. `keys` are spelled as in `SetDecl.keys`."""

    set_name: str
    family: Family | None
    keys: tuple[Literal["ether saddr", "saddr", "daddr"], ...]


@dataclass(frozen=True, slots=True)
class L4:
    """Protocol and ports; an empty tuple of ports means every port."""

    protocol: Protocol
    dports: tuple[PortRange, ...] = ()
    sports: tuple[PortRange, ...] = ()


@dataclass(frozen=True, slots=True)
class Icmp:
    """ICMP (RFC 792) or ICMPv6 (RFC 4443) of one of these types, by their nft names; empty means any."""

    family: Family
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HopLimit:
    """IPv6 hop limit is exactly this (255 proves that a neighbour sent it, RFC 4861 section 11.2)."""

    value: int


@dataclass(frozen=True, slots=True)
class CtState:
    """Connection tracking says one of these states."""

    states: tuple[Literal["new", "established", "related", "invalid"], ...]


@dataclass(frozen=True, slots=True)
class CtMark:
    """`ct mark & mask == value`."""

    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class CtDnat:
    """The connection's destination was translated (`ct status dnat`)."""


@dataclass(frozen=True, slots=True)
class LocalDestination:
    """The destination is an address of this box (`fib daddr type local`)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `packets` a second with a burst; evaluation takes a packet as within the rate."""

    packets: int
    burst: int


@dataclass(frozen=True, slots=True)
class OverBudget:
    """The sender has used up its share of the log; no match while the set is full. Evaluation: always within it."""

    set_name: str


Match = (
    Iif
    | Oif
    | NfProto
    | Addr
    | InSet
    | L4
    | Icmp
    | HopLimit
    | CtState
    | CtMark
    | CtDnat
    | LocalDestination
    | Rate
    | OverBudget
)

# ---- statements: what happens to a packet that matches ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accept:
    """The packet passes this hook."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The packet is gone, silently."""


@dataclass(frozen=True, slots=True)
class Reject:
    """The packet is gone and its sender is told: ICMP administratively prohibited, or a TCP reset (of TCP only)."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Return:
    """Back to the calling chain."""


@dataclass(frozen=True, slots=True)
class Jump:
    """On with another chain; come back when it ends."""

    chain: str


@dataclass(frozen=True, slots=True)
class Goto:
    """On with another chain, without coming back."""

    chain: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Destination becomes this box, on `port` (nat prerouting)."""

    port: int


@dataclass(frozen=True, slots=True)
class Dnat:
    """Destination becomes `address`:`port` (nat prerouting)."""

    family: Family
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Masquerade:
    """Source becomes the address of the interface it leaves by (nat postrouting)."""


@dataclass(frozen=True, slots=True)
class FlowAdd:
    """Later packets of this flow may take the flow table's fast path; the rule goes on."""

    table: str


@dataclass(frozen=True, slots=True)
class Count:
    """Counts into a named counter that survives a change of rules; the rule goes on."""

    counter: str


@dataclass(frozen=True, slots=True)
class LogRefused:
    """Tells the watcher (NFLOG); the rule goes on."""

    group: int


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A verdict map: the packet's key decides to which chain it goes; no entry, no effect."""

    key: Literal["iifname", "iifname . oifname", "ct state"]
    entries: tuple[tuple[tuple[str, ...], "Accept | Drop | Jump | Goto"], ...]


Verdict = Accept | Drop | Reject | Return | Jump | Goto
Statement = Verdict | Redirect | Dnat | Masquerade | FlowAdd | Count | LogRefused | Dispatch


@dataclass(frozen=True, slots=True)
class Rule:
    """`id` goes into the kernel as the rule's comment: `[a-z0-9:_.-]{1,127}` and nothing else."""

    id: str
    matches: tuple[Match, ...] = ()
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a base chain stands in the packet's way."""

    type: Literal["filter", "nat"]
    hook: Literal["ingress", "prerouting", "input", "forward", "postrouting"]
    priority: int
    policy: Literal["accept", "drop"]
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """A named list of rules; a base chain when it has a hook."""

    name: str
    rules: tuple[Rule, ...]
    hook: Hook | None = None


SetType = Literal["ether_addr", "ipv4_addr", "ipv6_addr", "ipv4_addr . ipv4_addr", "ipv6_addr . ipv6_addr"]


@dataclass(frozen=True, slots=True)
class SetDecl:
    """A named set. Its elements are the enforcer's business (netlink); they outlive every ruleset."""

    name: str
    type: SetType
    flags: tuple[Literal["interval", "timeout", "dynamic"], ...] = ()
    size: int | None = None
    timeout_s: int | None = None
    auto_merge: bool = False


@dataclass(frozen=True, slots=True)
class FlowTable:
    """Fast path for established flows between `devices` (kernel document: nf_flowtable)."""

    name: str
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One table, whole. `origins` says for each rule id where it came from, in words and by place."""

    table: str
    sets: tuple[SetDecl, ...]
    counters: tuple[str, ...]
    flowtables: tuple[FlowTable, ...]
    chains: tuple[Chain, ...]
    origins: dict[str, "Origin"] = field(default_factory=dict)

    def chain(self, name: str) -> Chain:
        """The chain of that name; KeyError names what is missing."""
        for chain in self.chains:
            if chain.name == name:
                return chain
        raise KeyError(f"no chain {name!r} in table {self.table}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule came from: a line of site.yaml or of a pack, or the core, and why it is there."""

    source: Literal["site", "pack", "core"]
    file: str
    line: int
    why: str
