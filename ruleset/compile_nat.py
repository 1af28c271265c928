"""Address translation: names to our resolver, blocked names to the block page, port forwards, masquerade.

May live here: the nat hooks. May not: permission (a translated packet still has to pass input or forward).
"""

from datetime import datetime
from ipaddress import IPv6Network

from ruleset.compile_page import page_redirects
from ruleset.resolved import ResolvedSite, Segment, family_of
from ruleset.tree import (
    FAMILIES,
    L4,
    Addr,
    Chain,
    Dnat,
    Hook,
    Iif,
    LocalDestination,
    Masquerade,
    NfProto,
    Oif,
    PortRange,
    Protocol,
    Rule,
)

DNAT, SRCNAT = "translate-destination", "translate-source"
DNS_PORT = 53
UNIQUE_LOCAL = IPv6Network("fc00::/7")


def nat_chains(site: ResolvedSite, now: datetime) -> tuple[Chain, ...]:
    """Destination translation before routing, source translation after it."""
    redirects = tuple(r for s in site.segments for r in (*_dns_redirect(s), *page_redirects(s)))
    return (
        Chain(DNAT, (*redirects, *_forwards(site, now)), Hook("nat", "prerouting", -100, "accept")),
        Chain(SRCNAT, _masquerade(site), Hook("nat", "postrouting", 100, "accept")),
    )


def _dns_redirect(segment: Segment) -> list[Rule]:
    """To the zone's own gateway address, not nft's `redirect`: for IPv6 that may pick a link-local address."""
    protocols: tuple[Protocol, ...] = ("udp", "tcp")
    rules = []
    for gateway in segment.gateways:
        family = family_of(gateway)
        for protocol in protocols:
            ask = L4(protocol, (PortRange(DNS_PORT, DNS_PORT),))
            to = Dnat(family, str(gateway), DNS_PORT)
            rules.append(Rule("core:dns:redirect", (Iif((segment.ifname,)), NfProto(family), ask), (to,)))
    return rules


def _forwards(site: ResolvedSite, now: datetime) -> tuple[Rule, ...]:
    rules = []
    for forward in site.forwards:
        if forward.expires <= now:
            continue
        uplink = next(o for o in site.outsides if o.name == forward.uplink)
        for address in forward.addresses:
            family = family_of(address)
            asked = L4(forward.protocol, (PortRange(forward.port, forward.port),))
            matches = (Iif((uplink.ifname,)), NfProto(family), LocalDestination(), asked)
            rules.append(Rule(forward.id, matches, (Dnat(family, str(address), forward.to_port),)))
    return tuple(rules)


def _masquerade(site: ResolvedSite) -> tuple[Rule, ...]:
    """All of IPv4; of IPv6 only unique local addresses (RFC 4193), which the internet cannot answer."""
    rules = []
    for family in FAMILIES:
        networks = tuple(n for s in site.segments if (n := s.subnet(family)) and _needs_nat(n))
        for outside in site.outsides:
            if networks:
                matches = (Oif((outside.ifname,)), Addr("saddr", family, networks))
                rules.append(Rule("core:srcnat:masquerade", matches, (Masquerade(),)))
    return tuple(rules)


def _needs_nat(network: object) -> bool:
    return not isinstance(network, IPv6Network) or network.subnet_of(UNIQUE_LOCAL)
