"""Whether a packet fulfils a match of the tree, exactly as nft(8) and the kernel's expressions mean it.

May live here: one small function a kind of match, and their table. May not: chains, verdicts, hooks (evaluate.py).

What the kernel sees depends on the place: before the conntrack hook (priority -200, NF_IP_PRI_CONNTRACK) a packet has
no connection, so that `ct state` is invalid there (net/netfilter/nft_ct.c) and nothing else of it matches; and
neighbour discovery is never tracked (net/netfilter/nf_conntrack_proto_icmpv6.c), so that no state in the tree fits it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ruleset.packet import Facts, Packet
from ruleset.resolved import Address, ResolvedSite
from ruleset.tree import (
    L4,
    Addr,
    CtDnat,
    CtMark,
    CtState,
    Family,
    HopLimit,
    Icmp,
    Iif,
    InSet,
    LocalDestination,
    Match,
    NfProto,
    Oif,
    OverBudget,
    Rate,
)

UNTRACKED_TYPES = frozenset(
    {
        "mld-listener-query",
        "mld-listener-report",
        "mld-listener-done",
        "nd-router-solicit",
        "nd-router-advert",
        "nd-neighbor-solicit",
        "nd-neighbor-advert",
        "mld2-listener-report",
    }
)
_ALIASES = {"mld-listener-reduction": "mld-listener-done"}


@dataclass(frozen=True, slots=True)
class View:
    """A packet at one place on its way: what the rules there can see."""

    packet: Packet
    facts: Facts
    resolved: ResolvedSite
    oif: str
    tracked: bool

    @property
    def has_connection(self) -> bool:
        """Whether connection tracking knows the packet here."""
        return self.tracked and not is_untracked(self.packet) and self.packet.state != "invalid"

    @property
    def local(self) -> bool:
        """Whether the destination is an address of this box (a multicast group is not)."""
        if self.packet.local is not None:
            return self.packet.local
        return self.resolved.is_gateway(self.packet.dst) or self.packet.dst.is_loopback


def is_untracked(packet: Packet) -> bool:
    """Whether connection tracking leaves this packet alone on purpose."""
    return packet.protocol == "icmpv6" and _icmp_name(packet.icmp_type) in UNTRACKED_TYPES


def fits(match: Match, view: View) -> bool:
    """Whether the packet of `view` fulfils `match`. KeyError for a kind that is missing in MATCHERS."""
    return MATCHERS[type(match)](match, view)


def _iif(match: Iif, view: View) -> bool:
    return view.packet.iif in match.names


def _oif(match: Oif, view: View) -> bool:
    return view.oif in match.names


def _nfproto(match: NfProto, view: View) -> bool:
    return view.packet.family == match.family


def _end(direction: str, packet: Packet) -> Address:
    return packet.src if direction == "saddr" else packet.dst


def _addr(match: Addr, view: View) -> bool:
    if view.packet.family != match.family:
        return False
    address = _end(match.direction, view.packet)
    return any(address in network for network in match.networks) != match.negate


def _in_set(match: InSet, view: View) -> bool:
    if match.family is not None and match.family != view.packet.family:
        return False
    parts = {"ether saddr": view.packet.mac, "saddr": view.packet.src, "daddr": view.packet.dst}
    return view.facts.holds(match.set_name, tuple(parts[key] for key in match.keys))


def _l4(match: L4, view: View) -> bool:
    packet = view.packet
    return (
        packet.protocol == match.protocol
        and (not match.dports or any(packet.dport in ports for ports in match.dports))
        and (not match.sports or any(packet.sport in ports for ports in match.sports))
    )


def _icmp_name(name: str) -> str:
    return _ALIASES.get(name, name)


def icmp_protocol(family: Family) -> str:
    """The protocol that carries ICMP in this family."""
    return "icmp" if family == 4 else "icmpv6"


def _icmp(match: Icmp, view: View) -> bool:
    if view.packet.protocol != icmp_protocol(match.family):
        return False
    return not match.types or _icmp_name(view.packet.icmp_type) in {_icmp_name(name) for name in match.types}


def _hop_limit(match: HopLimit, view: View) -> bool:
    return view.packet.family == 6 and view.packet.hop_limit == match.value


def _ct_state(match: CtState, view: View) -> bool:
    return ct_state(view) in match.states


def ct_state(view: View) -> str:
    """The state `ct state` compares with, `untracked` included."""
    if not view.tracked:
        return "invalid"
    return "untracked" if is_untracked(view.packet) else view.packet.state


def _ct_mark(match: CtMark, view: View) -> bool:
    return view.has_connection and view.packet.mark & match.mask == match.value


def _ct_dnat(_match: CtDnat, view: View) -> bool:
    return view.has_connection and view.packet.dnat


def _local_destination(_match: LocalDestination, view: View) -> bool:
    return view.local


def _rate(_match: Rate, _view: View) -> bool:
    return True


def _over_budget(_match: OverBudget, _view: View) -> bool:
    return False


MATCHERS: dict[type, Callable[[Any, View], bool]] = {
    Iif: _iif,
    Oif: _oif,
    NfProto: _nfproto,
    Addr: _addr,
    InSet: _in_set,
    L4: _l4,
    Icmp: _icmp,
    HopLimit: _hop_limit,
    CtState: _ct_state,
    CtMark: _ct_mark,
    CtDnat: _ct_dnat,
    LocalDestination: _local_destination,
    Rate: _rate,
    OverBudget: _over_budget,
}
