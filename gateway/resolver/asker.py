"""Whose question it would be: a device, an address or a zone, as a person names it.

May live here: finding zone and address. May not: asking (trial.py), judging.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from filters.dns_policy import DnsPolicy
from gateway.resolver.config import ResolverConfig
from ruleset.problems import printable

Address = IPv4Address | IPv6Address
STRANGER = ""  # the zone of an address that belongs to none


class UnknownAskerError(ValueError):
    """Nobody here is called that, or no address of it is known; `hint` is the way out."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Asker:
    """`client` is the address it asks from; for a zone the gateway's own there, which no device has."""

    zone: str
    client: Address
    kind: str  # device, zone or address


def asker_of(text: str, config: ResolverConfig, policy: DnsPolicy) -> Asker:
    """By a device's name, a zone's, or an address, in this order. Raises UnknownAskerError."""
    declared = [host.addresses for host in config.hosts if host.label == text]
    learned = [address for address, device in policy.devices.items() if device.name == text]
    addresses = [address for known in (*declared, learned) for address in known]
    if addresses:
        return Asker(zone_of(addresses[0], config), addresses[0], "device")
    if declared:
        raise UnknownAskerError(f"no address of {text} is known", "name the zone it is in, or its present address")
    zone = next((zone for zone in config.zones if zone.name == text), None)
    if zone is not None and zone.addresses:
        return Asker(zone.name, zone.addresses[0], "zone")
    try:
        address = ip_address(text)
    except ValueError:
        zones = ", ".join(one.name for one in config.zones) or "none"
        what = f"{printable(text, 80)!r} is no device, zone or address here"
        raise UnknownAskerError(what, f"devices are in the site file; its zones: {zones}") from None
    return Asker(zone_of(address, config), address, "address")


def zone_of(address: Address, config: ResolverConfig) -> str:
    """The zone whose subnet holds it; STRANGER for none."""
    found = ((network.prefixlen, zone.name) for zone in config.zones for network in zone.networks if address in network)
    return max(found, default=(0, STRANGER))[1]
