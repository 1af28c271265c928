"""Having a list read by a process that can do nothing else (__main__.py), and waiting for it, but not for ever.

May live here: starting it, its bounds, its answer. May not: what it does.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from gateway.updates.inspection import Inspection, from_dict
from ruleset.problems import printable

MEMORY_OCTETS = 512 << 20  # of address space; five million names take half of it
CPU_SECONDS = 300
WALL_SECONDS = 600
FILE_OCTETS = 64 << 20
MAX_ANSWER = 1 << 20  # octets
ROOT = Path(__file__).parents[2]


class UnfitError(Exception):
    """The list cannot be read; the message says why."""


def inspect_names(file: Path, protected: Iterable[str]) -> Inspection:
    """What a list of names holds. Raises UnfitError, OSError."""
    return _run(file, {"protected": sorted(set(protected))})


def inspect_addresses(file: Path, never: Iterable[IPv4Network | IPv6Network], kept: Path) -> Inspection:
    """What a list of addresses holds; the entries that may enter a set are written to `kept`. Raises as above."""
    with kept.open("wb") as out:
        return _run(file, {"never": [str(network) for network in never], "kept": out.fileno()}, out.fileno())


def _run(file: Path, job: dict[str, object], *descriptors: int) -> Inspection:
    with file.open("rb") as source, tempfile.TemporaryFile() as told:  # bounded by FILE_OCTETS, unlike a pipe
        try:
            done = subprocess.run(
                [sys.executable, "-m", "gateway.updates", json.dumps(job)],
                stdin=source,
                stdout=told,
                stderr=subprocess.DEVNULL,
                pass_fds=descriptors,
                env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
                cwd="/",
                timeout=WALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnfitError(f"reading it takes more than {WALL_SECONDS} s") from None
        told.seek(0)
        text = told.read(MAX_ANSWER)
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise UnfitError(f"reading it failed ({_end(done.returncode)}): more memory or time than a list may take")
    if (found := from_dict(answer.get("found"))) is None:
        raise UnfitError(printable(str(answer.get("refused") or "the reading process gave no answer")))
    return found


def _end(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
