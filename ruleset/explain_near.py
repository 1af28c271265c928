"""The nearest permission: which grant would almost have allowed a refused packet, and what differs.

May live here: comparing a question with grants and forwards. May not: verdicts (explain.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruleset.packet import Packet
from ruleset.resolved import INTERNET, Grant, PortForward, ResolvedSite, Side, Traffic
from ruleset.tree import Origin, Ruleset

OTHER_ZONE, OTHER_DEVICE, OTHER_PROTOCOL, OTHER_PORT, ENDED, MUST_LEARN = 4.0, 2.0, 2.0, 1.0, 0.5, 0.5
TOO_FAR = 6.5
MAX_NEAR = 3


@dataclass(frozen=True, slots=True)
class Near:
    """One permission that is close: what it allows, and each point in which the question differs from it."""

    grant_id: str
    origin: Origin
    allows: str
    differs: tuple[str, ...]
    distance: float

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "id": self.grant_id,
            "file": self.origin.file,
            "line": self.origin.line,
            "why": self.origin.why,
            "allows": self.allows,
            "differs": list(self.differs),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the grants see it: sides, the words people used, the packet, the traffic in words."""

    source: str
    target: str
    source_word: str
    target_word: str
    packet: Packet

    @property
    def echo(self) -> bool:
        """Whether a ping was asked for."""
        return self.packet.protocol in ("icmp", "icmpv6")

    @property
    def wire(self) -> str:
        """`tcp 443` or `a ping`."""
        return "a ping" if self.echo else f"{self.packet.protocol} {self.packet.dport}"


def nearest(resolved: ResolvedSite, ruleset: Ruleset, asked: Asked) -> tuple[Near, ...]:
    """At most three permissions that come closest, the closest first; none when all are too far off."""
    compiled = {rule.id for chain in ruleset.chains for rule in chain.rules}
    found: dict[str, Near] = {}
    close = _forwards if asked.source == INTERNET else _grants
    for near in close(resolved, asked, compiled):
        known = found.get(near.grant_id)
        if near.distance <= TOO_FAR and (known is None or near.distance < known.distance):
            found[near.grant_id] = near
    ranked = sorted(found.values(), key=lambda near: (near.distance, near.grant_id))
    return tuple(near for near in ranked if near.distance <= ranked[0].distance + OTHER_DEVICE)[:MAX_NEAR]


def _grants(resolved: ResolvedSite, asked: Asked, compiled: set[str]) -> Iterator[Near]:
    for grant in resolved.grants:
        if _unrelated(grant, asked):
            continue
        points = [
            _source(grant.source, asked),
            _target(grant.target, asked),
            _traffic(grant, asked),
            _ended(grant, compiled),
        ]
        found = [point for point in points if point is not None]
        if found:
            allows = f"{grant.source.label} to {grant.target.label} on {traffic_words(grant.traffic)}"
            yield Near(grant.id, grant.origin, allows, tuple(t for _, t in found), sum(d for d, _ in found))


Point = tuple[float, str] | None


def _unrelated(grant: Grant, asked: Asked) -> bool:
    """Whether it shares less than two of source, target and service, or is the default policy of another zone.

    A permit for another zone can be widened in the site file; what the packs give to another role cannot."""
    same_source = grant.source.zone == asked.source
    shared = (same_source, grant.target.zone == asked.target, _traffic(grant, asked) is None)
    return sum(shared) < 2 or (grant.kind == "matrix" and not same_source)


def _source(side: Side, asked: Asked) -> Point:
    if side.zone != asked.source:
        return OTHER_ZONE, f"it is for {side.label}, you asked for {asked.source_word}"
    if side.networks and not any(asked.packet.src in network for network in side.networks):
        return OTHER_DEVICE, f"it is for {side.label}, you asked for {asked.source_word}"
    return None


def _target(side: Side, asked: Asked) -> Point:
    if side.zone != asked.target:
        return OTHER_ZONE, f"it leads to {side.label}, you asked for {asked.target_word}"
    if side.networks and not any(asked.packet.dst in network for network in side.networks):
        return OTHER_DEVICE, f"it leads to {side.label}, you asked for {asked.target_word}"
    if side.learned:
        return MUST_LEARN, "only addresses that the client learned from the gateway's resolver, for the names granted"
    return None


def _traffic(grant: Grant, asked: Asked) -> Point:
    packet, echo = asked.packet, asked.echo
    same = [t for t in grant.traffic if t.protocol == ("echo" if echo else packet.protocol)]
    words = f"it allows {traffic_words(grant.traffic)}, you asked {asked.wire}"
    if not same:
        return OTHER_PROTOCOL, words
    if echo or any(not t.ports or any(packet.dport in ports for ports in t.ports) for t in same):
        return None
    gap = min(min(abs(p.first - packet.dport), abs(p.last - packet.dport)) for t in same for p in t.ports)
    return OTHER_PORT + gap / 65536, words


def _ended(grant: Grant, compiled: set[str]) -> Point:
    """A grant that the compiler left out has ended: there is no other reason to leave one out."""
    if grant.id in compiled or grant.expires is None:
        return None
    return ENDED, f"it ended on {grant.expires.date().isoformat()}"


def _forwards(resolved: ResolvedSite, asked: Asked, compiled: set[str]) -> Iterator[Near]:
    for forward in resolved.forwards:
        differs = [f"it opens {forward.protocol} {forward.port} on uplink {forward.uplink}, you asked {asked.wire}"]
        if forward.id not in compiled:
            differs.append(f"it ended on {forward.expires.date().isoformat()}")
        distance = OTHER_PORT if forward.protocol == asked.packet.protocol else OTHER_PROTOCOL
        yield Near(forward.id, forward.origin, _forward_words(forward), tuple(differs), distance)


def _forward_words(forward: PortForward) -> str:
    return f"the internet to {forward.host} by {forward.protocol} {forward.port} of uplink {forward.uplink}"


def traffic_words(traffic: tuple[Traffic, ...], limit: int = 6) -> str:
    """`tcp 80, 443 and udp 443`, shortened where a service has very many ports."""
    words = []
    for item in traffic:
        if item.protocol == "echo":
            words.append("ping")
            continue
        ports = [str(p) for p in item.ports[:limit]] + (
            [f"{len(item.ports) - limit} more"] if item.ports[limit:] else []
        )
        words.append(f"{item.protocol} {', '.join(ports) or 'on every port'}")
    return " and ".join(words) or "nothing"
