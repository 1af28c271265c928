"""Commands that change or show what is applied: apply, confirm, rollback, generations, status, quarantine.

May live here: arguments, one call to the enforcer, printing its answer. May not: touching the kernel or the disk.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from gateway.cli.output import CommandError, load_or_stop, read_bytes, say, say_json
from gateway.cli.status_text import generation_lines, isolated_line, status_text
from gateway.client import EnforcerClient
from gateway.paths import Paths
from ruleset.problems import printable

_DURATION = re.compile(r"(\d{1,5})(s|m|min)?\Z")


def add_commands(commands: Any) -> None:
    """Adds the commands of this module."""
    apply = commands.add_parser("apply", help="load a site; without a confirm in time the previous policy returns")
    apply.add_argument("site", type=Path, metavar="SITE", help="path of a site.yaml")
    apply.add_argument(
        "--confirm-within", type=_seconds, default=90.0, metavar="TIME", help="for example 90s or 5m (default 90s)"
    )
    apply.set_defaults(run=_apply)
    confirm = commands.add_parser("confirm", help="keep the applied policy; type it in a NEW connection")
    confirm.set_defaults(run=_confirm)
    rollback = commands.add_parser("rollback", help="back to the previous generation, or to generation N")
    rollback.add_argument("generation", type=int, nargs="?", metavar="N")
    rollback.set_defaults(run=_rollback)
    for name, run, text in (
        ("generations", _generations, "every applied policy: number, time, by whom, what changed"),
        ("status", _status, "what is loaded, what waits, what this kernel has, what is wrong"),
    ):
        parser = commands.add_parser(name, help=text)
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.set_defaults(run=run)
    _add_quarantine(commands)


def _add_quarantine(commands: Any) -> None:
    parser = commands.add_parser("quarantine", help="isolate a device at once, or let it back")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="isolate: its running connections end too")
    add.add_argument("who", metavar="WHO", help="a device of the site, a MAC or an address")
    add.add_argument("--reason", required=True, help="why, for the journal")
    add.set_defaults(run=_quarantine_add)
    remove = actions.add_parser("remove", help="let it back")
    remove.add_argument("who", metavar="WHO", help="a device of the site, a MAC or an address")
    remove.set_defaults(run=_quarantine_remove)
    show = actions.add_parser("list", help="who is isolated, since when and why")
    show.add_argument("--json", action="store_true", help="for machines")
    show.set_defaults(run=_quarantine_list)


def _seconds(text: str) -> float:
    match = _DURATION.match(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: for example 90s or 5m")
    return float(match[1]) * (60 if match[2] in ("m", "min") else 1)


def _call(command: str, **arguments: Any) -> dict[str, Any]:
    with EnforcerClient(Paths.from_env().enforcer_socket, timeout=180, on_progress=_progress) as client:
        return client.call(command, **arguments)


def _progress(text: str, step: int, of: int) -> None:
    sys.stderr.write(f"[{step}/{of}] {printable(text)}\n")


def _apply(arguments: argparse.Namespace) -> int:
    load_or_stop(arguments.site)
    text = read_bytes(arguments.site).decode("utf-8-sig")
    answer = _call(
        "apply", site_text=text, site_path=str(arguments.site.resolve()), confirm_within=arguments.confirm_within
    )
    if plan := answer.get("plan"):
        say(str(plan))
    say(
        f"Generation {answer.get('generation')} is loaded and waits {arguments.confirm_within:.0f} s.\n"
        "Open a NEW connection (or the box's own console) and type: clinicgate confirm\n"
        "Otherwise the previous policy returns by itself."
    )
    return 0


def _confirm(_arguments: argparse.Namespace) -> int:
    answer = _call("confirm")
    say(f"Generation {answer.get('generation')} stays ({printable(str(answer.get('origin', '')))}).")
    return 0


def _rollback(arguments: argparse.Namespace) -> int:
    wanted = {} if arguments.generation is None else {"generation": arguments.generation}
    answer = _call("rollback", **wanted)
    say(f"Generation {answer.get('generation')} is loaded.")
    return 0


def _generations(arguments: argparse.Namespace) -> int:
    answer = _call("generations")
    if arguments.json:
        say_json(answer)
    else:
        say("\n".join(generation_lines(answer)) or "no policy was applied yet")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    answer = _call("status")
    if arguments.json:
        say_json(answer)
    else:
        say(status_text(answer))
    return 0


def _who(word: str) -> dict[str, str]:
    if re.fullmatch(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", word):
        return {"mac": word.lower().replace("-", ":")}
    if re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", word):
        return {"address": word}
    if re.fullmatch(r"[a-z][a-z0-9-]{0,30}", word):
        return {"device": word}
    raise CommandError(f"{word!r} is no device, MAC or address", "see `clinicgate status` or site.yaml")


def _quarantine_add(arguments: argparse.Namespace) -> int:
    answer = _call("quarantine_add", **_who(arguments.who), reason=arguments.reason)
    record = answer.get("quarantined", {})
    known = ", ".join(a for a in (record.get("mac"), *record.get("addresses", [])) if a)
    say(f"{arguments.who} is isolated ({known}); {answer.get('flows_ended', 0)} running connections ended.")
    return 0


def _quarantine_remove(arguments: argparse.Namespace) -> int:
    _call("quarantine_remove", **_who(arguments.who))
    say(f"{arguments.who} may use the network again.")
    return 0


def _quarantine_list(arguments: argparse.Namespace) -> int:
    answer = _call("quarantine_list")
    if arguments.json:
        say_json(answer)
        return 0
    say("\n".join(isolated_line(row) for row in answer.get("quarantine", [])) or "nobody is isolated")
    return 0
