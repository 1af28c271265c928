"""Which addresses the declared devices use now, followed as the kernel learns it: DHCP, SLAAC, privacy addresses.

A device is told by its MAC. That is no proof (a MAC can be copied), but the addresses of another zone, of the gateway
or of another declared device cannot be claimed (attribution.py). What an entry said counts until another MAC shows up
at that address, also when the kernel forgets the entry meanwhile: a quiet device must not lose its policy.

Bounded: MAX_OF_DEVICE addresses a device, the one seen longest ago gives way. Reading needs no right.

May live here: the table and following it. May not: what a device may do.
"""

import errno
import socket
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address

from gateway.attribution import Wires
from gateway.neighbours import NEW_NEIGHBOUR, Neighbour, dumped, looked_up, neighbour
from gateway.netlink import NETLINK_ROUTE, RECEIVE, Netlink, NetlinkError, messages
from ruleset.resolved import ResolvedSite

Address = IPv4Address | IPv6Address
GROUP_NEIGHBOURS = 1 << 2  # RTNLGRP_NEIGH (linux/rtnetlink.h)
MAX_OF_DEVICE = 64
READS_A_TURN = 64


class Sightings:
    """`adopt` a site, then `read` whenever `fileno` is readable. Raises OSError where there is no rtnetlink."""

    def __init__(self) -> None:
        self._events = Netlink(NETLINK_ROUTE, groups=GROUP_NEIGHBOURS)
        self._events.socket.setblocking(False)
        self._asking = Netlink(NETLINK_ROUTE, timeout=1.0)
        self._interfaces: dict[str, str] = {}
        self._wires: Wires | None = None
        self._names: dict[tuple[str, str], str] = {}  # (zone, MAC) -> device
        self._of: dict[str, dict[Address, None]] = {}  # device -> its addresses, the latest last
        self._at: dict[tuple[str, Address], str] = {}  # (zone, address) -> device
        self._flat: dict[Address, str] | None = None  # made when it is asked for
        self._incomplete = False

    def fileno(self) -> int:
        return self._events.socket.fileno()

    @property
    def devices(self) -> Mapping[Address, str]:
        """Address -> device. A link-local address that two zones show belongs to the one that showed it first."""
        if self._flat is None:
            self._flat = {}
            for (_, address), device in self._at.items():
                self._flat.setdefault(address, device)
        return self._flat

    def device(self, address: Address) -> str:
        """The device at an address, empty when none is known."""
        return self.devices.get(address, "")

    def adopt(self, site: ResolvedSite, wanted: Iterable[str] | None = None) -> None:
        """Follow the devices of this site (only `wanted`, when given), beginning with what the kernel knows now."""
        names = None if wanted is None else frozenset(wanted)
        self._wires = Wires(site)
        self._interfaces = {segment.name: segment.ifname for segment in site.segments}
        self._names = {
            (host.zone, host.mac): host.name
            for host in site.hosts
            if host.mac and (names is None or host.name in names)
        }
        self._of.clear()
        self._at.clear()
        self._flat = None
        self._dump()

    def read(self) -> bool:
        """Take in what the kernel told; True when an address changed hands."""
        changed = False
        for _ in range(READS_A_TURN):
            try:
                data = self._events.socket.recv(RECEIVE)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self._incomplete = True  # more was told than fitted: look at all of it, once this is read
                continue
            for kind, _, _, body in messages(data):
                if kind == NEW_NEIGHBOUR:
                    for entry in neighbour(body):
                        changed = self._saw(entry) or changed
        return changed

    def look_up(self, zone: str, address: Address) -> bool:
        """Ask the kernel who has this address now; False when it does not know yet.

        True when it cannot be asked at all: no names for anybody would be worse than a zone's names for one device."""
        try:
            entry = looked_up(self._asking, address, socket.if_nametoindex(self._interfaces[zone]))
        except (KeyError, OSError):
            return True
        if entry is not None:
            self._saw(entry)
        return entry is not None

    def catch_up(self) -> bool:
        """After an overflow: read the whole table. To be called now and then, not for every event."""
        if not self._incomplete:
            return False
        before = dict(self._at)
        self._dump()
        return before != self._at

    def close(self) -> None:
        self._events.close()
        self._asking.close()

    def _dump(self) -> None:
        self._incomplete = False
        if not self._names:
            return
        try:
            with Netlink(NETLINK_ROUTE) as asking:
                for entry in dumped(asking):
                    self._saw(entry)
        except (TimeoutError, NetlinkError):  # changed while being read: the next turn reads it again
            self._incomplete = True

    def _saw(self, entry: Neighbour) -> bool:
        segment = self._wires.segment(entry) if self._wires and self._names else None
        if segment is None:
            return False
        key = segment.name, entry.address
        device, before = self._names.get((segment.name, entry.mac)), self._at.get(key)
        if before != device:
            self._flat = None
        if before is not None and before != device:
            self._of[before].pop(entry.address, None)
            del self._at[key]
        if device is None:
            return before is not None
        own = self._of.setdefault(device, {})
        own.pop(entry.address, None)
        own[entry.address] = None
        self._at[key] = device
        if len(own) > MAX_OF_DEVICE:
            oldest = next(iter(own))
            del own[oldest], self._at[segment.name, oldest]
            self._flat = None
        return before != device
