"""One packet, what is known besides it, and what became of it: the values that evaluate.py takes and returns.

May live here: frozen values and their plain constructors. May not: any meaning of rules (evaluate.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal

from ruleset.live import LiveState
from ruleset.resolved import Address, host_network
from ruleset.tree import Family, Network

PacketProtocol = Literal["tcp", "udp", "icmp", "icmpv6"]
CtStateName = Literal["new", "established", "related", "invalid"]
VerdictName = Literal["accept", "drop", "reject"]
Element = tuple[str | Network, ...]

EPHEMERAL = 40000


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as it reaches the box.

    `icmp_type` is the nft name of the type. `mac` is the sender's (lower case, empty when unknown: no set holds it).
    `state`, `mark` and `dnat` are connection tracking's view from the conntrack hook on. `oif` and `local` overrule
    the routing decision where the site file cannot know it (an uplink address from DHCP, a neighbour solicitation)."""

    iif: str
    src: Address
    dst: Address
    protocol: PacketProtocol
    dport: int = 0
    sport: int = EPHEMERAL
    icmp_type: str = "echo-request"
    mac: str = ""
    state: CtStateName = "new"
    mark: int = 0
    dnat: bool = False
    hop_limit: int = 64
    oif: str | None = None
    local: bool | None = None

    @property
    def family(self) -> Family:
        """4 or 6, as the addresses say."""
        return 4 if self.dst.version == 4 else 6


@dataclass(frozen=True, slots=True)
class Facts:
    """Contents of named sets as far as they are known; a set that is not named is taken as empty.

    An element has one part for each key of the set: a MAC as lower-case text, an address as a network."""

    sets: Mapping[str, tuple[Element, ...]] = field(default_factory=dict)

    def holds(self, set_name: str, key: tuple[str | Address, ...]) -> bool:
        """Whether `key` is an element, or lies in an interval that is one."""
        return any(_covers(element, key) for element in self.sets.get(set_name, ()))

    def with_elements(self, set_name: str, elements: Iterable[Element]) -> "Facts":
        """These facts with more elements in one set."""
        return Facts({**self.sets, set_name: (*self.sets.get(set_name, ()), *elements)})


NOTHING_KNOWN = Facts()


def _covers(element: Element, key: tuple[str | Address, ...]) -> bool:
    return len(element) == len(key) and all(
        part == want if isinstance(part, str) or isinstance(want, str) else want in part
        for part, want in zip(element, key, strict=True)
    )


def quarantine_facts(live: LiveState) -> Facts:
    """The quarantine sets as the enforcer fills them from `live`."""
    addresses = [ip_address(text) for q in live.quarantine for text in q.addresses]
    return Facts(
        {
            "quarantine_mac": tuple((q.mac.lower(),) for q in live.quarantine if q.mac),
            "quarantine4": tuple((host_network(a),) for a in addresses if a.version == 4),
            "quarantine6": tuple((host_network(a),) for a in addresses if a.version == 6),
        }
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a packet, and why.

    `rule_id` decided: of the rule that dropped it, else of the last rule that accepted it on the input or forward
    hook. `policy:<chain>` is a base chain's policy, `kernel:<what>` the routing code. `path` holds the ids of all rules
    whose matches all matched, in order. `oif` is empty for the box itself."""

    verdict: VerdictName
    rule_id: str
    chain: str
    path: tuple[str, ...]
    oif: str = ""
    translated: tuple[Address, int] | None = None
    masqueraded: bool = False
    counters: tuple[str, ...] = ()
    logged: bool = False
    offloaded: bool = False

    @property
    def passed(self) -> bool:
        """Whether the packet went on."""
        return self.verdict == "accept"
