"""`clinicgate lab …` and `clinicgate demo`: the virtual clinic.

May live here: arguments and printing. May not: namespaces or processes (gateway/lab).
"""

import argparse
from pathlib import Path
from typing import Any

from gateway.cli.enforce import add_confirm_within, tell_confirmed, tell_waiting
from gateway.cli.output import CommandError, load_or_stop, need_root, say, say_json
from gateway.client import Refused
from gateway.program import program

EXAMPLE = Path(__file__).resolve().parents[2] / "ruleset/examples/naika-clinic.yaml"
LONGEST_DEMO = 86_400


def add_commands(commands: Any) -> None:
    """Adds `lab` and `demo`."""
    parser: argparse.ArgumentParser = commands.add_parser("lab", help="the virtual clinic: a site as namespaces")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    up = actions.add_parser("up", help="build it from a site file and apply that site in it")
    up.add_argument("site", type=Path, metavar="SITE", help="path of a site.yaml")
    up.set_defaults(run=_up)
    apply = actions.add_parser("apply", help="apply a site in it, as its technician, to rehearse a change")
    apply.add_argument("site", type=Path, metavar="SITE", help="path of a site.yaml")
    add_confirm_within(apply)
    apply.set_defaults(run=_apply)
    confirm = actions.add_parser("confirm", help="confirm that, over a new connection from the administrator's PC")
    confirm.set_defaults(run=_confirm)
    run = actions.add_parser("exec", help="run a command on a host, as if one sat at it: exec reception-1 -- ping emr")
    run.add_argument("host", metavar="HOST", help="a device, `gateway`, `internet` or `attacker`")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD", help="the command and its arguments")
    run.set_defaults(run=_exec)
    status = actions.add_parser("status", help="hosts, addresses and processes of the running lab")
    status.add_argument("--json", action="store_true", help="for machines")
    status.set_defaults(run=_status)
    down = actions.add_parser("down", help="remove it whole; fine when there is none")
    down.add_argument("--all", action="store_true", help="also labs of tests and other programs")
    down.set_defaults(run=_down)
    _add_demo(commands)


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="the virtual clinic with traffic, live, until Ctrl-C")
    demo.add_argument("site", type=Path, nargs="?", default=EXAMPLE, metavar="SITE", help="default: an example")
    demo.add_argument("--duration", type=_seconds, metavar="SECONDS", help="stop by itself, with a summary")
    demo.set_defaults(run=_demo)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 5 <= int(text) <= LONGEST_DEMO):
        raise argparse.ArgumentTypeError(f"{text!r}: whole seconds from 5 to {LONGEST_DEMO}")
    return int(text)


def _up(arguments: argparse.Namespace) -> int:
    from gateway.lab import lifecycle
    from gateway.lab.person import apply_and_confirm

    resolved = load_or_stop(arguments.site)
    status = lifecycle.up(resolved, str(arguments.site))
    try:
        generation = apply_and_confirm(arguments.site)
    except BaseException:
        lifecycle.down(status.lab)
        raise
    say(f"The lab is up with {len(status.hosts)} hosts; generation {generation} of {arguments.site} is applied.")
    return _tell_next(status.hosts)


def _tell_next(hosts: Any) -> int:
    device = next((host.name for host in hosts if host.device_kind == "pc"), "gateway")
    own = program()
    for words in (f"lab exec {device} -- sh", f"lab exec gateway -- {own} status", "prove SITE --live",
                  "lab apply SITE", "lab confirm", "lab down"):  # fmt: skip
        say(f"{'Next:' if words.endswith('-- sh') else '':<5} {own} {words}")
    return 0


def _apply(arguments: argparse.Namespace) -> int:
    from gateway.lab import person

    need_root("lab apply")
    load_or_stop(arguments.site)
    answer = person.apply(arguments.site, arguments.confirm_within)
    tell_waiting(answer, arguments.confirm_within, f"To confirm over a new connection type: {program()} lab confirm")
    return 0


def _confirm(_arguments: argparse.Namespace) -> int:
    from gateway.lab import person

    need_root("lab confirm")
    try:
        tell_confirmed(person.confirm())
    except Refused as error:
        raise CommandError(
            f"refused: {error.message}", f"{error.hint}; `lab confirm` keeps what `lab apply` applied", status=1
        ) from None
    return 0


def _exec(arguments: argparse.Namespace) -> int:
    from gateway.lab import enter

    need_root("lab exec")
    argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    return enter.run_in(arguments.host, argv)


def _status(arguments: argparse.Namespace) -> int:
    from gateway.lab import lifecycle

    status = lifecycle.status()
    if arguments.json:
        say_json({"site": status.site, "running": status.running, "processes": status.processes,
                  "hosts": {h.name: list(h.addresses) for h in status.hosts}})  # fmt: skip
        return 0
    say(f"{status.site}: {'running' if status.running else 'NOT running: `clinicgate lab down`, then up again'}")
    for name, alive in status.processes.items():
        say(f"  {name:<12} {'running' if alive else 'DOWN'}")
    for host in status.hosts:
        say(f"  {host.name:<20} {host.zone or host.kind:<12} {' '.join(host.addresses)}")
    return 0 if status.running and all(status.processes.values()) else 1


def _down(arguments: argparse.Namespace) -> int:
    from gateway.lab import lifecycle
    from gateway.lab.folder import DEFAULT_LAB

    removed = lifecycle.down(None if arguments.all else DEFAULT_LAB)
    say(f"removed: {', '.join(removed)}" if removed else "there was no lab")
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from gateway.lab import demo

    load_or_stop(arguments.site)
    return demo.run(arguments.site, arguments.duration)
