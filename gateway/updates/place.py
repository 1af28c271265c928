"""Where a list's files lie: the list itself below the lists folder, and beside all lists `.updates/ID/` with the
record, the download in progress and the version before.

    lists/PATH  <- rename -  .updates/ID/plain  <- unpacked -  .updates/ID/download

May live here: these names, the swap, cleaning up. May not: what is in the files.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from gateway import durable
from gateway.updates.schedule import is_forgotten

WORK = ".updates"
LIST_MODE = 0o644  # the resolver runs as another user


class PlaceError(Exception):
    """The site's path of the list leads nowhere it may; the message says where."""


class Place:
    """The files of one list. Raises PlaceError, OSError."""

    def __init__(self, lists: Path, name: str, path: str) -> None:
        self.list = lists / path
        if not self.list.resolve().is_relative_to(lists.resolve()) or Path(path).parts[:1] == (WORK,):
            raise PlaceError(f"the path {path} of list {name} leads out of the lists folder")
        self.folder = lists / WORK / name

    @property
    def record(self) -> Path:
        return self.folder / "record.json"

    @property
    def download(self) -> Path:
        return self.folder / "download"

    @property
    def plain(self) -> Path:
        """Unpacked, and for an address list its entries: about to be the list."""
        return self.folder / "plain"

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    @property
    def compiled(self) -> Path:
        """The compiled form of `plain`."""
        return self.folder / "compiled"

    @property
    def before(self) -> Path:
        """The version that the list in use replaced."""
        return self.folder / "before"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.list.parent.mkdir(parents=True, exist_ok=True, mode=0o755)

    def install(self, file: Path) -> None:
        """`file`, one of this folder, becomes the list; at no moment is there none, or half a one."""
        with file.open("rb+") as content:
            os.fchmod(content.fileno(), LIST_MODE)
            os.fsync(content.fileno())
        beside = self.before.with_name("before.new")
        beside.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.link(self.list, beside)
            beside.replace(self.before)
        file.replace(self.list)
        durable.sync_folder(self.list.parent)

    def forget_download(self) -> None:
        for file in (self.download, self.download.with_name("download.json"), self.plain, self.kept, self.compiled):
            file.unlink(missing_ok=True)

    def clean(self, installed: datetime | None, now: datetime) -> None:
        """The version before goes after its time; `installed`: when it was replaced."""
        if installed is not None and is_forgotten(installed, now):
            self.before.unlink(missing_ok=True)

    def changed(self) -> datetime | None:
        """When the list in use was written; None when there is none."""
        try:
            found = self.list.stat()
        except OSError:
            return None
        return datetime.fromtimestamp(found.st_mtime, UTC) if stat.S_ISREG(found.st_mode) else None


@contextlib.contextmanager
def alone(lists: Path) -> Iterator[None]:
    """Only one update at a time; the lock goes with its process. Raises BlockingIOError."""
    folder = lists / WORK
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (folder / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
