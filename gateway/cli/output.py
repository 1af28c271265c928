"""What the commands share: reading a site file, printing for people or for machines, errors with a way out.

May live here: text in, text out. May not: what a command does.
"""

import json
import os
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruleset.context import zone_info
from ruleset.document import MAX_BYTES
from ruleset.load import LoadResult, load_site
from ruleset.problems import Problem, printable
from ruleset.resolved import ResolvedSite

CALL_WRONG = 2
UNREACHABLE = 3


class CommandError(Exception):
    """A command that cannot go on: what is wrong, the way out, the exit status."""

    def __init__(self, what: str, hint: str = "", status: int = CALL_WRONG) -> None:
        super().__init__(what)
        self.what, self.hint, self.status = what, hint, status


def say(text: str) -> None:
    """One answer on standard output."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def say_json(value: Any) -> None:
    """One JSON document on standard output."""
    say(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def complain(what: str, hint: str = "") -> None:
    """One error on standard error, on one line."""
    text = f"clinicgate: {printable(what, 2000)}"
    sys.stderr.write(f"{text} ({printable(hint, 2000)})\n" if hint else f"{text}\n")


def need_root(what: str) -> None:
    """Raises CommandError for anybody but root; `what` needs it."""
    if os.geteuid() != 0:
        raise CommandError(f"{what} enters network namespaces", "run it as root")


def now_or(text: str | None, site: ResolvedSite | None = None) -> datetime:
    """The moment of `--at`, or now. Without an offset it is time of the clinic; without a site, UTC."""
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
        clinic = (zone_info(site.site.clinic.timezone) if site else None) or UTC
        return (moment if moment.tzinfo else moment.replace(tzinfo=clinic)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CommandError(f"--at {text}: that is no moment", "for example 2027-03-31T18:00 or 2027-03-31") from None


def read_bytes(path: Path) -> bytes:
    """A site file's bytes; one more than the limit is read, so that the reader can say that it is too big.

    A pipe or a device is refused: reading it might never end, and it cannot be read a second time.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise CommandError(f"{path}: no regular file", "save it as a file first, and give its path")
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}", "give the path of a site.yaml") from None


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe would wait for somebody to write into it."""
    return os.open(path, flags | os.O_NONBLOCK)


def load(path: Path, at: str | None = None) -> LoadResult:
    """Reads and checks a site file. Only the file tells what a moment without an offset means, so it is read twice."""
    data = read_bytes(path)
    if at is None:
        return load_site(data, str(path), now_or(at))
    clinic = load_site(data, str(path), now_or(at), applied_before=True).resolved
    return load_site(data, str(path), now_or(at, clinic))


def print_problems(problems: list[Problem], *, as_json: bool) -> None:
    """Every problem: lines on standard error for people, one document on standard output for machines."""
    if as_json:
        say_json({"problems": [p.as_dict() for p in problems]})
        return
    for problem in problems:
        sys.stderr.write(problem.line() + "\n")


def load_or_stop(path: Path, at: str | None = None, *, as_json: bool = False) -> ResolvedSite:
    """The resolved site; otherwise its problems are printed and the command ends with 1."""
    result = load(path, at)
    if result.resolved is None:
        print_problems(result.problems, as_json=as_json)
        raise SystemExit(1)
    return result.resolved
