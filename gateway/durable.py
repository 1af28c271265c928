"""Files that are whole after a power cut: written beside, fsynced, renamed, and the folder fsynced.

May live here: writing, appending, reading and removing small files durably. May not: what is in them.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEMPORARY = ".new"


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `content`; at no moment is there half a file. Raises OSError."""
    beside = path.with_name(path.name + TEMPORARY)
    _write_synced(beside, content, mode)
    beside.replace(path)
    sync_folder(path.parent)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    write(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` appear with all of `files` or not at all. Raises FileExistsError, OSError."""
    if folder.exists():
        raise FileExistsError(f"{folder} exists")
    beside = folder.with_name(folder.name + TEMPORARY)
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True, mode=0o700)
    for name, content in files.items():
        _write_synced(beside / name, content, 0o600)
    sync_folder(beside)
    beside.rename(folder)
    sync_folder(folder.parent)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in `path`; None when there is no such file, or none that is whole JSON."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def append(path: Path, line: bytes, mode: int = 0o600) -> None:
    """Add `line` at the end; after the return it is on the disk. Raises OSError, and then nothing of it is there."""
    fresh = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        size = os.fstat(descriptor).st_size
        try:
            _write_all(descriptor, line)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if fresh:
        sync_folder(path.parent)


def _write_all(descriptor: int, content: bytes) -> None:
    """A full disk takes a part and says so only by the count (write(2)); the next call then fails with ENOSPC."""
    while content:
        content = content[os.write(descriptor, content) :]


def remove(path: Path) -> None:
    """Remove a file if it is there, durably. Raises OSError."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
