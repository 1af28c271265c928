"""Every command behind one parser, and what becomes of its errors.

May live here: reading arguments, calling one function, printing its answer, the exit status. May not: deciding.
Exit status: 0 done and clean, 1 the answer is no (problems, differences, refused), 2 the call itself was wrong,
3 a part of the product cannot be reached.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

from gateway.cli import audit, dns, enforce, lab, lists, policy, proof
from gateway.cli.output import CALL_WRONG, UNREACHABLE, CommandError, complain
from gateway.client import EnforcerUnavailable, Refused
from gateway.lab.errors import LabError
from gateway.lab.folder import DEFAULT_LAB, Folder, read_record
from gateway.paths import RUN_VARIABLE
from gateway.program import program

SECTIONS = (policy, proof, enforce, dns, lists, audit, lab)


def build_parser() -> argparse.ArgumentParser:
    """Every command with its help."""
    parser = argparse.ArgumentParser(prog="clinicgate", description="A network gateway for small clinics.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for section in SECTIONS:
        section.add_commands(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status. Nothing a user types makes a traceback."""
    arguments = build_parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except CommandError as error:
        complain(error.what, error.hint)
        return error.status
    except Refused as error:
        complain(f"refused: {error.message}", error.hint)
        return 1
    except EnforcerUnavailable as error:
        complain(str(error), _where_the_gateway_is(sys.argv[1:] if argv is None else argv, error.who))
        return UNREACHABLE
    except LabError as error:
        complain(str(error))
        return UNREACHABLE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        complain(f"{error.filename or 'system'}: {error.strerror or error}")
        return CALL_WRONG
    return status


def _where_the_gateway_is(argv: Sequence[str], who: str) -> str:
    """The way out when `who` does not answer: in the lab the same words, when there is one and this is not its gateway.

    Only the lab's own technician can both apply and confirm there."""
    if os.environ.get(RUN_VARIABLE) or read_record(Folder(DEFAULT_LAB)) is None:
        return f"is the gateway running? On the appliance: systemctl status clinicgate-{who}"
    way = "lab" if argv[:1] in (["apply"], ["confirm"]) else f"lab exec gateway -- {program()}"
    return f"a lab is up; in the lab: {program()} {way} {shlex.join(argv)}"
