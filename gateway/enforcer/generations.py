"""Generations on disk: numbered folders with the site, our own nft text, the live state and what became of it.

A folder appears whole or not at all (temporary folder, fsync, rename). `current` names the last confirmed generation
and the one before it; 0 is the closed policy the product ships. A bare kernel listing is never kept to be loaded again:
it duplicates rules.

May live here: saving, reading, pruning, the `current` file. May not: compiling, loading, deciding which one is next.
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from gateway import durable
from gateway.paths import Paths

CLOSED = 0
KEEP = 50
SITE, TEXT, LIVE, META = "site.yaml", "ruleset.nft", "live.json", "meta.json"
State = Literal["pending", "confirmed", "returned", "failed"]


@dataclass(frozen=True, slots=True)
class Meta:
    """About one generation. `at` in seconds since 1970; `anchor` is where the audit log stood when it was saved."""

    number: int
    at: float
    actor: str
    origin: str
    site_path: str
    summary: str
    state: State
    sha256: str
    anchor: dict[str, Any]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Current:
    """The last confirmed generation, and the one confirmed before it."""

    current: int = CLOSED
    previous: int = CLOSED


class Generations:
    """The store. One process writes it, so no locking beyond the caller's."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        paths.generations.mkdir(parents=True, exist_ok=True, mode=0o700)

    def numbers(self) -> list[int]:
        """Every generation on disk, oldest first."""
        return sorted(int(f.name) for f in self._paths.generations.iterdir() if f.name.isdecimal())

    def next_number(self) -> int:
        """A number never used before, not even by a generation that was pruned."""
        current = self.current()
        return max([0, *self.numbers(), current.current, current.previous]) + 1

    def save(self, meta: Meta, site: bytes, text: str, live: bytes) -> None:
        """Write one generation durably. Raises OSError; then there is no trace of it."""
        files = {SITE: site, TEXT: text.encode(), LIVE: live, META: _json(meta)}
        durable.write_folder(self._paths.generation(meta.number), files)

    def meta(self, number: int) -> Meta | None:
        """None when there is no such generation, or none that is whole."""
        values = durable.read_json(self._paths.generation(number) / META)
        try:
            return Meta(**values) if values else None
        except TypeError:
            return None

    def site(self, number: int) -> bytes:
        """The site text of a generation. Raises OSError."""
        return (self._paths.generation(number) / SITE).read_bytes()

    def text(self, number: int) -> str:
        """Our own nft text, complete in itself. Raises OSError, ValueError."""
        return (self._paths.generation(number) / TEXT).read_text()

    def rewrite_text(self, number: int, text: str) -> None:
        """The same site compiled anew (a permit expired): the fall-back text must not bring it back."""
        durable.write(self._paths.generation(number) / TEXT, text.encode())

    def mark(self, number: int, state: State, note: str = "") -> None:
        """What became of a generation."""
        if (meta := self.meta(number)) is not None:
            durable.write(self._paths.generation(number) / META, _json(replace(meta, state=state, note=note)))

    def metas(self) -> Iterator[Meta]:
        """Every readable generation, newest first."""
        for number in reversed(self.numbers()):
            if (meta := self.meta(number)) is not None:
                yield meta

    def current(self) -> Current:
        values = durable.read_json(self._paths.current) or {}
        return Current(_number(values.get("current")), _number(values.get("previous")))

    def set_current(self, number: int) -> None:
        """`number` becomes the confirmed one. Durable."""
        before = self.current()
        previous = before.previous if number == before.current else before.current
        durable.write_json(self._paths.current, asdict(Current(number, previous)))

    def fallbacks(self) -> list[int]:
        """What to try at a boot, best first: current, the one before, older confirmed ones, the closed policy."""
        known = self.current()
        older = [meta.number for meta in self.metas() if meta.state == "confirmed"]
        order = dict.fromkeys([known.current, known.previous, *older])
        return [number for number in order if number != CLOSED] + [CLOSED]

    def prune(self, *keep: int) -> None:
        """Delete the oldest beyond KEEP, never the current, the previous or one of `keep`."""
        known = self.current()
        kept = {known.current, known.previous, *keep}
        removable = [number for number in self.numbers()[:-KEEP] if number not in kept]
        for number in removable:
            shutil.rmtree(self._paths.generation(number), ignore_errors=True)


def fingerprint(site: bytes, text: str) -> str:
    """SHA-256 over the site and the nft text of a generation."""
    return hashlib.sha256(hashlib.sha256(site).digest() + hashlib.sha256(text.encode()).digest()).hexdigest()


def _json(meta: Meta) -> bytes:
    import json

    return (json.dumps(asdict(meta), indent=1, sort_keys=True) + "\n").encode()


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else CLOSED
