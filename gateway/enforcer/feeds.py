"""Feeds: lists of addresses in the kernel's sets, changed in small transactions without a gap.

Known attackers are refused whole (`feed4`, `feed6`), resolvers for encrypted DNS on the web's port (`doh4`, `doh6`):
what a feed is for is the category that the site gives its list.

A feed file has one address or network a line; `#` and `;` begin a comment. Nothing special-purpose, nothing of the
clinic and nothing wider than a continent's provider ever enters: a poisoned list must not cut the clinic off.

May live here: reading feed files, the difference to the kernel, loading it. May not: fetching a feed.
"""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from gateway import durable
from gateway.enforcer.addresses import WIDEST, Network, Range, Ranges, as_range, merged
from gateway.enforcer.elements import Change, Elements, interval
from ruleset.compile_parts import DOH4, DOH6, FEED4, FEED6
from ruleset.model_dns import ADDRESSES, DOH_ADDRESSES

WIDTH = {4: 4, 6: 16}
SETS = {ADDRESSES: {4: FEED4, 6: FEED6}, DOH_ADDRESSES: {4: DOH4, 6: DOH6}}
MAX_BYTES = 64 << 20
MAX_LINES = 1_000_000
CHUNK = 500  # intervals a transaction: some milliseconds, so that pins and isolation hardly wait
NAMED_REJECTS = 10


@dataclass(frozen=True, slots=True)
class Parsed:
    """Ranges by IP version; `rejects` says how many lines were refused and why, `lines` the numbers of the first."""

    ranges: dict[int, list[Range]]
    rejects: dict[str, int]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A loaded feed: what is told about it, and its ranges by IP version."""

    about: dict[str, Any]
    ranges: dict[int, list[Range]]

    @property
    def category(self) -> str:
        """What it is for; feeds from before there were two kinds name none."""
        named = self.about.get("category")
        return named if named in SETS else ADDRESSES


def parse(text: str, never: dict[int, Ranges]) -> Parsed:
    """Whatever the lines hold, no exception: a line is an entry, a comment, or counted as a reject."""
    found: dict[int, list[Range]] = {4: [], 6: []}
    rejects: dict[str, int] = {}
    lines: list[int] = []
    for number, line in enumerate(text.split("\n")[:MAX_LINES], start=1):
        entry = line.split("#", 1)[0].split(";", 1)[0].strip()
        if not entry:
            continue
        network, why = _entry(entry, never)
        if network is not None:
            found[network.version].append(as_range(network))
        else:
            rejects[why] = rejects.get(why, 0) + 1
            lines += [number] if len(lines) < NAMED_REJECTS else []
    return Parsed({version: merged(ranges) for version, ranges in found.items()}, rejects, tuple(lines))


class Feeds:
    """Every feed by name, on disk and together in the sets. Safe for several threads: one load at a time."""

    def __init__(self, folder: Path, elements: Elements) -> None:
        self._folder, self._elements = folder, elements
        self._lock = threading.Lock()
        self._held: dict[str, list[Range]] = {}  # by set, as far as it is known
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._feeds = {f.stem: feed for f in sorted(folder.glob("*.json")) if (feed := _read(f)) is not None}

    def load(self, name: str, parsed: Parsed, category: str = ADDRESSES) -> dict[str, Any]:
        """Replace feed `name`; answer: what changed. Raises NetlinkError, OSError; the old feed then stays on disk."""
        about = {
            "name": name,
            "category": category,
            "loaded_at": time.time(),
            "entries": sum(map(len, parsed.ranges.values())),
            "rejects": parsed.rejects,
            "rejected_lines": list(parsed.lines),
        }
        with self._lock:
            begun = time.monotonic()
            added, removed = self._bring({**self._feeds, name: Feed(about, parsed.ranges)})
            took = time.monotonic() - begun
            content = about | {"ranges": [parsed.ranges[version] for version in (4, 6)]}
            durable.write(self._folder / f"{name}.json", json.dumps(content, separators=(",", ":")).encode())
            self._feeds[name] = Feed(about, parsed.ranges)
        return about | {"added": added, "removed": removed, "seconds": round(took, 3)}

    def restore(self) -> None:
        """After a start or a table made anew: make the sets hold what is on disk."""
        with self._lock:
            self._held.clear()
            self._bring(self._feeds)

    def status(self) -> dict[str, dict[str, Any]]:
        """Feed -> entries, rejects, when it was loaded (epoch seconds)."""
        kept = ("entries", "rejects", "loaded_at", "category")
        return {name: {key: feed.about.get(key) for key in kept} for name, feed in sorted(self._feeds.items())}

    def _bring(self, feeds: dict[str, Feed]) -> tuple[int, int]:
        """From what the kernel holds to all of `feeds`, chunk by chunk; answer: intervals added and removed.

        Sets of a category that no feed has, or had, are left alone: a table of an older release has none of them."""
        added = removed = 0
        for category in {ADDRESSES, *(feed.category for feed in (*feeds.values(), *self._feeds.values()))}:
            for version, name in SETS[category].items():
                wanted = merged(r for feed in feeds.values() if feed.category == category for r in feed.ranges[version])
                new, old = self._change(name, version, wanted)
                added, removed = added + new, removed + old
        return added, removed

    def _change(self, name: str, version: int, wanted: list[Range]) -> tuple[int, int]:
        held = self._held.pop(name, None)  # unknown while it changes, and after a failure
        before, after = set(self._read(name, version) if held is None else held), set(wanted)
        for old, new in chunks(before - after, after - before):
            changes = [_change(name, version, old, delete=True), _change(name, version, new, delete=False)]
            self._elements.apply([change for change in changes if change.elements])
        self._held[name] = wanted
        return len(after - before), len(before - after)

    def _read(self, name: str, version: int) -> list[Range]:
        """The set's elements as ranges: starts and ends, in order."""
        points = sorted(
            (int.from_bytes(e.key, "big"), not e.end) for e in self._elements.read(name) if len(e.key) == WIDTH[version]
        )
        result: list[Range] = []
        start: int | None = None
        for point, begins in points:
            if start is not None and not begins:
                result.append((start, point - 1))
            start = point if begins else None
        if start is not None:
            result.append((start, (1 << 8 * WIDTH[version]) - 1))
        return result


def _read(file: Path) -> Feed | None:
    """A feed as it was saved; None for a file that cannot be read: the other feeds still load."""
    about = durable.read_json(file) or {}
    try:
        ranges = [[(int(first), int(last)) for first, last in family] for family in about.pop("ranges")]
        return Feed(about, dict(zip((4, 6), ranges, strict=True)))
    except (KeyError, TypeError, ValueError):
        return None


def chunks(old: set[Range], new: set[Range], size: int = CHUNK) -> Iterator[tuple[list[Range], list[Range]]]:
    """(delete, add) pairs of bounded size, where a new interval shares its transaction with every old one it touches:
    an address that is in both is never out of the set in between."""
    marked = sorted([(r, False) for r in old] + [(r, True) for r in new])
    delete: list[Range] = []
    add: list[Range] = []
    reach = -1
    for (first, last), is_new in marked:
        if first > reach and len(delete) + len(add) >= size:
            yield delete, add
            delete, add = [], []
        (add if is_new else delete).append((first, last))
        reach = max(reach, last)
    if delete or add:
        yield delete, add


def _change(name: str, version: int, ranges: Iterable[Range], *, delete: bool) -> Change:
    elements = (e for first, last in ranges for e in interval(first, last, WIDTH[version]))
    return Change(name, tuple(elements), delete)


def _entry(entry: str, never: dict[int, Ranges]) -> tuple[Network | None, str]:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        return None, "not an address or network"
    if network.prefixlen < WIDEST[network.version]:
        return None, "too wide"
    if never[network.version].overlaps(*as_range(network)):
        return None, "special-purpose, or the clinic's own"
    return network, ""
