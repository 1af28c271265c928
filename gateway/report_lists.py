"""What is known of the block lists, for a page: their names, terms, age, and what keeps news from being used.

The facts are written by whoever updates the lists (gateway/updates/status.py), readable for everybody, after each
update; before the first one only the site's own words are known. How many rules are in force the resolver itself says:
a list that somebody put there by hand was looked at by nobody else.

May live here: reading that file, checked field by field. May not: the lists, words for people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway import durable
from gateway.events import clean
from gateway.vitals import ListState

PUBLIC = Path(".updates") / "status.json"
MAX_LISTS, MAX_PROTECTED = 100, 20
OLD_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class ListFacts:
    """One list. `since`: when the version in use came (epoch seconds), None: there is none in use.

    `publisher` is the host it is fetched from; `held`: news is held back because of `trouble`; `protected`: names it
    holds that must never be blocked, and are not.
    """

    id: str
    label: str
    category: str
    licence: str
    publisher: str
    rules: int
    since: float | None
    old: bool
    held: bool
    trouble: str
    protected: tuple[str, ...]


def lists_of(folder: Path, now: float, states: Iterable[ListState] = ()) -> tuple[ListFacts, ...]:
    """What stands in the lists folder; nothing where nothing makes sense. `now` in epoch seconds.

    `states`: the lists as the resolver has them.
    """
    value = durable.read_json(folder / PUBLIC) or {}
    rows = value.get("lists")
    found = rows[:MAX_LISTS] if isinstance(rows, list) else []
    rows = [row for row in found if isinstance(row, dict) and isinstance(row.get("name"), str)]
    in_force = {one.id: one.rules for one in states}
    return tuple(_facts(row, now, in_force.get(row["name"], 0)) for row in rows)


def _facts(row: Mapping[str, Any], now: float, in_force: int) -> ListFacts:
    about = row.get("about")
    about = about if isinstance(about, dict) else {}
    hours, rules, protected = row.get("hours"), about.get("rules"), about.get("protected")
    return ListFacts(
        id=clean(row["name"], 64),
        label=_text(row, "label") or clean(row["name"], 64),
        category=_text(row, "category"),
        licence=_text(row, "licence"),
        publisher=_host(_text(row, "url")),
        rules=in_force or (rules if isinstance(rules, int) and rules > 0 else 0),
        since=_moment(row.get("since")),
        old=_is_old(_text(row, "url"), _moment(row.get("fresh")), hours, now),
        held=row.get("held") is True,
        trouble=_text(row, "trouble"),
        protected=tuple(clean(str(name)) for name in protected[:MAX_PROTECTED]) if isinstance(protected, list) else (),
    )


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return clean(value) if isinstance(value, str) else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _moment(text: object) -> float | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _is_old(url: str, fresh: float | None, hours: object, now: float) -> bool:
    """Only what somebody offers anew can be out of date (as gateway.updates.schedule counts it)."""
    if not url or fresh is None or not isinstance(hours, int):
        return False
    return now - fresh > OLD_INTERVALS * timedelta(hours=min(max(hours, 1), 10_000)).total_seconds()
