"""The folder of one lab below /run/clinicgate/lab: its file names, and the record of what runs.

May live here: paths, reading and writing the record. May not: what the files mean to those who use them.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.lab.errors import LabError
from gateway.paths import DEFAULT_RUN, Paths

LABS = DEFAULT_RUN / "lab"
DEFAULT_LAB = "clinic"
SUPERVISOR = "supervisor"
LAB_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")


@dataclass(frozen=True, slots=True)
class Folder:
    """One lab's folder. It may not exist."""

    lab: str

    def __post_init__(self) -> None:
        if not LAB_NAME.fullmatch(self.lab):
            raise LabError(f"{self.lab[:40]!a} is no name for a lab; use up to 12 small letters and digits")

    @property
    def root(self) -> Path:
        return LABS / self.lab

    @property
    def record(self) -> Path:
        return self.root / "lab.json"

    @property
    def site(self) -> Path:
        """The site the lab was built from, as it was then."""
        return self.root / "site.yaml"

    @property
    def processes(self) -> Path:
        """Written by the supervisor: name -> pid and start time, itself included."""
        return self.root / "processes.json"

    @property
    def world(self) -> Path:
        """What the stand-ins for the internet and the devices answer."""
        return self.root / "world.json"

    @property
    def world_ready(self) -> Path:
        return self.root / "world.ready"

    @property
    def authority(self) -> Path:
        """The certificate that programs in the lab trust."""
        return self.root / "authority.pem"

    @property
    def certificate(self) -> Path:
        """Certificate and key of all servers of the lab's internet."""
        return self.root / "server.pem"

    @property
    def dnssec_key(self) -> Path:
        """What the lab's internet signs its zones with."""
        return self.root / "dnssec.pem"

    @property
    def anchor(self) -> Path:
        """The trust anchor of the lab's root zone."""
        return self.root / "root.key"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def code(self) -> Path:
        """Where the supervisor shows this program to processes that may not read its real place."""
        return self.root / "code"

    @property
    def gateway(self) -> Paths:
        """State and sockets of the gateway in the lab."""
        return Paths(self.root / "gateway" / "state", self.root / "gateway" / "run")

    def etc(self, host: str, name: str) -> Path:
        """A file that stands in for /etc/`name` on `host`."""
        return self.root / "etc" / host / name

    def remove(self) -> None:
        """Deletes the folder, and the ones above it as far as they are empty."""
        shutil.rmtree(self.root, ignore_errors=True)
        for parent in (LABS, DEFAULT_RUN):
            with suppress(OSError):  # other labs, or the gateway of this very machine
                parent.rmdir()


@dataclass(frozen=True, slots=True)
class Process:
    """A process by number and start (clock ticks since boot): numbers are used again, the pair is not."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class RecordedHost:
    """A host as `status` and `exec` need it."""

    name: str
    kind: str
    zone: str
    label: str
    addresses: tuple[str, ...]
    namespace: str
    device_kind: str = ""
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What `up` made."""

    lab: str
    site: str
    hosts: tuple[RecordedHost, ...]

    def host(self, name: str) -> RecordedHost | None:
        """The host of that name."""
        return next((host for host in self.hosts if host.name == name), None)


def write_json(path: Path, value: Any) -> None:
    """Replaces the file whole."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)


def write_record(folder: Folder, record: Record) -> None:
    """Saves what `up` made."""
    write_json(folder.record, asdict(record))


def read_record(folder: Folder) -> Record | None:
    """What `up` wrote; None when there is nothing that can be read."""
    try:
        raw = json.loads(folder.record.read_text(encoding="utf-8"))
        hosts = tuple(RecordedHost(**{**host, "addresses": tuple(host["addresses"])}) for host in raw["hosts"])
        return Record(raw["lab"], raw["site"], hosts)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_processes(folder: Folder) -> dict[str, Process]:
    """Who runs, by name, SUPERVISOR among them; empty when there is nothing that can be read."""
    try:
        return {name: Process(**value) for name, value in json.loads(folder.processes.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def folders() -> Iterator[Folder]:
    """Every lab that has a folder, running or not."""
    if LABS.is_dir():
        for path in sorted(LABS.iterdir()):
            if LAB_NAME.fullmatch(path.name):
                yield Folder(path.name)
