"""What can still be checked in a file whose shape is wrong somewhere.

May live here: leaving out broken entries so that the rest can be checked too ("every problem at once"). May not: any
use of the result other than finding problems: a salvaged site is never applied.
"""

from typing import Any

from pydantic import ValidationError

from ruleset.document import Document, Path
from ruleset.model import Site
from ruleset.problems import Problem

STAND_IN_CLINIC = {
    "label": "unreadable",
    "region": "other",
    "languages": ["en"],
    "timezone": "UTC",
    "contacts": {"owner": {"label": "unreadable"}},
}
STAND_INS: dict[str, Any] = {
    "version": 1,
    "clinic": STAND_IN_CLINIC,
    "uplinks": {"unreadable": {"port": "unread1"}},
    "trunk": {"port": "unread2"},
    "zones": {"unreadable": {"role": "mgmt", "port": "unread0", "ipv4": "198.18.255.1/30"}},
}
MAX_ROUNDS = 50
NESTED = ("dns",)
BY_ID = ("uplinks", "zones", "devices", "services", "permits", "forwards", "video", "waivers")


def salvage(document: Document) -> tuple[Site, frozenset[str]] | None:
    """A Site without the broken entries, and the words left out; None when nothing is left to check."""
    data = dict(document.data)
    left_out: set[str] = set()
    for _ in range(MAX_ROUNDS):
        try:
            return Site.model_validate(data), frozenset(left_out)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=False, include_input=False):
                _leave_out(data, detail["loc"], detail["type"], left_out)
    return None


def _leave_out(data: dict[str, Any], loc: Path, kind: str, left_out: set[str]) -> None:
    section = str(loc[0]) if loc else ""
    inside = data.get(section)
    if section in NESTED and len(loc) > 1 and isinstance(inside, dict):
        data[section] = _without(inside, loc[1:], left_out)
        return
    if section in BY_ID and len(loc) > 1 and isinstance(inside, dict):
        data[section] = {key: value for key, value in inside.items() if key != loc[1]}
        left_out.add(str(loc[1]))
    elif section in STAND_INS and kind != "extra_forbidden":
        data[section] = STAND_INS[section]
    else:
        data.pop(section, None)
    if section in STAND_INS and not data.get(section):
        data[section] = STAND_INS[section]


def _without(part: dict[str, Any], loc: Path, left_out: set[str]) -> dict[str, Any]:
    """A copy of a part without the entry at `loc`, or without the whole list when it is not by id."""
    inside = part.get(str(loc[0]))
    if len(loc) > 1 and isinstance(inside, dict) and loc[1] in inside:
        left_out.update(_words_of(str(loc[1]), inside[loc[1]]))
        return {**part, str(loc[0]): {key: value for key, value in inside.items() if key != loc[1]}}
    if len(loc) > 1 and isinstance(inside, dict) and str(loc[1]) in left_out:
        return part  # another mistake in an entry that has gone already
    return {key: value for key, value in part.items() if key != loc[0]}


def _words_of(name: str, entry: object) -> set[str]:
    """By what others may speak of an entry: its id, and the category of a list."""
    category = entry.get("category") if isinstance(entry, dict) else None
    return {name, category} if isinstance(category, str) else {name}


def about_what_is_left(problems: list[Problem], left_out: frozenset[str]) -> list[Problem]:
    """Without complaints that only arise because an entry was left out: it is named already."""
    return [p for p in problems if not _arises_from_a_gap(p, left_out)]


def _arises_from_a_gap(problem: Problem, left_out: frozenset[str]) -> bool:
    if problem.code == "no-admin" or "unread" in problem.what:
        return True
    return problem.code == "dangling" and any(repr(word) in problem.what for word in left_out)
