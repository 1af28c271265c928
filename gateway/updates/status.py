"""Of every list: how old, how much, what was rejected and why, its terms, and what keeps news from being used.

May live here: these facts, their words for a terminal, the copy for the owner's page. May not: changing a list.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway import durable
from gateway.report_lists import PUBLIC
from gateway.updates import record
from gateway.updates.place import Place, PlaceError
from gateway.updates.record import Record
from gateway.updates.schedule import age_words, is_old
from gateway.updates.sources import Source
from ruleset.problems import printable


@dataclass(frozen=True, slots=True)
class ListStatus:
    """`since`: when the list in use was written, None: there is none. `wrong`: the site's path leads nowhere."""

    source: Source
    known: Record
    since: datetime | None
    before: Path | None = None
    wrong: str = ""

    def as_dict(self) -> dict[str, Any]:
        source = self.source
        return {
            "name": source.name,
            "path": source.path,
            "url": source.url,
            "licence": source.licence,
            "since": self.since.isoformat() if self.since else None,
            "before": str(self.before) if self.before else None,
            **self.known.as_dict(),
        } | ({"trouble": self.wrong} if self.wrong else {})


def status_of(lists: Path, sources: Iterable[Source]) -> list[ListStatus]:
    return [_status(lists, source) for source in sources]


def publish(lists: Path, sources: Iterable[Source]) -> None:
    """Leave a copy that other users may read: the owner's page. Raises OSError."""
    told = [
        one.as_dict() | {"label": one.source.label, "category": one.source.category, "hours": one.source.hours}
        for one in status_of(lists, sources)
    ]
    (lists / PUBLIC).parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    durable.write(lists / PUBLIC, json.dumps({"lists": told}).encode(), mode=0o644)


def _status(lists: Path, source: Source) -> ListStatus:
    try:
        place = Place(lists, source.name, source.path)
    except PlaceError as error:
        return ListStatus(source, Record(), None, wrong=str(error))
    before = place.before if place.before.is_file() else None
    return ListStatus(source, record.read(place.record), place.changed(), before)


def status_lines(one: ListStatus, now: datetime) -> list[str]:
    """For people; what publishers and sites wrote is escaped."""
    source, known = one.source, one.known
    lines = [f"{source.name}: {_use(one, now)}"]
    lines += [f"  {word}: {text}" for word, text in _facts(one, now) if text]
    if known.about:
        lines += [f"  {count} lines rejected: {why}" for why, count in sorted(known.about.rejects.items())]
    return [printable(line, 500) for line in lines]


def _use(one: ListStatus, now: datetime) -> str:
    if one.since is None:
        return "NOT THERE, nothing is blocked by it"
    about = one.known.about
    rules = f"{about.rules} rules of the {about.format} format, " if about else ""
    old = one.source.url and is_old(one.known.fresh, one.source.hours, now)
    return f"{rules}in use for {age_words(one.since, now)}" + (", OLD" if old else "")


def _facts(one: ListStatus, now: datetime) -> Iterable[tuple[str, str]]:
    source, known = one.source, one.known
    yield "label", source.label
    yield "licence", source.licence
    yield "terms", known.about.terms if known.about else ""
    yield "from", known.origin or source.url or "a person's hand"
    yield "news looked for", f"{age_words(known.asked, now)} ago" if known.asked else ""
    yield "HELD BACK" if known.held else "trouble", one.wrong or known.trouble
    yield "hits protected names, which stay free", ", ".join(known.about.protected) if known.about else ""
    yield "the version before", str(one.before) if one.before else ""
