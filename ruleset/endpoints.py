"""Endpoints: the words after `from` and `to`, looked up.

May live here: turning one word into a Side, or saying why it is none. May not: whether the pair is allowed.
"""

from difflib import get_close_matches
from ipaddress import ip_network

from ruleset.model import Site
from ruleset.resolved import GATEWAY, INTERNET, Address, Side, host_network
from ruleset.tree import Network

RESERVED = (INTERNET, GATEWAY)


class EndpointError(ValueError):
    """An endpoint that stands for nothing. `code`, what and hint are for a Problem."""

    def __init__(self, code: str, what: str, hint: str) -> None:
        super().__init__(what)
        self.code, self.what, self.hint = code, what, hint


def side(word: str, site: Site, *, outside_allowed: bool) -> Side:
    """The Side for a word. Raises EndpointError."""
    if word in RESERVED:
        if not outside_allowed:
            raise EndpointError("endpoint", f"{word!r} cannot start connections", "name a zone or a device")
        return Side(word, word)
    if word in site.zones:
        return Side(word, word)
    if word in site.devices:
        return device_side(word, site)
    network = _network(word)
    if network is None:
        raise EndpointError("dangling", f"{word!r} is no zone, no device and no address", _nearest(word, site))
    if not outside_allowed:
        raise EndpointError(
            "endpoint",
            f"{word} is an address; connections start at devices and zones",
            "declare the device and name it here",
        )
    return _outside(word, network, site)


def device_side(name: str, site: Site) -> Side:
    """A device as one end. Raises EndpointError when the kernel could not tell it apart."""
    device = site.devices[name]
    addresses: tuple[Address, ...] = tuple(a for a in (device.ipv4, device.ipv6) if a is not None)
    if not addresses:
        raise EndpointError(
            "no-address",
            f"device {name!r} has no fixed address, so the kernel cannot tell it apart",
            "give it ipv4 and ipv6, or name its zone",
        )
    return Side(device.zone, name, tuple(host_network(a) for a in addresses))


def _network(word: str) -> Network | None:
    if "%" in word:
        return None
    try:
        return ip_network(word)
    except ValueError:
        return None


def _outside(word: str, network: Network, site: Site) -> Side:
    for name, zone in site.zones.items():
        for interface in (zone.ipv4, zone.ipv6):
            if (
                interface is not None
                and interface.network.version == network.version
                and interface.network.overlaps(network)
            ):
                raise EndpointError(
                    "endpoint", f"{word} lies inside zone {name!r}", "declare the device and name it, or name the zone"
                )
    if network.prefixlen == 0 or network.is_multicast or network.is_loopback or network.is_link_local:
        raise EndpointError(
            "endpoint", f"{word} is no address on the internet", "write 'internet' for everything outside"
        )
    return Side(INTERNET, word, (network,))


def _nearest(word: str, site: Site) -> str:
    close = get_close_matches(word, [*site.zones, *site.devices, *RESERVED], 1)
    return f"did you mean {close[0]!r}?" if close else "declare it under devices or zones"
