"""Of every list: how old, how much, what was rejected and why, its terms, and what keeps news from being used.

May live here: these facts, their words for a terminal, the copy for the owner's page. May not: changing a list.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
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
from gateway.vitals import ListState
from ruleset.problems import printable


@dataclass(frozen=True, slots=True)
class ListStatus:
    """`since`: when the list in use was written, None: there is none. `wrong`: the site's path leads nowhere.

    `state`: the list as the resolver has it, None while it says nothing of it. It alone has looked at a list that a
    person put there by hand.
    """

    source: Source
    known: Record
    since: datetime | None
    before: Path | None = None
    wrong: str = ""
    state: ListState | None = None

    @property
    def unseen(self) -> ListState | None:
        """What is in force, when it is not the version that was looked at when it was taken."""
        about, state = self.known.about, self.state
        return state if state and state.rules and (about is None or about.rules != state.rules) else None

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
            "in_force": asdict(self.state) if self.state else None,
        } | ({"trouble": self.wrong} if self.wrong else {})


def status_of(lists: Path, sources: Iterable[Source], states: Sequence[ListState] = ()) -> list[ListStatus]:
    """`states`: the lists as the resolver has them."""
    known = {one.id: one for one in states}
    return [_status(lists, source, known.get(source.name)) for source in sources]


def publish(lists: Path, sources: Iterable[Source]) -> None:
    """Leave a copy that other users may read: the owner's page. Raises OSError."""
    told = [
        one.as_dict() | {"label": one.source.label, "category": one.source.category, "hours": one.source.hours}
        for one in status_of(lists, sources)
    ]
    (lists / PUBLIC).parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    durable.write(lists / PUBLIC, json.dumps({"lists": told}).encode(), mode=0o644)


def _status(lists: Path, source: Source, state: ListState | None) -> ListStatus:
    try:
        place = Place(lists, source.name, source.path)
    except PlaceError as error:
        return ListStatus(source, Record(), None, wrong=str(error), state=state)
    before = place.before if place.before.is_file() else None
    return ListStatus(source, record.read(place.record), place.changed(), before, state=state)


def status_lines(one: ListStatus, now: datetime) -> list[str]:
    """For people; what publishers and sites wrote is escaped."""
    source, known = one.source, one.known
    lines = [f"{source.name}: {_use(one, now)}"]
    lines += [f"  {word}: {text}" for word, text in _facts(one, now) if text]
    if one.unseen is not None and one.unseen.rejects:
        lines.append(f"  {one.unseen.rejects} lines rejected; `clinicgate lists import FILE` says why")
    elif known.about:
        lines += [f"  {count} lines rejected: {why}" for why, count in sorted(known.about.rejects.items())]
    return [printable(line, 500) for line in lines]


def _use(one: ListStatus, now: datetime) -> str:
    if one.since is None:
        return "NOT THERE, nothing is blocked by it"
    about = one.known.about
    rules = f"{about.rules} rules of the {about.format} format, " if about else ""
    if one.unseen is not None:
        rules = f"{one.unseen.rules} rules in force, "
    missing = f", NOT IN FORCE: {one.state.problem}" if one.state and one.state.missing else ""
    old = one.source.url and is_old(one.known.fresh, one.source.hours, now)
    return f"{rules}in use for {age_words(one.since, now)}" + (", OLD" if old else "") + missing


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
