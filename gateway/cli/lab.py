"""`clinicgate lab …` and `clinicgate demo`: the virtual clinic.

May live here: arguments and printing. May not: namespaces or processes (gateway/lab).
"""

import argparse
from pathlib import Path
from typing import Any

from gateway.cli.output import CommandError, load_or_stop, say, say_json

EXAMPLE = Path(__file__).resolve().parents[2] / "ruleset/examples/naika-clinic.yaml"
LONGEST_DEMO = 86_400


def add_commands(commands: Any) -> None:
    """Adds `lab` and `demo`."""
    parser: argparse.ArgumentParser = commands.add_parser("lab", help="the virtual clinic: a site as namespaces")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    up = actions.add_parser("up", help="build it from a site file and apply that site in it")
    up.add_argument("site", type=Path, metavar="SITE", help="path of a site.yaml")
    up.set_defaults(run=_up)
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
    from gateway.lab.errors import LabError
    from gateway.lab.person import apply_and_confirm

    resolved = load_or_stop(arguments.site)
    try:
        status = lifecycle.up(resolved, str(arguments.site))
        try:
            generation = apply_and_confirm(arguments.site)
        except BaseException:
            lifecycle.down(status.lab)
            raise
    except LabError as error:
        raise CommandError(str(error), status=1) from None
    say(f"The lab is up with {len(status.hosts)} hosts; generation {generation} of {arguments.site} is applied.")
    return _tell_next(status.hosts)


def _tell_next(hosts: Any) -> int:
    device = next((host.name for host in hosts if host.device_kind == "pc"), "gateway")
    say(f"Next: clinicgate lab exec {device} -- sh      clinicgate prove SITE --live      clinicgate lab down")
    return 0


def _exec(arguments: argparse.Namespace) -> int:
    from gateway.lab import enter
    from gateway.lab.errors import LabError

    argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    try:
        return enter.run_in(arguments.host, argv)
    except LabError as error:
        raise CommandError(str(error)) from None


def _status(arguments: argparse.Namespace) -> int:
    from gateway.lab import lifecycle
    from gateway.lab.errors import LabError

    try:
        status = lifecycle.status()
    except LabError as error:
        raise CommandError(str(error), status=1) from None
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
    from gateway.lab.errors import LabError
    from gateway.lab.folder import DEFAULT_LAB

    try:
        removed = lifecycle.down(None if arguments.all else DEFAULT_LAB)
    except LabError as error:
        raise CommandError(str(error), status=1) from None
    say(f"removed: {', '.join(removed)}" if removed else "there was no lab")
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from gateway.lab import demo
    from gateway.lab.errors import LabError

    load_or_stop(arguments.site)
    try:
        return demo.run(arguments.site, arguments.duration)
    except LabError as error:
        raise CommandError(str(error), status=1) from None
