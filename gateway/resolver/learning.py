"""What the resolver learns of the clinic's own network while it runs: DHCP leases, and which device has which address.

The lease file is looked at once a second, the kernel's neighbour table is followed. Only when a name or an address
changed hands does the session hear of it, at most once a second, because its fast tables begin anew then; questions
under way are answered as before.

May live here: when to look, and handing over. May not: what a lease is worth (filters.dns_leases), whose an address is
(gateway.sightings).
"""

import asyncio
import os
import stat
import time
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from filters.dns_leases import NEVER, Lease, Leased, leased, next_end, read_leases
from filters.dns_local import LocalNames
from filters.dns_policy import DnsPolicy
from filters.dns_rules import DevicePolicy
from gateway.resolver.config import ResolverConfig
from gateway.resolver.journal import Journal
from gateway.resolver.policy import devices_of, local_names
from gateway.sightings import Sightings

Address = IPv4Address | IPv6Address
MAX_OCTETS = 1 << 20  # of the lease file: some ten thousand leases
SHORTEST_SECONDS = 1.0  # between two changes told
Learn = Callable[[LocalNames, Mapping[Address, DevicePolicy]], None]


class LeaseFile:
    """`look` reads it when it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self.leases: list[Lease] = []
        self.wrong = 0

    def look(self) -> bool:
        """True when there is something new to say. A file that is gone, or is no file, holds no leases."""
        try:
            found = self._path.stat()
            mark = found.st_mtime_ns, found.st_size, found.st_ino
            if mark == self._seen:
                return False
            leases, wrong = read_leases(self._read())
        except OSError:
            mark, leases, wrong = None, [], 0
        changed = self._seen is not None or mark is not None
        self._seen, self.leases, self.wrong = mark, leases, wrong
        return changed

    def _read(self) -> bytes:
        """Never waits, whatever lies there. Raises OSError."""
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError("no file")
            return file.read(MAX_OCTETS)


class Learning:
    """Made inside a running loop; `adopt` with each configuration, `look` once a second."""

    def __init__(self, leases: Path | None, learn: Learn, journal: Journal) -> None:
        self._loop = asyncio.get_running_loop()
        self._learn, self._journal = learn, journal
        self._file = None if leases is None else LeaseFile(leases)
        self._sightings: Sightings | None = None
        self._config, self._policy = ResolverConfig("home.arpa", (), ()), DnsPolicy({}, LocalNames("home.arpa", (), ()))
        self._leased, self._ends = Leased(), NEVER
        self._told: tuple[object, Mapping[Address, str]] = (), {}
        self._due: asyncio.TimerHandle | None = None
        self._last = -SHORTEST_SECONDS

    def adopt(self, config: ResolverConfig, policy: DnsPolicy) -> None:
        """From now on by this site; what is known already counts at once."""
        self._config, self._policy = config, policy
        self._follow()
        if self._file is not None:
            self._file.look()
        self._judge()
        self.tell()

    def look(self) -> None:
        """Once a second: the lease file, leases that ended, an overflow of the kernel's events."""
        if self._file is not None and (self._file.look() or time.time() >= self._ends):
            self._judge()
        if self._sightings is not None:
            self._sightings.catch_up()
        self._changed()

    def sure(self, zone: str, address: Address) -> bool:
        """Whether the session knows by whose policy an address never met before is answered; otherwise it will soon.

        A device with a policy of its own must not get another one by taking an address that nobody has seen yet.
        """
        if self._sightings is None or all(device.zone != zone for device in self._config.devices):
            return True
        if address in self._told[1] or address in self._policy.devices:
            return True
        if not self._sightings.look_up(zone, address):
            return False
        if address in self._sightings.devices and self._loop.time() >= self._last + SHORTEST_SECONDS:
            if self._due is not None:
                self._due.cancel()
            self.tell()
        self._changed()
        return address in self._told[1] or address not in self._sightings.devices

    def tell(self) -> None:
        """Hand over what is known."""
        self._due, self._last = None, self._loop.time()
        seen = self._seen()
        self._told = self._leased.hosts, seen
        self._learn(local_names(self._config, self._leased.hosts), devices_of(self._policy, seen))

    def close(self) -> None:
        if self._due is not None:
            self._due.cancel()
        self._stop_following()

    def _judge(self) -> None:
        """What the leases say now."""
        leases, now = (self._file.leases, time.time()) if self._file is not None else ([], 0.0)
        self._leased = leased(leases, self._config.leases, self._leased.holders, now)
        self._ends = next_end(leases, now)
        if self._file is not None and self._file.wrong:
            self._journal.say("leases", f"{self._file.wrong} lines are no leases: left out")

    def _seen(self) -> dict[Address, str]:
        """Address -> device; what is seen on the wire is newer than a lease."""
        on_the_wire = {} if self._sightings is None else self._sightings.devices
        return {**self._leased.devices, **on_the_wire}

    def _changed(self) -> None:
        """Tell, soon, if there is something to tell."""
        if self._due is None and self._told != (self._leased.hosts, self._seen()):
            self._due = self._loop.call_at(self._last + SHORTEST_SECONDS, self.tell)

    def _follow(self) -> None:
        """Watch the neighbour table for devices with a policy of their own; without such a device there is no need."""
        wanted = [device.name for device in self._config.devices]
        if not wanted or self._config.site is None:
            self._stop_following()
            return
        if self._sightings is None:
            try:
                self._sightings = Sightings()
            except OSError as error:
                self._journal.say("neighbours", f"cannot be followed: {error}; devices are told by declared addresses")
                return
            self._loop.add_reader(self._sightings.fileno(), self._readable)
        self._sightings.adopt(self._config.site, wanted)

    def _readable(self) -> None:
        if self._sightings is None:
            return
        try:
            changed = self._sightings.read()
        except OSError as error:
            self._journal.say("neighbours", f"cannot be followed any more: {error}")
            self._stop_following()
            return
        if changed:
            self._changed()

    def _stop_following(self) -> None:
        if self._sightings is not None:
            self._loop.remove_reader(self._sightings.fileno())
            self._sightings.close()
            self._sightings = None
