"""Addresses a public name has no business with: DNS rebinding makes a browser attack the network it stands in.

Documentation networks are not among them: nobody lives there, so nothing is attacked.

May live here: the table and the test. May not: which names are excepted (dns_session.py).
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Networks:
    """`address in Networks(...)`: one look-up for each length of prefix, however many networks there are."""

    __slots__ = ("_known",)

    def __init__(self, networks: Iterable[Network]) -> None:
        known: dict[int, dict[int, set[int]]] = {4: {}, 6: {}}
        for network in networks:
            behind = network.max_prefixlen - network.prefixlen
            known[network.version].setdefault(behind, set()).add(int(network.network_address) >> behind)
        self._known = {version: tuple(lengths.items()) for version, lengths in known.items()}

    def __contains__(self, address: Address) -> bool:
        number = int(address)
        for behind, prefixes in self._known[address.version]:  # noqa: SIM110 - a generator takes twice as long
            if number >> behind in prefixes:
                return True
        return False


# This host, RFC 1918, shared (RFC 6598), loopback, link-local, protocol assignments (RFC 6890, but not 192.0.0.170 and
# .171: they are no hosts, only what tells a phone of NAT64, RFC 7050), benchmarks (RFC 2544), multicast and class E.
# IPv6: unspecified, loopback, unique local, link-local and the site-local of old, multicast, and what somebody inside
# translates or tunnels to an IPv4 address that is not to be read off safely: the NAT64 prefix of a network's own
# (RFC 8215), SIIT (RFC 2765), Teredo (RFC 4380).
PRIVATE = Networks(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "192.0.0.0/25", "198.18.0.0/15", "224.0.0.0/3",
        "::/128", "::1/128", "fc00::/7", "fe80::/9", "ff00::/8", "64:ff9b:1::/48", "::ffff:0:0:0/96", "2001::/32",
    )
)  # fmt: skip
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four octets are an IPv4 address
_COMPATIBLE = IPv6Network("::/96")
NOWHERE = Networks(())


def is_private(address: Address, own: Networks = NOWHERE) -> bool:
    """Whether an address lies inside: a private network, one of the clinic's `own`, or such a one in IPv6's clothes."""
    if address in PRIVATE or address in own:
        return True
    inner = _inner(address)
    return inner is not None and is_private(inner, own)


def _inner(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    return IPv4Address(address.packed[12:]) if address in _NAT64 or address in _COMPATIBLE else None
