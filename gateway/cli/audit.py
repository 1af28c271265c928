"""`clinicgate audit verify`: is the journal whole?

May live here: arguments and printing. May not: the check itself (gateway/audit.py).
"""

import argparse
from typing import Any

from gateway.audit import verify
from gateway.cli.output import UNREACHABLE, CommandError, say, say_json
from gateway.paths import STATE_VARIABLE, Paths


def add_commands(commands: Any) -> None:
    """Adds `audit`."""
    parser: argparse.ArgumentParser = commands.add_parser("audit", help="the hash-chained journal of every change")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("verify", help="find a changed byte, a gap or a cut tail")
    check.add_argument("--json", action="store_true", help="for machines")
    check.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    paths = Paths.from_env()
    result = verify(paths)
    if result.intact and not paths.audit.exists():  # with anchors left, a journal that is gone is a cut tail
        raise CommandError(
            f"no journal at {paths.audit}", f"the enforcer begins it; {STATE_VARIABLE} moves it", UNREACHABLE
        )
    if arguments.json:
        say_json({"intact": result.intact, "records": result.records, "flaws": [_flaw(f) for f in result.flaws]})
    else:
        for flaw in result.flaws:
            say(f"record {flaw.seq}: {flaw.what}")
        say(f"{result.records} records, " + ("all intact" if result.intact else f"{len(result.flaws)} flaws"))
    return 0 if result.intact else 1


def _flaw(flaw: Any) -> dict[str, Any]:
    return {"record": flaw.seq, "what": flaw.what}
