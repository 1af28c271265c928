"""Isolated devices: in the kernel's sets first, their flows ended, then on disk; back in the sets after every load.

May live here: the list, its file, the sets and conntrack kills it means. May not: deciding who deserves isolation.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

from gateway import durable
from gateway.attribution import believed
from gateway.enforcer.conntrack import Conntrack
from gateway.enforcer.elements import Change, Element, Elements, mac_key
from gateway.neighbours import Neighbour, neighbours
from ruleset.compile_parts import QUARANTINE4, QUARANTINE6, QUARANTINE_MAC
from ruleset.live import Quarantined
from ruleset.resolved import ResolvedSite

Address = IPv4Address | IPv6Address
MAX_RECORDS = 1000


class Quarantine:
    """The list and the kernel's copy of it. Safe for several threads."""

    def __init__(self, file: Path, elements: Elements) -> None:
        self._file, self._elements = file, elements
        self._lock = threading.Lock()
        self._records = read(file)
        self._declared: dict[str, tuple[Address, ...]] = {}
        self._site: ResolvedSite | None = None
        self._held = self._addresses(self._records)

    @property
    def records(self) -> tuple[Quarantined, ...]:
        return self._records

    def holds(self, address: Address) -> bool:
        """Whether `address` belongs to an isolated device."""
        return address in self._held

    def enter(self, record: Quarantined) -> Quarantined:
        """Into the kernel's sets; answer: the record with every address found. `end_flows` and `save` are to follow.

        The order is the promise: packets stop with the sets, long before the disk has answered.
        """
        with self._lock:
            merged = _merge(self._records, with_neighbours(record, believed(neighbours(), self._site)))
            self._sync(merged)
            self._hold(merged)
            return merged[-1]

    def remove(self, wanted: Sequence[Quarantined]) -> None:
        """Out of the kernel's sets; `save` is to follow."""
        with self._lock:
            rest = tuple(record for record in self._records if record not in wanted)
            self._sync(rest)
            self._hold(rest)

    def end_flows(self, record: Quarantined) -> int:
        """End the tracked flows of an isolated device; answer: how many."""
        conntrack = Conntrack()
        try:
            return conntrack.kill(self._addresses([record]))
        finally:
            conntrack.close()

    def save(self) -> None:
        """After the return the list is on the disk. Raises OSError."""
        with self._lock:
            write(self._file, self._records)

    def restore(self, site: ResolvedSite | None) -> None:
        """Make the kernel's sets hold the list again, with the addresses the loaded site declares for the devices."""
        with self._lock:
            self._site = site
            self._declared = {host.name: host.addresses for host in site.hosts} if site else {}
            self._sync(self._records)
            self._hold(self._records)

    def _hold(self, records: tuple[Quarantined, ...]) -> None:
        self._records = records
        self._held = self._addresses(records)

    def _addresses(self, records: Iterable[Quarantined]) -> frozenset[Address]:
        own = {ip_address(text) for record in records for text in record.addresses}
        return frozenset(own.union(*(self._declared.get(record.device, ()) for record in records)))

    def _sync(self, records: tuple[Quarantined, ...]) -> None:
        addresses = self._addresses(records)
        wanted = {
            QUARANTINE_MAC: {mac_key(record.mac) for record in records if record.mac},
            QUARANTINE4: {a.packed for a in addresses if a.version == 4},
            QUARANTINE6: {a.packed for a in addresses if a.version == 6},
        }
        changes = []
        for name, keys in wanted.items():
            held = {element.key for element in self._elements.read(name)}
            changes.append(Change(name, tuple(Element(key) for key in sorted(held - keys)), delete=True))
            changes.append(Change(name, tuple(Element(key) for key in sorted(keys - held))))
        self._elements.apply(changes)


def with_neighbours(record: Quarantined, seen: Iterable[Neighbour]) -> Quarantined:
    """The record with every address its MAC was seen with; without a MAC, with the MAC its addresses were seen at."""
    known = {ip_address(text) for text in record.addresses}
    table = list(seen)
    mac = record.mac or next((n.mac for n in table if n.address in known), "")
    known.update(n.address for n in table if mac and n.mac == mac)
    return replace(record, mac=mac, addresses=tuple(sorted(map(str, known))))


def read(file: Path) -> tuple[Quarantined, ...]:
    """The list on disk; records that cannot be read are left out rather than losing the others."""
    values = (durable.read_json(file) or {}).get("quarantine", [])
    found = (_record(value) for value in (values if isinstance(values, list) else []) if isinstance(value, dict))
    return tuple(record for record in found if record is not None)


def write(file: Path, records: Iterable[Quarantined]) -> None:
    durable.write_json(file, {"quarantine": [as_dict(record) for record in records]})


def as_dict(record: Quarantined) -> dict[str, Any]:
    return {
        "device": record.device,
        "mac": record.mac,
        "addresses": list(record.addresses),
        "reason": record.reason,
        "actor": record.actor,
        "since": record.since.isoformat(),
    }


def _record(value: dict[str, Any]) -> Quarantined | None:
    try:
        if not all(isinstance(value[name], str) for name in ("device", "mac", "reason", "actor", "since")):
            return None
        addresses = tuple(str(ip_address(text)) for text in value["addresses"])
        if value["mac"]:
            mac_key(value["mac"])
        since = datetime.fromisoformat(value["since"])
        return Quarantined(value["device"], value["mac"], addresses, value["reason"], value["actor"], since)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _merge(records: tuple[Quarantined, ...], new: Quarantined) -> tuple[Quarantined, ...]:
    """`new` at the end, together with what an older record of the same device or MAC already knew."""
    same = [r for r in records if (new.device and r.device == new.device) or (new.mac and r.mac == new.mac)]
    known = {address for record in [*same, new] for address in record.addresses}
    since = min(record.since for record in [*same, new])
    device = new.device or next((record.device for record in same if record.device), "")
    merged = replace(new, device=device, addresses=tuple(sorted(known)), since=since)
    return (*(record for record in records if record not in same), merged)
