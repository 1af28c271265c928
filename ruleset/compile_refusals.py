"""What is refused towards the internet whatever else is allowed, and the permits that go before it.

    waived permits -> ports -> permits that name an address -> addresses that are refused, whole or on some ports

Only packets that open a connection get here, and the addresses are looked up once for each.

May live here: that chain and the ends of its refusals. May not: which ports and addresses these are (packs/*.yaml).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ruleset.compile_grants import grant_rules
from ruleset.compile_parts import DOH4, DOH6, LISTED_DOH, refuse
from ruleset.resolved import INTERNET, Grant, Refusal, ResolvedSite
from ruleset.tree import FAMILIES, L4, Addr, Chain, Goto, Iif, InSet, Jump, PortRange, Rule

ALWAYS_REFUSED = "always-refused"
HTTPS = (PortRange(443, 443),)
# DNS over HTTPS, by TCP and by QUIC; over TLS and QUIC proper is refused everywhere (853), plain DNS comes to us (53).
ENCRYPTED = (L4("tcp", HTTPS), L4("udp", HTTPS))
DOH_SETS = (InSet(DOH4, 4, ("daddr",)), InSet(DOH6, 6, ("daddr",)))


def always_refused(site: ResolvedSite, grants: tuple[Grant, ...]) -> tuple[Chain, ...]:
    """Waived permits first; then the ports; then permits that name an address, and the addresses that are refused.

    What is on none of these goes on to its pair. Addresses are looked up once: their refusal is a chain of its own."""
    outward = [g for g in grants if g.target.zone == INTERNET]
    rules = [r for g in outward if g.waived for r in _from_its_zone(site, g)]
    for refusal in (r for r in site.refusals if not r.networks):
        for traffic in refusal.traffic:
            if traffic.protocol != "echo":
                rules += refuse(refusal.id, L4(traffic.protocol, traffic.ports))
    rules += [
        r for g in outward if g.kind == "permit" and g.target.networks and not g.waived for r in _from_its_zone(site, g)
    ]
    narrow = [_Narrow(r.id, _ports(r), _addresses(r)) for r in site.refusals if r.networks]
    narrow.append(_Narrow(LISTED_DOH, ENCRYPTED, DOH_SETS))
    rules += [rule for refusal in narrow for rule in refusal.rules()]
    return Chain(ALWAYS_REFUSED, tuple(rules)), *(chain for refusal in narrow for chain in refusal.chains())


@dataclass(frozen=True)
class _Narrow:
    """A refusal of certain addresses: on some ports, or (none given) of all there is at them."""

    id: str
    ports: tuple[L4, ...]
    addresses: tuple[Addr | InSet, ...]

    def rules(self) -> Iterator[Rule]:
        """For the chain of what is always refused."""
        if not self.ports:
            yield from self._look_up()
        for wire in self.ports:
            yield Rule(self.id, (wire,), (Jump(f"{self._name}-at"),))

    def chains(self) -> Iterator[Chain]:
        """The look-up of the addresses, for ports that share it, and the end of what was found there."""
        if self.ports:
            yield Chain(f"{self._name}-at", tuple(self._look_up()))
        yield Chain(self._name, refuse(self.id))

    def _look_up(self) -> Iterator[Rule]:
        return (Rule(self.id, (address,), (Goto(self._name),)) for address in self.addresses)

    @property
    def _name(self) -> str:
        return self.id.replace(":", "-")


def _ports(refusal: Refusal) -> tuple[L4, ...]:
    return tuple(L4(t.protocol, t.ports) for t in refusal.traffic if t.protocol != "echo")


def _addresses(refusal: Refusal) -> tuple[Addr, ...]:
    by_family = ((f, tuple(n for n in refusal.networks if n.version == f)) for f in FAMILIES)
    return tuple(Addr("daddr", family, networks) for family, networks in by_family if networks)


def _from_its_zone(site: ResolvedSite, grant: Grant) -> list[Rule]:
    iif = Iif(site.interfaces(grant.source.zone))
    return [Rule(r.id, (iif, *r.matches), r.statements) for r in grant_rules(grant)]
