"""Services: names for ports, from the packs in use and from the site.

May live here: turning port texts into ranges, the table of known services. May not: who may use them (resolve.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ruleset.packs import LoadedPack
from ruleset.resolved import Traffic
from ruleset.tree import PortRange

# The RTP range of a telephone is the widest that one program honestly needs.
WIDE_PORTS = 16384


@dataclass(frozen=True, slots=True)
class KnownService:
    """A service and where it is defined (`site` or a pack's name)."""

    name: str
    traffic: tuple[Traffic, ...]
    source: str

    @property
    def wide(self) -> bool:
        """Whether it opens more ports than any one program needs."""
        return any(sum(r.last - r.first + 1 for r in t.ports) > WIDE_PORTS for t in self.traffic)


Services = Mapping[str, KnownService]


def port_range(text: int | str) -> PortRange:
    """`443` or `"5000-5010"` as a range. Raises ValueError, saying what is wrong with the text."""
    first, _, last = str(text).partition("-")
    low, high = int(first), int(last or first)
    if not 1 <= low <= high <= 65535:
        raise ValueError(f"{text!r} is not a port range: ports go from 1 to 65535, the lower one first")
    return PortRange(low, high)


def ranges(texts: Iterable[int | str]) -> tuple[PortRange, ...]:
    """Sorted ranges without overlaps: nft refuses a set whose intervals overlap."""
    merged: list[PortRange] = []
    for item in sorted(port_range(t) for t in texts):
        if merged and item.first <= merged[-1].last + 1:
            merged[-1] = PortRange(merged[-1].first, max(merged[-1].last, item.last))
        else:
            merged.append(item)
    return tuple(merged)


def traffic(tcp: Iterable[int | str], udp: Iterable[int | str], echo: bool = False) -> tuple[Traffic, ...]:
    """Port texts of both protocols as Traffic values."""
    found: list[Traffic] = []
    if tcp_ranges := ranges(tcp):
        found.append(Traffic("tcp", tcp_ranges))
    if udp_ranges := ranges(udp):
        found.append(Traffic("udp", udp_ranges))
    if echo:
        found.append(Traffic("echo"))
    return tuple(found)


def pack_services(packs: Iterable[LoadedPack]) -> dict[str, KnownService]:
    """All services of the packs. The shipped packs never define a name twice; a test holds them to it."""
    known: dict[str, KnownService] = {}
    for loaded in packs:
        for name, service in loaded.pack.services.items():
            known[name] = KnownService(name, traffic(service.tcp, service.udp, service.echo), loaded.pack.pack)
    return known
