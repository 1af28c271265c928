"""Commands that change or show what is applied: apply, confirm, rollback, generations, status, quarantine.

May live here: arguments, one call to the enforcer, printing its answer. May not: touching the kernel or the disk.
"""

import argparse
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.cli.clinic import applied_or_none, time_of
from gateway.cli.output import CommandError, load_or_stop, read_bytes, say, say_json
from gateway.cli.status_text import generation_lines, isolated_line, status_text
from gateway.client import EnforcerClient, Refused
from gateway.paths import Paths
from gateway.vitals import read_lists, read_vitals, words
from gateway.wire import NOT_FOUND
from ruleset.problems import printable

SEE = "see `clinicgate generations`"
SHORTEST_WAIT, LONGEST_WAIT = 10, 3600  # seconds, as the enforcer takes them
_DURATION = re.compile(r"(\d{1,5})(s|m|min)?\Z")


def add_commands(commands: Any) -> None:
    """Adds the commands of this module."""
    apply = commands.add_parser("apply", help="load a site; without a confirm in time the previous policy returns")
    apply.add_argument("site", type=Path, metavar="SITE", help="path of a site.yaml")
    add_confirm_within(apply)
    apply.set_defaults(run=_apply)
    confirm = commands.add_parser("confirm", help="keep the applied policy; type it in a NEW connection")
    confirm.set_defaults(run=_confirm)
    rollback = commands.add_parser("rollback", help="back to the previous generation, or to generation N")
    rollback.add_argument(
        "generation", type=int, nargs="?", metavar="N", help="a confirmed one of `clinicgate generations`"
    )
    rollback.set_defaults(run=_rollback)
    for name, run, text in (
        ("generations", _generations, "every applied policy: number, time, by whom, what changed"),
        ("status", _status, "what is loaded, what waits, what this kernel has, what is wrong"),
    ):
        parser = commands.add_parser(name, help=text)
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.set_defaults(run=run)
    _add_quarantine(commands)


def add_confirm_within(parser: argparse.ArgumentParser) -> None:
    """Adds `--confirm-within`, in seconds."""
    text = "10s to 60m (default 90s)"
    parser.add_argument("--confirm-within", type=_seconds, default=90.0, metavar="TIME", help=text)


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
    seconds = int(match[1]) * (60 if match[2] in ("m", "min") else 1) if match else 0
    if not SHORTEST_WAIT <= seconds <= LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"{text!r} is no time from 10s to 60m")
    return float(seconds)


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
    tell_waiting(
        answer,
        arguments.confirm_within,
        "Open a NEW connection (or the box's own console) and type: clinicgate confirm",
    )
    return 0


def tell_waiting(answer: dict[str, Any], seconds: float, way: str) -> None:
    """What an apply did, and the way to confirm it."""
    if plan := answer.get("plan"):
        say(str(plan))
    say(
        f"Generation {answer.get('generation')} is loaded and waits {seconds:.0f} s.\n{way}\n"
        "Otherwise the previous policy returns by itself."
    )


def _confirm(_arguments: argparse.Namespace) -> int:
    tell_confirmed(_call("confirm"))
    return 0


def tell_confirmed(answer: dict[str, Any]) -> None:
    """What a confirm did."""
    say(f"Generation {answer.get('generation')} stays ({printable(str(answer.get('origin', '')))}).")


def _rollback(arguments: argparse.Namespace) -> int:
    answer = _previous() if arguments.generation is None else _numbered(arguments.generation)
    say(f"Generation {answer.get('generation')} is loaded.")
    return 0


def _previous() -> dict[str, Any]:
    try:
        return _call("rollback")
    except Refused as error:
        if error.code != NOT_FOUND:
            raise
        raise CommandError("no earlier policy was confirmed, there is none to go back to", SEE, status=1) from None


def _numbered(number: int) -> dict[str, Any]:
    if number not in {row.get("number") for row in _call("generations").get("generations", [])}:
        raise CommandError(f"there is no generation {number}", SEE, status=1)
    return _call("rollback", generation=number)


def _generations(arguments: argparse.Namespace) -> int:
    answer = _call("generations")
    if arguments.json:
        say_json(answer)
    else:
        say("\n".join(generation_lines(answer, time_of(applied_or_none()))) or "no policy was applied yet")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    answer, paths = _call("status"), Paths.from_env()
    vitals, lists = read_vitals(paths.resolver_vitals, time.time()), read_lists(paths.resolver_status)
    if arguments.json:
        say_json(answer | {"resolver": asdict(vitals) if vitals else None, "lists": [asdict(one) for one in lists]})
    else:
        wrong = [f"list {one.id} is not in force: {one.problem or 'no rule in it'}" for one in lists if one.missing]
        say("\n".join((status_text(answer, time_of(applied_or_none()), wrong), *words(vitals, lists))))
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
    _warn(answer)
    return 0


def _quarantine_remove(arguments: argparse.Namespace) -> int:
    answer = _call("quarantine_remove", **_who(arguments.who))
    say(f"{arguments.who} may use the network again.")
    _warn(answer)
    return 0


def _warn(answer: dict[str, Any]) -> None:
    if warning := answer.get("warning"):
        say(f"Warning: {printable(str(warning), 500)}")


def _quarantine_list(arguments: argparse.Namespace) -> int:
    answer = _call("quarantine_list")
    if arguments.json:
        say_json(answer)
        return 0
    zone = time_of(applied_or_none())
    say("\n".join(isolated_line(row, zone) for row in answer.get("quarantine", [])) or "nobody is isolated")
    return 0
