"""One list's way from its publisher, or a file, into its place. When a step fails, the last good version goes on.

May live here: the order of the steps, what is remembered of them. May not: how a step is done.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from gateway.client import EnforcerUnavailable, Refused
from gateway.updates import confined, record
from gateway.updates.compiled import CompiledFolder, Stamp
from gateway.updates.fetch import NO_VERSION, Bounds, FetchError, fetch
from gateway.updates.found import Inspection
from gateway.updates.guard import Shape, why_held
from gateway.updates.place import Place, PlaceError
from gateway.updates.record import Record
from gateway.updates.schedule import is_due, next_ask
from gateway.updates.signature import MAX_TEXT, SignatureError, check_minisign, check_sum
from gateway.updates.sources import Source, Untouchable
from gateway.updates.unpack import PackedError, is_packed, unpack

SMALL = Bounds(MAX_TEXT, 60.0)
What = Literal["new", "same", "held back", "failed", "early", "by hand"]
HandOver = Callable[[str, Path], None]  # an address list's id and file, to the enforcer; raises what its client raises


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a list, `words` for people."""

    what: What
    words: str

    @property
    def is_fine(self) -> bool:
        return self.what not in ("held back", "failed")


@dataclass(frozen=True, slots=True)
class Room:
    """What all lists share. `chance` from 0 to 1 spreads the next questions; without `compiled` only the resolver
    compiles."""

    lists: Path
    untouchable: Untouchable
    hand_over: HandOver
    now: datetime
    chance: float = 0.0
    accept_change: bool = False
    compiled: CompiledFolder | None = None


class _HeldBackError(Exception):
    """The version is not used; the message says why."""


def update(source: Source, room: Room, *, force: bool = False) -> Outcome:
    """Ask the publisher when it is time (`force`: at once). Raises OSError when the lists folder cannot be written."""
    try:
        place = Place(room.lists, source.name, source.path)
    except PlaceError as error:
        return Outcome("failed", str(error))
    place.prepare()
    known = record.read(place.record)
    place.clean(known.installed, room.now)
    if not source.url:
        return Outcome("by hand", "the site names no address to fetch it from")
    if not force and not is_due(known.planned, source.hours, room.now):
        return _again(source, place, room, known)
    have = place.changed() is not None and known.about is not None and known.origin == source.url
    try:
        got = fetch(source.url, place.download, known.version if have and not room.accept_change else NO_VERSION)
        if got is None:
            calm = replace(known, fresh=room.now, trouble="", held=False)
            return _asked(source, place, room, calm, Outcome("same", "nothing new"))
        proofs = _fetch_proofs(source, place)
        packed = got.packed
        new = _judged(source, place, room, proofs, known, packed=packed)
    except FetchError as error:
        bad = replace(known, trouble=str(error), held=False)
        return _asked(source, place, room, bad, Outcome("failed", str(error)))
    except _HeldBackError as error:
        return _asked(source, place, room, _held(place, known, error), Outcome("held back", str(error)))
    done = _install(source, place, room, replace(new, version=got.version, origin=source.url))
    return _asked(source, place, room, done, _new(done))


def take(source: Source, room: Room, proofs: dict[str, bytes], origin: str) -> Outcome:
    """The file that was put at the list's download place; `proofs`: "minisign", "sha256" -> what lay beside it."""
    place = Place(room.lists, source.name, source.path)
    known = record.read(place.record)
    try:
        new = _judged(source, place, room, proofs, known, packed=False)
    except _HeldBackError as error:
        record.write(place.record, _held(place, known, error))
        return Outcome("held back", str(error))
    done = _install(source, place, room, replace(new, version=NO_VERSION, origin=origin))
    record.write(place.record, done)
    return _new(done)


def _judged(
    source: Source, place: Place, room: Room, proofs: dict[str, bytes], known: Record, *, packed: bool
) -> Record:
    """What is known of the new version, whose text lies at place.plain. Raises _HeldBackError."""
    try:
        if packed:  # by the server for the way only: what the publisher signed is inside
            unpack(place.download, place.plain)
            place.plain.replace(place.download)
        _prove(source, place.download, proofs)
        if is_packed(place.download):
            unpack(place.download, place.plain)
        else:
            place.download.replace(place.plain)
        found = _inspect(source, place, room)
    except (SignatureError, PackedError, confined.UnfitError) as error:
        raise _HeldBackError(str(error)) from None
    old = known.about if place.changed() is not None else None
    why = why_held(_shape(found), _shape(old) if old else None, found.protected, accept_change=room.accept_change)
    if why:
        raise _HeldBackError(why)
    return replace(known, about=found, installed=room.now, fresh=room.now, trouble="", held=False)


def _inspect(source: Source, place: Place, room: Room) -> Inspection:
    if not source.is_addresses:
        return _inspect_names(source, place, room)
    found = confined.inspect_addresses(place.plain, room.untouchable.networks, place.kept)
    place.kept.replace(place.plain)
    return found


def _inspect_names(source: Source, place: Place, room: Room) -> Inspection:
    """Compiled at once, for the resolver; it compiles by itself what cannot be compiled here."""
    try:
        key = room.compiled.key() if room.compiled is not None else None
    except OSError:
        key = None
    if key is None:
        return confined.inspect_names(place.plain, room.untouchable.names)
    with place.compiled.open("wb") as file:
        return confined.inspect_names(place.plain, room.untouchable.names, confined.Compile(source.name, key, file))


def _install(source: Source, place: Place, room: Room, new: Record) -> Record:
    """The record first: a kill in between leaves the last good list, and a record that is asked for again.

    The compiled form before the text it is made of, so that the resolver finds it when it sees the text.
    """
    record.write(place.record, replace(new, version=NO_VERSION, planned=None, handed=False))
    if room.compiled is not None and (stamp := Stamp.of_file(place.plain)) is not None:
        with contextlib.suppress(OSError):
            room.compiled.take(place.compiled, source.name, stamp)
    place.install(place.plain)
    place.forget_download()
    return _handed(source, place, room, replace(new, handed=False))


def _handed(source: Source, place: Place, room: Room, known: Record) -> Record:
    """An address list goes to the enforcer, which keeps it from then on."""
    if not source.is_addresses:
        return known
    try:
        room.hand_over(source.name, place.list)
    except (EnforcerUnavailable, Refused) as error:
        return replace(known, handed=False, trouble=f"not in the kernel's sets yet: {error}")
    return replace(known, handed=True, trouble="")


def _again(source: Source, place: Place, room: Room, known: Record) -> Outcome:
    """Not due; but an address list that the enforcer did not take before is offered again."""
    if source.is_addresses and known.about is not None and not known.handed and place.changed() is not None:
        known = _handed(source, place, room, known)
        record.write(place.record, known)
    words = f"asked again from {known.planned:%Y-%m-%d %H:%M} UTC on" if known.planned else ""
    return Outcome("early", known.trouble or words)


def _asked(source: Source, place: Place, room: Room, known: Record, outcome: Outcome) -> Outcome:
    failures = 0 if outcome.is_fine else known.failures + 1
    planned = next_ask(room.now, source.hours, failures, room.chance)
    record.write(place.record, replace(known, asked=room.now, planned=planned, failures=failures))
    return outcome


def _fetch_proofs(source: Source, place: Place) -> dict[str, bytes]:
    """The sum and the signature the site asks for. Raises FetchError."""
    wanted = {"sha256": source.sha256, "minisign": f"{source.url}.minisig" if source.minisign else ""}
    proofs = {}
    for kind, url in wanted.items():
        if url:
            file = place.folder / kind
            file.unlink(missing_ok=True)
            fetch(url, file, bounds=SMALL)
            proofs[kind] = file.read_bytes()
            file.unlink()
            file.with_name(kind + ".json").unlink(missing_ok=True)
    return proofs


def _prove(source: Source, file: Path, proofs: dict[str, bytes]) -> None:
    """Raises SignatureError, also for a signature that the site asks for and nobody gave."""
    if source.minisign:
        if "minisign" not in proofs:
            raise SignatureError("its signature (the file with .minisig behind its name) is missing")
        check_minisign(file, proofs["minisign"], source.minisign)
    if "sha256" in proofs:
        check_sum(file, proofs["sha256"])


def _held(place: Place, known: Record, error: Exception) -> Record:
    place.forget_download()
    return replace(known, trouble=str(error), held=True)


def _shape(found: Inspection) -> Shape:
    return Shape(found.octets, found.rules, found.ended)


def _new(done: Record) -> Outcome:
    rules = done.about.rules if done.about else 0
    hits = done.about.protected if done.about else ()
    rejected = sum(done.about.rejects.values()) if done.about else 0
    words = f"{rules} rules" + (f"; {rejected} lines rejected, `clinicgate lists status` says why" if rejected else "")
    words += f"; hits protected names, which stay free: {', '.join(hits)}" if hits else ""
    return Outcome("new", f"{words}; {done.trouble}" if done.trouble else words)
