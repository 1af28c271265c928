"""The clinic's own names: declared devices below the local domain, forwards and backwards.

Whatever lies in the local domain, or is the reverse name of an address in one of the clinic's subnets, is answered here
and never sent upstream: the outside can neither see nor invent it.

May live here: the table and its look-up. May not: reading DHCP leases (dns_leases.py), messages.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from filters.dns_message import Type
from filters.names import BadNameError, Name, from_text, is_within, labels

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_IN_ADDR = from_text("in-addr.arpa")
_IP6 = from_text("ip6.arpa")


@dataclass(frozen=True, slots=True)
class LocalHost:
    """A device: `label` is one DNS label, the name is `label`.`domain`."""

    label: str
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class LocalAnswer:
    """`exists` False: NXDOMAIN. An existing name with no `rdata` is NODATA."""

    exists: bool
    rdata: tuple[bytes, ...] = ()


class LocalNames:
    """Built once from the site, then only asked. Raises BadNameError for a domain or label that is no name."""

    def __init__(self, domain: str, hosts: Iterable[LocalHost], networks: Iterable[Network]) -> None:
        self._domain = from_text(domain)
        self._networks = tuple(networks)
        self._forward: dict[Name, dict[int, list[bytes]]] = {self._domain: {}}
        self._back: dict[Address, Name] = {}
        for host in hosts:
            name = from_text(f"{host.label}.{domain}")
            types = self._forward.setdefault(name, {})
            for address in host.addresses:
                types.setdefault(Type.A if address.version == 4 else Type.AAAA, []).append(address.packed)
                self._back.setdefault(address, name)

    def find(self, name: Name, qtype: int) -> LocalAnswer | None:
        """None: not one of ours, others may know it."""
        if is_within(name, self._domain):
            types = self._forward.get(name)
            return LocalAnswer(types is not None, tuple(types.get(qtype, ())) if types else ())
        address = address_of_reverse(name)
        if address is None:
            return None
        owner = self._back.get(address)
        if owner is not None:
            return LocalAnswer(True, (owner,) if qtype == Type.PTR else ())
        return LocalAnswer(False) if any(address in network for network in self._networks) else None


def address_of_reverse(name: Name) -> Address | None:
    """The address a complete reverse name stands for (RFC 1035 section 3.5, RFC 3596 section 2.5), else None."""
    if is_within(name, _IN_ADDR):
        parts = [label.decode("ascii", "replace") for label in labels(name)][-3::-1]
        try:
            return IPv4Address(".".join(parts))
        except ValueError:
            return None
    if is_within(name, _IP6):
        return _reverse6(list(labels(name))[:-2])
    return None


def _reverse6(nibbles: Sequence[bytes]) -> Address | None:
    if len(nibbles) != 32 or any(len(nibble) != 1 or nibble not in b"0123456789abcdef" for nibble in nibbles):
        return None
    return IPv6Address(int(b"".join(reversed(nibbles)), 16))


def single_label(name: Name) -> bool:
    """A name without a dot (`printer`), which only the local network can mean."""
    return name[0] != 0 and name[name[0] + 1] == 0


__all__ = ["BadNameError", "LocalAnswer", "LocalHost", "LocalNames", "address_of_reverse", "single_label"]
