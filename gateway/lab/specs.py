"""Which processes a lab runs, each with no more rights than it needs, and the command lines that give it those.

May live here: values and argument lists, pure. May not: starting them (supervisor.py).

The rights are those of the design: the enforcer is root with CAP_NET_ADMIN and what it takes to see in /proc who is
behind a socket; the resolver may bind port 53; watcher and webui have nothing. The
work is done by setpriv(1) and nsenter(1), both of util-linux. A process dies with the supervisor (PR_SET_PDEATHSIG).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.lab.folder import Folder
from gateway.lab.topology import GATEWAY, prefix
from gateway.paths import RUN_VARIABLE, STATE_VARIABLE

ROOT, RESOLVER, WATCHER, WEBUI = 0, 64502, 64503, 64504
ENFORCER_RIGHTS = ("net_admin", "sys_ptrace", "dac_read_search")
SHARERS = 64510  # the group that may add files to the state and run folders; only the watcher is in it
UI_PORT = 8080
ACCESS = {str(RESOLVER): "resolver", str(WATCHER): "watcher", str(WEBUI): "webui"}


@dataclass(frozen=True, slots=True)
class Spec:
    """One process. `host` is the lab host whose namespace it lives in, empty for the machine's own.

    `group` is one more group: the watcher adds its files to the shared folders, the page reads the watcher's store."""

    name: str
    module: str
    uid: int
    rights: tuple[str, ...] = ()
    host: str = ""
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    confined: bool = True
    group: int | None = None


def specs(folder: Folder, *, gateway: bool = True) -> tuple[Spec, ...]:
    """The lab's processes in the order of their start; without `gateway` only the world around it."""
    world = Spec("world", "gateway.lab.world", ROOT, arguments=(folder.lab,), confined=False)
    if not gateway:
        return (world,)
    paths = folder.gateway
    environment = {
        STATE_VARIABLE: str(paths.state),
        RUN_VARIABLE: str(paths.run),
        "CLINICGATE_UI_PORT": str(UI_PORT),
        "CLINICGATE_TIME": "known",  # nobody disciplines a clock in here
    }
    return (
        world,
        Spec("enforcer", "gateway.enforcer", ROOT, ENFORCER_RIGHTS, GATEWAY, environment=environment),
        Spec("watcher", "gateway.watcher", WATCHER, (), GATEWAY, environment=environment, group=SHARERS),
        Spec("resolver", "gateway.resolver", RESOLVER, ("net_bind_service",), GATEWAY, environment=environment),
        Spec("webui", "webui", WEBUI, (), GATEWAY, environment=environment, group=WATCHER),
    )


def command(spec: Spec, lab: str, python: Path) -> list[str]:
    """The whole command line of a process."""
    enter = ["nsenter", f"--net=/run/netns/{prefix(lab)}{spec.host}", "--"] if spec.host else []
    return [*enter, *_confine(spec), str(python), "-m", spec.module, *spec.arguments]


def _confine(spec: Spec) -> list[str]:
    if not spec.confined:
        return ["setpriv", "--pdeathsig", "KILL", "--"]
    kept = ",".join(["-all", *(f"+{right}" for right in spec.rights)])
    groups = "--clear-groups" if spec.group is None else f"--groups={spec.group}"
    return [
        "setpriv", f"--reuid={spec.uid}", f"--regid={spec.uid}", groups, "--no-new-privs",
        f"--bounding-set={kept}", f"--inh-caps={kept}", f"--ambient-caps={kept}", "--pdeathsig", "KILL", "--",
    ]  # fmt: skip


def environment(spec: Spec, folder: Folder, inherited: Mapping[str, str]) -> dict[str, str]:
    """What a process finds in its environment: little, and nothing of the caller's but the language and test marks."""
    kept = {name: value for name, value in inherited.items() if name in ("LANG", "LC_ALL", "CLINICGATE_TEST_SESSION")}
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": str(folder.code),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "HOME": "/nonexistent",
        **kept,
        **spec.environment,
    }
