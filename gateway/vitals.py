"""What the resolver says about itself, for health and `clinicgate status`: two small files in its run folder.

`vitals.json` is how it fares (written every few seconds, so that silence shows), `status.json` which lists it has. Both
are in memory, for everybody to read; whoever reads believes nothing in them but types and bounds.

May live here: their form, reading and writing the first, words for a terminal. May not: judging (health.py), asking
anybody, list files.
"""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ruleset.problems import printable

MAX_OCTETS = 256 << 10
MAX_LISTS = 200
FRESH_SECONDS = 30.0  # it writes every five
BEING_COMPILED = "being compiled"
Recursion = Literal["unused", "running", "down"]
Answering = Literal["untried", "answer", "silent"]


@dataclass(frozen=True, slots=True)
class Vitals:
    """`recursion`: our own Unbound, `strict` while it refuses what fails validation, which it does once the time is
    known to be right; `trouble`: why it is down. `upstreams` and `overload` (questions turned away) of the last minute.
    `at` in epoch seconds."""

    at: float
    recursion: Recursion = "unused"
    version: str = ""
    strict: bool = False
    restarts: int = 0
    trouble: str = ""
    upstreams: Answering = "untried"
    overload: int = 0

    @property
    def time_unknown(self) -> bool:
        return self.recursion == "running" and not self.strict


@dataclass(frozen=True, slots=True)
class ListState:
    """A list as the resolver has it. `rules` 0: none of it is in force; `problem`: why not, or why not the newest."""

    id: str
    rules: int
    rejects: int
    problem: str

    @property
    def missing(self) -> bool:
        return self.rules == 0 and self.problem != BEING_COMPILED

    @property
    def refused(self) -> bool:
        return self.rules > 0 and self.problem not in ("", BEING_COMPILED)


def write_vitals(path: Path, vitals: Vitals) -> None:
    """Whole or not at all; a folder that is full or gone is borne."""
    fresh = path.with_name(path.name + ".new")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        fresh.write_text(json.dumps(asdict(vitals)), encoding="ascii")
        fresh.chmod(0o644)
        fresh.replace(path)


def read_vitals(path: Path, now: float) -> Vitals | None:
    """What it said last; None when that is nothing readable, or long ago (`now` in epoch seconds)."""
    value = _object(path)
    at = value.get("at")
    if not isinstance(at, int | float) or isinstance(at, bool) or not abs(now - at) <= FRESH_SECONDS:
        return None
    recursion, upstreams = value.get("recursion"), value.get("upstreams")
    return Vitals(
        at=float(at),
        recursion=next((word for word in get_args(Recursion) if word == recursion), "unused"),
        version=_text(value, "version", 20),
        strict=value.get("strict") is True,
        restarts=_count(value, "restarts"),
        trouble=_text(value, "trouble", 300),
        upstreams=next((word for word in get_args(Answering) if word == upstreams), "untried"),
        overload=_count(value, "overload"),
    )


def read_lists(path: Path) -> tuple[ListState, ...]:
    """The lists as the resolver has them; nothing where nothing makes sense."""
    rows = _object(path).get("lists")
    found = [row for row in rows[:MAX_LISTS] if isinstance(row, dict)] if isinstance(rows, list) else []
    return tuple(
        ListState(_text(row, "id", 64), _count(row, "rules"), _count(row, "rejects"), _text(row, "problem", 300))
        for row in found
    )


def words(vitals: Vitals | None, lists: tuple[ListState, ...]) -> Iterator[str]:
    """For a terminal: a line a fact, what is wrong with its way out."""
    if vitals is None:
        yield "Names: the resolver tells nothing about itself; is it running?"
        return
    yield from _recursion_words(vitals)
    if vitals.upstreams == "silent":
        yield "Names: NO UPSTREAM ANSWERS; look at the line to the provider, or name other dns.upstreams"
    if vitals.overload:
        yield f"Names: {vitals.overload} questions turned away in the last minute: some device asks far too much"
    for one in lists:
        state = f"{one.rules} rules in force" if one.rules else "NOT IN FORCE"
        yield f"List {one.id}: {state}" + (f"; {one.problem}" if one.problem else "")


def _recursion_words(vitals: Vitals) -> Iterator[str]:
    name = f"Unbound {vitals.version}".strip()
    restarted = f", restarted {vitals.restarts} times" if vitals.restarts else ""
    if vitals.recursion == "down":
        yield f"Names: our own {name} IS NOT RUNNING ({vitals.trouble or 'starting'}){restarted}"
    elif vitals.time_unknown:
        yield f"Names: our own {name} asks the internet itself{restarted}"
        yield (
            "Names: the time is not known to be right, so answers that fail DNSSEC validation pass until it is;"
            " let the time be set (chrony), or see `timedatectl`"
        )
    elif vitals.recursion == "running":
        yield f"Names: our own {name} asks the internet itself and validates DNSSEC{restarted}"
    else:
        yield "Names: the site's upstreams are asked"


def _object(path: Path) -> dict[str, Any]:
    """What a file holds. The folder is the resolver's: a captured one may put a pipe or a link in its place."""
    try:
        with open(path, "rb", opener=_open) as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            value = json.loads(file.read(MAX_OCTETS)) if regular else None
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def _text(value: dict[str, Any], key: str, longest: int) -> str:
    text = value.get(key)
    return printable(text, longest) if isinstance(text, str) else ""


def _count(value: dict[str, Any], key: str) -> int:
    number = value.get(key)
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else 0
