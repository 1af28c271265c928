"""Making and removing the namespaces, cables and addresses of a Topology.

May live here: running `ip -batch` and setting kernel parameters for a planned lab. May not: planning, processes.
"""

import subprocess
from collections.abc import Iterable

from gateway.lab import commands, netns
from gateway.lab.errors import LabError
from gateway.lab.topology import GATEWAY, Topology, prefix

BATCH_SECONDS = 60


def build(topology: Topology) -> None:
    """Makes the whole lab; the gateway does not forward yet. Raises LabError and then has undone what it did."""
    made: list[str] = []
    try:
        for host in topology.hosts:
            name = topology.namespace(host.name)
            netns.create(name)
            made.append(name)
            with netns.inside_named(name):
                netns.write_sysctls(commands.parameters(host.kind))
        run_batch(commands.cabling(topology, topology.namespace))
        for host in topology.hosts:
            with netns.inside_named(topology.namespace(host.name)):
                run_batch(commands.configuration(topology, host.name))
    except BaseException as error:
        for name in made:
            netns.delete(name)
        if isinstance(error, FileExistsError):
            raise LabError(f"{error.filename} exists already; `clinicgate lab down` removes a lab") from error
        raise


def start_forwarding(topology: Topology) -> None:
    """Lets the gateway forward; to be called when a policy is loaded."""
    with netns.inside_named(topology.namespace(GATEWAY)):
        netns.write_sysctls(commands.FORWARDING)


def remove(lab: str) -> None:
    """Removes every namespace of a lab, and with them their links, whoever made them and however far they got."""
    for name in netns.names(prefix(lab)):
        netns.delete(name)


def run_batch(lines: Iterable[str]) -> None:
    """Runs lines of `ip` in one process, in the calling thread's namespace. Raises LabError with the kernel's words."""
    text = "".join(f"{line}\n" for line in lines)
    try:
        done = subprocess.run(
            ["ip", "-batch", "-"], input=text, capture_output=True, text=True, timeout=BATCH_SECONDS, check=False
        )
    except FileNotFoundError:
        raise LabError("the program `ip` is missing; install the Debian package iproute2") from None
    if done.returncode != 0:
        raise LabError(f"ip: {_first_failure(done.stderr, text)}")


def _first_failure(words: str, text: str) -> str:
    """iproute2 answers `RTNETLINK answers: File exists` and `Command failed -:3`: name the line it means."""
    lines = text.splitlines()
    number = words.rpartition("Command failed -:")[2].strip()
    culprit = lines[int(number) - 1] if number.isdigit() and 0 < int(number) <= len(lines) else ""
    return f"{words.strip().splitlines()[0] if words.strip() else 'failed'} in `{culprit}`"
