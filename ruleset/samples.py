"""Addresses that stand for many: an undeclared host of a zone, a declared device, somebody on the internet.

May live here: choosing one address, the same one every time. May not: questions about them (prove*.py, explain*.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from ruleset.resolved import Address, Host, ResolvedSite, Segment, Side
from ruleset.tree import Family, Network

_INTERNET = {
    4: tuple(ip_address(a) for a in ("198.51.100.77", "192.0.2.77", "203.0.113.77", "198.18.0.77")),
    6: tuple(ip_address(a) for a in ("2001:db8:ffff:ffff::77", "2001:db8:fffe:ffff::77", "2001:db8:fffd:ffff::77")),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One end of a question. `host` is the declared device's name, or empty for a stranger."""

    zone: str
    address: Address
    mac: str = ""
    host: str = ""


def stranger(resolved: ResolvedSite, segment: Segment, family: Family) -> Sample | None:
    """An address of the zone that belongs to no declared device; None where the subnet has none left."""
    network = segment.subnet(family)
    if network is None:
        return None
    taken = {a for host in resolved.hosts for a in host.addresses} | set(segment.gateways)
    return next((Sample(segment.name, a) for a in _inner(network) if a not in taken), None)


def _inner(network: Network) -> Iterator[Address]:
    """Host addresses from the top of a subnet down: devices are usually numbered from the bottom up."""
    last = network.num_addresses - (2 if network.version == 4 else 1)
    return (network.network_address + offset for offset in range(last, max(0, last - 4096), -1))


def host_sample(host: Host, family: Family) -> Sample | None:
    """A declared device in one family."""
    return next((Sample(host.zone, a, host.mac, host.name) for a in host.addresses if a.version == family), None)


def hosts_of(resolved: ResolvedSite, zone: str, family: Family) -> list[Sample]:
    """All declared devices of a zone that have that family, in the site's order."""
    found = (host_sample(host, family) for host in resolved.hosts if host.zone == zone)
    return [sample for sample in found if sample is not None]


def somebody(resolved: ResolvedSite, family: Family) -> Address | None:
    """An address on the internet about which the site says nothing in particular; None without such an uplink."""
    ours = [n for s in resolved.segments for n in s.subnets] + [n for o in resolved.outsides for n in o.subnets]
    named = [n for g in resolved.grants for n in g.target.networks]
    free = [a for a in _INTERNET[family] if not _in_any(a, ours)]
    return next((a for a in free if not _in_any(a, named)), next(iter(free), None))


def _in_any(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def member_of(resolved: ResolvedSite, side: Side, family: Family) -> Sample | None:
    """Somebody whom a narrowed side means: its device, or the first address of its network."""
    host = resolved.host(side.label)
    if host is not None and host.zone == side.zone:
        return host_sample(host, family)
    network = next((n for n in side.networks if n.version == family), None)
    if network is None:
        return None
    first = network.network_address + (0 if network.num_addresses == 1 else 1)
    return Sample(side.zone, first)
