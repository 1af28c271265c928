"""A lab from `up` to `down`: namespaces, authority, files, processes, and nothing left of any of them.

May live here: the order of the steps, cleaning up after a lab that was killed, what `status` tells.
May not: the steps themselves (build.py, authority.py, supervisor.py, ...).
"""

import fcntl
import functools
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.lab import authority, build, netns, processes
from gateway.lab.errors import LabError
from gateway.lab.etc import write_etc
from gateway.lab.folder import (
    DEFAULT_LAB,
    LABS,
    SUPERVISOR,
    Folder,
    Record,
    RecordedHost,
    folders,
    read_processes,
    read_record,
    write_record,
)
from gateway.lab.kernel import load_ruleset
from gateway.lab.state import make_gateway_folders
from gateway.lab.topology import Topology, plan, prefix
from gateway.lab.world_plan import any_port, world_plan, write_plan
from ruleset.resolved import ResolvedSite

READY_SECONDS = 30.0
LOOK_SECONDS = 0.02
SOURCE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Status:
    """One lab. `processes`: name -> is it running; `running`: its supervisor is alive."""

    lab: str
    site: str
    running: bool
    hosts: tuple[RecordedHost, ...]
    processes: dict[str, bool]


def up(
    resolved: ResolvedSite, site_path: str, lab: str = DEFAULT_LAB, *, gateway: bool = True, tied: bool = False
) -> Status:
    """Builds the virtual clinic and starts its processes; returns when the world answers and the enforcer listens.

    Without `gateway` no process of the product runs and the gateway forwards without any policy. `tied`: the processes
    end with the calling process, whatever ends it. Raises LabError, and then nothing of this lab is left."""
    folder = Folder(lab)
    _need_root()
    _need_readable(SOURCE)
    with _one_at_a_time():
        _refuse_running(folder)
        _sweep(folder)
        try:
            topology = plan(lab, resolved)
            build.build(topology)
            _write_files(folder, topology, resolved, site_path)
            _start(folder, gateway, tied)
            if not gateway:
                build.start_forwarding(topology)
            return status(lab)
        except BaseException:
            _sweep(folder)
            raise


def down(lab: str | None = None) -> list[str]:
    """Removes one lab, or all; answer: the names of those there were. Removing what is not there is fine."""
    _need_root()
    names = [lab] if lab is not None else _all_names()
    found = [name for name in names if Folder(name).root.exists() or netns.names(prefix(name))]
    for name in names:
        _sweep(Folder(name))
    return found


def status(lab: str = DEFAULT_LAB) -> Status:
    """What runs of that lab. Raises LabError when there is no such lab."""
    folder = Folder(lab)
    record = read_record(folder)
    if record is None:
        others = ", ".join(known.lab for known in folders())
        other = f" ({others} is of a test or another program; `clinicgate lab down --all` removes it)" if others else ""
        raise LabError(f"no lab {lab} here; `clinicgate lab up SITE` makes one{other}")
    alive = {name: processes.is_alive(process) for name, process in read_processes(folder).items()}
    return Status(lab, record.site, alive.pop(SUPERVISOR, False), record.hosts, alive)


def wait_for(
    condition: Callable[[], bool], seconds: float, what: str, alive: Callable[[], bool] = lambda: True
) -> None:
    """Returns when `condition` holds. Raises LabError when it does not in time, or when `alive` no longer holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline or not alive():
            raise LabError(f"{what} did not come up")
        time.sleep(LOOK_SECONDS)


def _all_names() -> list[str]:
    """Labs with a folder, and labs of which only namespaces are left."""
    left = {name.removeprefix("cg-").split("-")[0] for name in netns.names("cg-")}
    return sorted({folder.lab for folder in folders()} | {name for name in left if name})


def _need_root() -> None:
    if os.geteuid() != 0:
        raise LabError("a lab makes network namespaces; run it as root")


def _need_readable(source: Path) -> None:
    """Processes without rights run this program, too. Folders above `source` do not matter: supervisor.show_code."""
    for path in (source, source / "gateway", source / "gateway/__init__.py", Path(sys.prefix)):
        if not path.stat().st_mode & (stat.S_IXOTH if path.is_dir() else stat.S_IROTH):
            raise LabError(f"{path} is closed to other users; `chmod -R go+rX {source}` opens the program to them")


def _refuse_running(folder: Folder) -> None:
    if processes.is_alive(read_processes(folder).get(SUPERVISOR)):
        raise LabError(f"the lab {folder.lab} is up already; `clinicgate lab down` removes it")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two `up` of the same machine, one after the other."""
    LABS.mkdir(parents=True, exist_ok=True, mode=0o755)
    descriptor = os.open(LABS, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_files(folder: Folder, topology: Topology, resolved: ResolvedSite, site_path: str) -> None:
    folder.root.mkdir(parents=True, mode=0o755)
    hosts = tuple(
        RecordedHost(
            host.name, host.kind, host.zone, host.label, tuple(map(str, host.addresses)),
            topology.namespace(host.name), host.device_kind, host.mac,
        )
        for host in topology.hosts
    )  # fmt: skip
    shutil.copyfile(site_path, folder.site)
    write_record(folder, Record(folder.lab, str(Path(site_path).absolute()), hosts))
    world = world_plan(topology, resolved)
    authority.make(folder.authority, folder.certificate, world.names.certificate_names())
    write_plan(folder.world, world)
    write_etc(folder, topology, resolved)
    make_gateway_folders(folder, resolved)
    descriptor = netns.open_named(world.internet)
    try:
        load_ruleset(descriptor, any_port(topology))
    finally:
        os.close(descriptor)


def _start(folder: Folder, gateway: bool, tied: bool) -> None:
    options = [*([] if gateway else ["--world-only"]), *([f"--tied={os.getpid()}"] if tied else [])]
    with folder.log.open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "gateway.lab.supervisor", folder.lab, *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )  # fmt: skip
    _await_ready(folder, child, gateway)


def _await_ready(folder: Folder, child: "subprocess.Popen[bytes]", gateway: bool) -> None:
    try:
        wait_for(folder.world_ready.exists, READY_SECONDS, "the lab's internet", lambda: child.poll() is None)
        if gateway:
            listens = functools.partial(_listens, folder.gateway.enforcer_socket)
            wait_for(listens, READY_SECONDS, "the enforcer", lambda: child.poll() is None)
    except LabError as error:
        tail = folder.log.read_text(errors="replace")[-600:] if folder.log.exists() else ""
        raise LabError(f"{error}; its log ends with: {tail.strip()}") from None


def _listens(path: Path) -> bool:
    """Whether a server takes connections there; its file appears a moment before everybody may use it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        return sock.connect_ex(str(path)) == 0


def _sweep(folder: Folder) -> None:
    """Ends every process of a lab and removes everything it made, however far it got and however it ended."""
    known = read_processes(folder)
    if (supervisor := known.pop(SUPERVISOR, None)) is not None:
        processes.end([supervisor])  # it ends the others in order
    names = netns.names(prefix(folder.lab))
    processes.end([*known.values(), *processes.inside_namespaces(names)])
    build.remove(folder.lab)
    folder.remove()
