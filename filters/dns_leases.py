"""DHCP leases as local names: dnsmasq's lease file, read strictly, and who may have which name.

A line is `EXPIRY MAC ADDRESS NAME CLIENT-ID`, after a line `duid ...` in IPv6 `EXPIRY IAID ADDRESS NAME DUID`; EXPIRY
is in epoch seconds, 0 for never, NAME `*` for none (dnsmasq, src/lease.c). The name is what a device calls itself, so:

- only one plain label, never a declared device's, the gateway's, or one that software looks for by itself (`wpad`);
- only in zones where names are known to others (not of guests), only for an address that DHCP gives out there;
- a declared device has its declared name, whatever it calls itself;
- when two want one name, who has it keeps it, else the lower address gets it; another family's address joins only
  when it belongs to the same MAC.

May live here: this. May not: files, the clock (`now` is an argument).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from filters.dns_local import LocalHost

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
MAX_LINES = 4096
MAX_LINE = 1024
NEVER = float("inf")
# Names that software asks for without a person: whoever answers to one speaks for the network (`wpad` and `isatap` are
# on the global query block list of Windows DNS servers).
RESERVED = frozenset({"autoconfig", "autodiscover", "gateway", "isatap", "localhost", "wpad"})
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}", re.ASCII)
_LLT, _LL = re.compile(r"00:01:00:01(?::[0-9a-f]{2}){4}:(.*)"), re.compile(r"00:03:00:01:(.*)")  # RFC 8415 section 11


@dataclass(frozen=True, slots=True)
class Lease:
    """An address given until `until` (epoch seconds) to `client`: a MAC, or a DUID where that holds none."""

    address: Address
    client: str
    label: str
    until: float


@dataclass(frozen=True, slots=True)
class LeaseZone:
    """Where DHCP gives addresses: `first` to `last`, and in IPv6 any of `networks`. `names`: others may know names."""

    name: str
    first: IPv4Address | None
    last: IPv4Address | None
    networks: tuple[Network, ...]
    names: bool = True

    def gives(self, address: Address) -> bool:
        if isinstance(address, IPv6Address):
            return any(address in network for network in self.networks)
        return self.first is not None and self.last is not None and self.first <= address <= self.last


@dataclass(frozen=True, slots=True)
class Declared:
    """A device of the site."""

    name: str
    zone: str
    mac: str


@dataclass(frozen=True, slots=True)
class LeasePolicy:
    """What of a site matters here. `taken`: every declared address, and the gateway's."""

    zones: tuple[LeaseZone, ...] = ()
    devices: tuple[Declared, ...] = ()
    taken: frozenset[Address] = frozenset()


@dataclass(frozen=True, slots=True)
class Leased:
    """`hosts`: names to add to the local ones. `holders`: who has which name. `devices`: addresses of declared ones."""

    hosts: tuple[LocalHost, ...] = ()
    holders: Mapping[str, str] = field(default_factory=dict)
    devices: Mapping[Address, str] = field(default_factory=dict)


def read_leases(text: bytes) -> tuple[list[Lease], int]:
    """The leases of a file, and how many of its lines are none. Never raises; beyond MAX_LINES lines count as none."""
    lines = text.split(b"\n")
    leases: list[Lease] = []
    wrong = 0
    for number, line in enumerate(lines):
        words = line[: MAX_LINE + 1].decode("ascii", "replace").split()
        if not words or (words[0] == "duid" and len(words) == 2):
            continue
        lease = _lease(words) if number < MAX_LINES and len(line) <= MAX_LINE else None
        if lease is None:
            wrong += 1
        else:
            leases.append(lease)
    return leases, wrong


def leased(leases: Iterable[Lease], policy: LeasePolicy, held: Mapping[str, str], now: float) -> Leased:
    """Names and devices by the leases that hold at `now` (epoch seconds); `held`: who had which name before."""
    known = {(one.zone, one.mac): one.name for one in policy.devices}
    names = {one.name for one in policy.devices} | RESERVED
    wishes: dict[str, list[Lease]] = {}
    own: dict[str, list[Address]] = {}
    devices: dict[Address, str] = {}
    for lease in sorted(leases, key=_order):
        zone = next((zone for zone in policy.zones if zone.gives(lease.address)), None)
        if zone is None or lease.until <= now or lease.address in policy.taken or lease.address in devices:
            continue
        device = known.get((zone.name, lease.client))
        if device is not None:
            devices[lease.address] = device
            own.setdefault(device, []).append(lease.address)
        elif lease.label and lease.label not in names and zone.names:
            wishes.setdefault(lease.label, []).append(lease)
    holders = {label: _holder(label, wanted, held) for label, wanted in wishes.items()}
    for label, wanted in wishes.items():
        own[label] = [one.address for one in wanted if one.client == holders[label]]
    hosts = tuple(LocalHost(label, tuple(addresses)) for label, addresses in sorted(own.items()))
    return Leased(hosts, holders, devices)


def next_end(leases: Iterable[Lease], now: float) -> float:
    """When the next of them ends (epoch seconds), NEVER when none does."""
    return min((lease.until for lease in leases if lease.until > now), default=NEVER)


def _holder(label: str, wanted: Sequence[Lease], held: Mapping[str, str]) -> str:
    clients: Collection[str] = [one.client for one in wanted]
    before = held.get(label, "")
    return before if before in clients else wanted[0].client


def _order(lease: Lease) -> tuple[int, bytes]:
    return lease.address.version, lease.address.packed


def _lease(words: Sequence[str]) -> Lease | None:
    if len(words) != 5 or not words[0].isdecimal() or len(words[0]) > 12:
        return None
    try:
        address = ip_address(words[2])
    except ValueError:
        return None
    if address.is_link_local or address.is_multicast or address.is_unspecified or "%" in words[2]:
        return None
    client = _mac(words[1]) if address.version == 4 else _of_duid(words[4].lower())
    if not client:
        return None
    label = words[3].lower()
    until = float(words[0]) or NEVER
    return Lease(address, client, label if _is_label(label) else "", until)


def _is_label(text: str) -> bool:
    return bool(_LABEL.fullmatch(text)) and not text.startswith("xn--")


def _mac(text: str) -> str:
    """dnsmasq writes the hardware type before what is no Ethernet (`06-...`): that has no MAC of ours."""
    return text.lower() if _MAC.fullmatch(text.lower()) else ""


def _of_duid(duid: str) -> str:
    """The MAC a DUID was made of, else the DUID itself."""
    for form in (_LLT, _LL):
        found = form.fullmatch(duid)
        if found is not None and _MAC.fullmatch(found[1]):
            return found[1]
    return f"duid:{duid}"
