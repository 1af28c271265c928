"""The audit log: one JSON line a record, each holding the hash of the one before it, so that no change goes unnoticed.

A record's `hash` is SHA-256 over the line without it (keys sorted, no spaces, ASCII only, so control characters from
outside are escaped). After every record its number and hash go to a second file, the anchors; each generation keeps
one too. A flipped byte or a gap breaks the chain; a tail that was cut off is missed by the newest anchor.

May live here: appending, reading back, verifying. May not: who may do what, or what a command means.
Known limit: who can rewrite the log, the anchors and every generation together can forge all of it; so keep an anchor
elsewhere too.
"""

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway import durable
from gateway.paths import Paths

GENESIS = "0" * 64
MAX_TEXT = 8000
MAX_LINE = 1 << 17
KEYS = ("seq", "time", "actor", "origin", "command", "plan", "outcome", "prev", "hash")


@dataclass(frozen=True, slots=True)
class Record:
    """One command: `time` is ISO 8601 in UTC, `plan` what was to change, `outcome` what came of it."""

    seq: int
    time: str
    actor: str
    origin: str
    command: str
    plan: str
    outcome: str
    prev: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Proof that the log once reached this record."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with the log, at record number `seq`."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """How many whole records there are, and every flaw found (at most MAX_FLAWS)."""

    records: int
    flaws: tuple[Flaw, ...]

    @property
    def intact(self) -> bool:
        return not self.flaws


MAX_FLAWS = 20


class AuditLog:
    """Append-only; `append` returns after the record is on the disk. Safe for several threads of one process."""

    def __init__(self, path: Path, anchors: Path) -> None:
        self._path, self._anchors = path, anchors
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._last, torn = _mend_tail(path)
        if torn:
            self.append("enforcer", "", "audit", "", f"dropped {torn} bytes of a record that a crash left unfinished")

    @property
    def anchor(self) -> Anchor:
        """The newest record's number and hash."""
        return self._last

    def append(self, actor: str, origin: str, command: str, plan: str, outcome: str) -> Record:
        """Write one record and its anchor, both fsynced. Raises OSError when the disk refuses."""
        with self._lock:
            actor, origin, command, plan, outcome = (t[:MAX_TEXT] for t in (actor, origin, command, plan, outcome))
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            record = sealed(Record(self._last.seq + 1, now, actor, origin, command, plan, outcome, self._last.hash))
            durable.append(self._path, _line(asdict(record)))
            self._last = Anchor(record.seq, record.hash)
            durable.append(self._anchors, _line({**asdict(self._last), "time": now}))
        return record


def sealed(record: Record) -> Record:
    """The same record with its hash."""
    values = asdict(record) | {"hash": digest(asdict(record))}
    return Record(**values)


def digest(values: dict[str, Any]) -> str:
    """SHA-256 over the canonical line of a record without its hash."""
    bare = {key: values[key] for key in KEYS if key != "hash"}
    return hashlib.sha256(_line(bare)).hexdigest()


def tail(path: Path, count: int) -> list[dict[str, Any]]:
    """The newest `count` records, oldest first; unreadable lines are left out (verify names them)."""
    with_values = [values for _, values in _records(path) if isinstance(values, dict)]
    return with_values[-count:]


def verify(paths: Paths, kept_elsewhere: Iterable[Anchor] = ()) -> Verification:
    """Check the whole chain, then that no anchor (of the file, of a generation, or of yours) points past it."""
    flaws: list[Flaw] = []
    hashes: dict[int, str] = {}
    expected, previous = 1, GENESIS
    for position, values in _records(paths.audit):
        flaw, seq, this = _judge(position, values, expected, previous)
        if flaw:
            flaws.append(flaw)
        if this:
            hashes[seq] = this
        expected, previous = seq + 1, this or previous
        if len(flaws) >= MAX_FLAWS:
            break
    flaws += _missed(hashes, [*_anchors(paths.audit_anchors), *generation_anchors(paths), *kept_elsewhere])
    return Verification(len(hashes), tuple(flaws[:MAX_FLAWS]))


def generation_anchors(paths: Paths) -> list[Anchor]:
    """The anchors that generations keep in their meta.json."""
    found = []
    for meta in sorted(paths.generations.glob("*/meta.json")):
        try:
            anchor = json.loads(meta.read_text())["anchor"]
            found.append(Anchor(int(anchor["seq"]), str(anchor["hash"])))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def _judge(position: int, values: object, expected: int, previous: str) -> tuple[Flaw | None, int, str]:
    """(flaw, number, hash) of one line; `position` counts lines from 1 and names what has no readable number."""
    if not isinstance(values, dict) or set(values) != set(KEYS) or not isinstance(values["seq"], int):
        return Flaw(expected, f"line {position} is no record"), expected, ""
    seq, this = values["seq"], str(values["hash"])
    if seq != expected:
        return Flaw(expected, f"record {expected} is missing: line {position} holds record {seq}"), seq, this
    if digest(values) != this:
        return Flaw(seq, f"record {seq} was changed: its hash does not fit its content"), seq, this
    if values["prev"] != previous:
        return Flaw(seq, f"record {seq} does not follow record {seq - 1}: the hash it names differs"), seq, this
    return None, seq, this


def _missed(hashes: dict[int, str], anchors: list[Anchor]) -> Iterator[Flaw]:
    last = max(hashes, default=0)
    newest = max((anchor.seq for anchor in anchors), default=0)
    if newest > last:
        yield Flaw(last + 1, f"the log ends at record {last}, an anchor proves that it reached record {newest}")
    for anchor in anchors:
        if anchor.seq in hashes and hashes[anchor.seq] != anchor.hash:
            yield Flaw(anchor.seq, f"record {anchor.seq} differs from its anchor")


def _records(path: Path) -> Iterator[tuple[int, object]]:
    """(line number, decoded line or None). An absent file has no lines."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE), b""), start=1):
            yield number, _decoded(line)


def _decoded(line: bytes) -> object:
    try:
        value: object = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return value


def _anchors(path: Path) -> list[Anchor]:
    found = []
    for _, value in _records(path):
        if isinstance(value, dict) and isinstance(value.get("seq"), int) and isinstance(value.get("hash"), str):
            found.append(Anchor(value["seq"], value["hash"]))
    return found


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def _mend_tail(path: Path) -> tuple[Anchor, int]:
    """Cut off a last line without its newline: a crash while writing, never answered for. Answer: where the log stands,
    and how many bytes were cut."""
    if not path.exists():
        return Anchor(0, GENESIS), 0
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = file.seek(max(0, size - 2 * MAX_LINE))
        data = file.read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            file.truncate(start + whole)
            os.fsync(file.fileno())
    value = _decoded(data[:whole].splitlines(keepends=True)[-1]) if whole else None
    if isinstance(value, dict) and isinstance(value.get("seq"), int):
        return Anchor(value["seq"], str(value.get("hash"))), len(data) - whole
    return Anchor(0, GENESIS), len(data) - whole
