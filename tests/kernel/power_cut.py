"""Runs in the lab kernel until the power is cut: the enforcer starts, says what it found, then changes its state.

The state folder is an ext4 on a disk of its own, mounted so that the kernel does not write a replaced file early of its
own accord (noauto_da_alloc) nor all by itself soon (commit): what is there after the cut is there because the enforcer
synced it. Each promise the enforcer has kept is written to a file of the host before the next one begins.

May live here: one loop of changes, and the evidence. May not: judging it (test_power_cut.py does).
"""

import ctypes
import json
import os
import sys
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from gateway import audit
from gateway.enforcer import change, startup
from gateway.enforcer.change import Order, Who
from gateway.enforcer.confirm import Origin
from gateway.enforcer.core import Core
from gateway.enforcer.generations import fingerprint
from gateway.paths import Paths
from ruleset.live import Quarantined
from tests.kernel.lab_nft import LabNft

DISK, MOUNTED = "/dev/ubda", Path("/run/state")
OPTIONS = "noauto_da_alloc,commit=300"
PROMISES = "/run/share/promises"
SITE = Path("ruleset/examples/cabinet-fr.yaml")
WHO = Who("technician", Origin("console", None, "local console"))
ROUNDS = 10_000


class Notes:
    """Lines that are on the host's side before `tell` returns."""

    def __init__(self) -> None:
        self._file = os.open(PROMISES, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_SYNC)

    def tell(self, what: str, value: object = None) -> None:
        os.write(self._file, (json.dumps({"what": what, "value": value}) + "\n").encode())
        os.fsync(self._file)


def main(*, go_on: bool) -> None:
    mount()
    notes = Notes()
    paths = Paths(MOUNTED / "clinicgate", Path("/run/clinicgate"))
    for folder in (paths.state, paths.run):
        folder.mkdir(exist_ok=True)
    notes.tell("starting")
    core = Core(paths, LabNft(), probes=())
    startup.start(core)
    notes.tell("started", evidence(core))
    if go_on:
        work(core, notes)


def mount() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    MOUNTED.mkdir()
    if libc.mount(DISK.encode(), bytes(MOUNTED), b"ext4", 0, OPTIONS.encode()):
        raise OSError(ctypes.get_errno(), f"mounting {DISK} failed")


def evidence(core: Core) -> dict[str, object]:
    """What the enforcer found on the disk and made of it. (A file's half-written successor may lie about: the next one
    is written over it. A generation's may not.)"""
    store, broken = core.store, []
    for number in store.numbers():
        meta = store.meta(number)
        if meta is None or meta.sha256 != fingerprint(store.site(number), store.text(number)):
            broken.append(number)
    return {
        "loaded": core.loaded.number,
        "compiled": core.loaded.policy is not None,
        "numbers": store.numbers(),
        "broken": broken,
        "pending": core.paths.pending.exists(),
        "leftovers": sorted(path.name for path in core.paths.generations.glob("*.new")),
        "isolated": sorted(address for record in core.quarantine.records for address in record.addresses),
        "audit": [str(flaw) for flaw in audit.verify(core.paths).flaws],
        "troubles": [trouble.what for trouble in core.troubles],
    }


def work(core: Core, notes: Notes) -> None:
    """Apply, confirm, isolate, until the power is cut; a promise is told when it is kept."""
    site = SITE.read_bytes()
    free = len(core.quarantine.records) + 1
    for number in range(ROUNDS):
        waiting = change.apply(core, Order(site, str(SITE), WHO, 90.0))
        notes.tell("applied", waiting.generation)
        if number % 4 == 3:
            change.rollback(core, None, WHO)
            notes.tell("given back", waiting.generation)
            continue
        notes.tell("confirming", waiting.generation)
        change.confirm(core, WHO)
        notes.tell("confirmed", waiting.generation)
        address = str(IPv4Address("10.33.80.0") + free + number)
        core.isolate(Quarantined("", "", (address,), "power cut", WHO.actor, datetime.now(UTC)))
        notes.tell("isolated", address)


if __name__ == "__main__":
    main(go_on=sys.argv[1] == "work")
