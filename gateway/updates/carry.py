"""Lists that come by hand: a file, or a folder as a USB stick has it. They are judged as fetched ones are.

May live here: which file is meant for which list, copying it. May not: judging (update.py).
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from gateway.updates.fetch import MAX_OCTETS
from gateway.updates.place import Place, PlaceError
from gateway.updates.signature import MAX_TEXT
from gateway.updates.sources import Source
from gateway.updates.update import Outcome, Room, take

PROOFS = {"minisign": ".minisig", "sha256": ".sha256"}
CHUNK = 1 << 20


class CarryError(Exception):
    """Nothing can be carried in; the message says why, `hint` the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def carry(path: Path, sources: Sequence[Source], room: Room, name: str = "") -> list[tuple[str, Outcome]]:
    """Take the file, or each file of the folder that has a list's name. `name`: the list a file is meant for.

    Raises CarryError; OSError when the lists folder cannot be written.
    """
    chosen = _chosen(path, sources, name)
    return [(source.name, _carry(file, source, room)) for file, source in chosen]


def _chosen(path: Path, sources: Sequence[Source], name: str) -> list[tuple[Path, Source]]:
    if not os.path.lexists(path):
        raise CarryError(f"{path}: there is no such file or folder", "look at the path; is the stick mounted?")
    known = ", ".join(f"{source.name} ({Path(source.path).name})" for source in sources) or "none"
    if path.is_dir():
        wanted = [(path / f"{Path(s.path).name}{packed}", s) for s in sources for packed in ("", ".gz")]
        chosen = [(file, source) for file, source in wanted if os.path.lexists(file) and name in ("", source.name)]
    else:
        plain = path.name.removesuffix(".gz")
        chosen = [(path, s) for s in sources if s.name == name or (not name and Path(s.path).name == plain)]
    if not chosen:
        if path.is_dir():
            raise CarryError(f"{path}: none of its files has the name of a list's file", f"such names are: {known}")
        way = f"say which with --list, or give it the name of a list's file: {known}"
        raise CarryError(f"{path}: its name does not tell for which list it is meant", way)
    if len(chosen) > 1 and not path.is_dir():
        raise CarryError(f"{path}: several lists have a file of this name", f"choose one with --list: {known}")
    return chosen


def _carry(file: Path, source: Source, room: Room) -> Outcome:
    try:
        place = Place(room.lists, source.name, source.path)
    except PlaceError as error:
        return Outcome("failed", str(error))
    place.prepare()
    place.forget_download()
    try:
        _copy(file, place.download, MAX_OCTETS)
        proofs = _proofs(file, place)
    except OSError as error:
        return Outcome("failed", f"{file} cannot be read: {error.strerror or error}")
    return take(source, room, proofs, f"file {file.name}")


def _proofs(file: Path, place: Place) -> dict[str, bytes]:
    """What lies beside the file to prove it."""
    proofs = {}
    for kind, suffix in PROOFS.items():
        beside, copy = file.with_name(file.name + suffix), place.folder / kind
        if os.path.lexists(beside):
            _copy(beside, copy, MAX_TEXT)
            proofs[kind] = copy.read_bytes()
            copy.unlink()
    return proofs


def _copy(file: Path, into: Path, bound: int) -> None:
    """A plain file and no link: a stick must not name files of this box. Raises OSError."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as source, into.open("wb") as copy:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is no file")
        left = bound
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise OSError(f"it is larger than {max(1, bound >> 20)} MiB")
            copy.write(chunk)
