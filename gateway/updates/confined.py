"""Having a list read by a process that can do nothing else (__main__.py), and waiting for it, but not for ever.

The update commands wait for it (`inspect_*`); the resolver, which must go on answering, awaits it (`compile_names`).

May live here: starting it, its bounds, its answer. May not: what it does, where its result lies (compiled.py).
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, BinaryIO

from gateway.updates.found import Inspection, from_dict
from ruleset.problems import printable

MEMORY_OCTETS = 512 << 20  # of address space; five million names take half of it
CPU_SECONDS = 300
WALL_SECONDS = 600
FILE_OCTETS = 128 << 20
MAX_ANSWER = 1 << 20  # octets
ROOT = Path(__file__).parents[2]


class UnfitError(Exception):
    """The list cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Compile:
    """What becomes of a list of names: `name` and `key` as filters.lists wants them, the compiled form goes `into`."""

    name: str
    key: bytes
    into: BinaryIO


def inspect_names(file: Path, protected: Iterable[str], wanted: Compile | None = None) -> Inspection:
    """What a list of names holds; compiled too if that is `wanted`. Raises UnfitError, OSError."""
    with _names_job(protected, wanted) as (job, descriptors):
        return _run(file, job, *descriptors)


def inspect_addresses(file: Path, never: Iterable[IPv4Network | IPv6Network], kept: Path) -> Inspection:
    """What a list of addresses holds; the entries that may enter a set are written to `kept`. Raises as above."""
    with kept.open("wb") as out:
        return _run(file, {"never": [str(network) for network in never], "kept": out.fileno()}, out.fileno())


async def compile_names(file: BinaryIO, wanted: Compile) -> Inspection:
    """As `inspect_names`, in a running loop, which is never held up; cancelling ends the process."""
    with _names_job((), wanted) as (job, descriptors), os.fdopen(os.memfd_create("answer"), "w+b") as told:
        process = await asyncio.create_subprocess_exec(
            *_command(job), stdin=file, stdout=told, **_settings(descriptors)
        )
        try:
            async with asyncio.timeout(WALL_SECONDS):
                status = await process.wait()
        except TimeoutError:
            raise _too_slow() from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return _found(told, status)


def _run(file: Path, job: dict[str, object], *descriptors: int) -> Inspection:
    with file.open("rb") as source, tempfile.TemporaryFile() as told:  # bounded by FILE_OCTETS, unlike a pipe
        try:
            done = subprocess.run(
                _command(job), stdin=source, stdout=told, timeout=WALL_SECONDS, check=False, **_settings(descriptors)
            )
        except subprocess.TimeoutExpired:
            raise _too_slow() from None
        return _found(told, done.returncode)


@contextlib.contextmanager
def _names_job(protected: Iterable[str], wanted: Compile | None) -> Iterator[tuple[dict[str, object], list[int]]]:
    """The job and the descriptors it needs. The key goes through a pipe: a command line can be read by everybody."""
    job: dict[str, object] = {"protected": sorted(set(protected))}
    if wanted is None:
        yield job, []
        return
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(wanted.key)
        descriptors = [reading, wanted.into.fileno()]
        yield job | {"name": wanted.name, "key": reading, "kept": wanted.into.fileno()}, descriptors
    finally:
        os.close(reading)


def _command(job: dict[str, object]) -> list[str]:
    return [sys.executable, "-m", "gateway.updates", json.dumps(job)]


def _settings(descriptors: Iterable[int]) -> dict[str, Any]:
    return {
        "stderr": subprocess.DEVNULL,
        "pass_fds": tuple(descriptors),
        "env": {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        "cwd": "/",
    }


def _found(told: BinaryIO, status: int) -> Inspection:
    told.seek(0)
    try:
        answer = json.loads(told.read(MAX_ANSWER))
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise UnfitError(f"reading it failed ({_end(status)}): more memory or time than a list may take")
    if (found := from_dict(answer.get("found"))) is None:
        raise UnfitError(printable(str(answer.get("refused") or "the reading process gave no answer")))
    return found


def _too_slow() -> UnfitError:
    return UnfitError(f"reading it takes more than {WALL_SECONDS} s")


def _end(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
