"""The confined process: reads one list from standard input, prints what is in it as one JSON object.

The job is the one argument, JSON: {"protected": [name]} or {"never": [network], "kept": descriptor}. Before the first
octet is read, memory, time and file size are bounded, and root becomes nobody: a parser that fails, fails alone.

May live here: the limits and that call. May not: reading lists (inspection.py).
"""

import json
import os
import resource
import sys
from ipaddress import ip_network

from filters.lists import ListRefusedError
from gateway.enforcer.addresses import Ranges, as_range
from gateway.updates.confined import CPU_SECONDS, FILE_OCTETS, MEMORY_OCTETS
from gateway.updates.inspection import inspect_addresses, inspect_names

NOBODY = 65534


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


def main() -> int:
    job = json.loads(sys.argv[1])
    confine()
    answer: dict[str, object]
    try:
        if "never" in job:
            networks = [ip_network(text) for text in job["never"]]
            never = {v: Ranges(as_range(n) for n in networks if n.version == v) for v in (4, 6)}
            with os.fdopen(job["kept"], "wb") as kept:
                found = inspect_addresses(sys.stdin.buffer, never, kept)
        else:
            found = inspect_names(sys.stdin.buffer, job["protected"])
        answer = {"found": found.as_dict()}
    except ListRefusedError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": f"reading it takes more than {MEMORY_OCTETS >> 20} MiB of memory: choose a smaller list"}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
