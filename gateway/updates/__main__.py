"""The confined process: reads one list from standard input, prints what is in it as one JSON object.

The job is the one argument, JSON: {"protected": [name]}, with {"name": id, "key": descriptor, "kept": descriptor} when
the list is to be compiled, or {"never": [network], "kept": descriptor}. Before the first octet is read, memory, time
and file size are bounded, root becomes nobody, and the process ends with the one that started it: a parser that fails,
fails alone. It gives way to everybody else who wants the processor.

May live here: the limits and that call. May not: reading lists (inspection.py).
"""

import ctypes
import json
import os
import re
import resource
import signal
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from filters.lists import ListRefusedError
from gateway.enforcer.addresses import Ranges, as_range
from gateway.updates.confined import CPU_SECONDS, FILE_OCTETS, MEMORY_OCTETS
from gateway.updates.found import Inspection
from gateway.updates.inspection import inspect_addresses, inspect_names

NOBODY = 65534
BEHIND_OTHERS = 5  # nice(2): a third of what who answers questions gets, and still something on a busy box
PR_SET_PDEATHSIG = 1  # linux/prctl.h
UNKEYED = b"thrown away"  # the compiled form nobody keeps: nothing to guess
MAX_KEY = 64  # octets


def confine() -> None:
    """From here on: so much memory, processor time and file, no new process, no rights."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_OCTETS),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_OCTETS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))
    os.nice(BEHIND_OTHERS)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # behind the change of user, which forgets it


def most_memory() -> int:
    """Octets this program ever held (proc(5)); getrusage(2) would count what the one before exec held too."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) << 10 if found else 0


def main() -> int:
    job = json.loads(sys.argv[1])
    confine()
    answer: dict[str, object]
    try:
        found = _addresses(job) if "never" in job else _names(job)
        answer = {"found": found.as_dict() | {"memory": most_memory()}}
    except ListRefusedError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": f"reading it takes more than {MEMORY_OCTETS >> 20} MiB of memory: choose a smaller list"}
    except OSError as error:
        answer = {"refused": f"its compiled form cannot be written: {error.strerror or error}"}
    print(json.dumps(answer))
    return 0


def _names(job: dict[str, Any]) -> Inspection:
    if "key" not in job:
        return inspect_names(sys.stdin.buffer, job["protected"], "list", UNKEYED)
    with os.fdopen(job["key"], "rb") as pipe, os.fdopen(job["kept"], "wb") as kept:
        return inspect_names(sys.stdin.buffer, job["protected"], job["name"], pipe.read(MAX_KEY), kept)


def _addresses(job: dict[str, Any]) -> Inspection:
    networks = [ip_network(text) for text in job["never"]]
    never = {v: Ranges(as_range(n) for n in networks if n.version == v) for v in (4, 6)}
    with os.fdopen(job["kept"], "wb") as kept:
        return inspect_addresses(sys.stdin.buffer, never, kept)


if __name__ == "__main__":
    sys.exit(main())
