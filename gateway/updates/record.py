"""What is remembered of a list between two updates: one JSON file a list, written whole or not at all.

May live here: the record and its form. May not: deciding by it, the list's own files (place.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway import durable
from gateway.updates.fetch import NO_VERSION, Version
from gateway.updates.found import Inspection, from_dict
from ruleset.problems import printable

_MOMENTS = ("installed", "asked", "fresh", "planned")


@dataclass(frozen=True, slots=True)
class Record:
    """`version` and `about` of the last good version; `origin`: where that came from.

    `installed`: since when it is used; `fresh`: when it was last known to be the newest; `asked`, `planned`: the last
    and the next question to the publisher; `failures` in a row. `trouble`: why the last try brought nothing, `held`:
    whether a version was held back for it. `handed`: the enforcer has it (address lists).
    """

    version: Version = NO_VERSION
    about: Inspection | None = None
    origin: str = ""
    installed: datetime | None = None
    fresh: datetime | None = None
    asked: datetime | None = None
    planned: datetime | None = None
    failures: int = 0
    trouble: str = ""
    held: bool = False
    handed: bool = False

    def as_dict(self) -> dict[str, Any]:
        moments = {name: moment.isoformat() if (moment := getattr(self, name)) else None for name in _MOMENTS}
        return moments | {
            "etag": self.version.etag,
            "modified": self.version.modified,
            "about": self.about.as_dict() if self.about else None,
            "origin": self.origin,
            "failures": self.failures,
            "trouble": self.trouble,
            "held": self.held,
            "handed": self.handed,
        }


def read(file: Path) -> Record:
    """The record in `file`; an empty one where there is none that makes sense: everything is asked for anew then."""
    value = durable.read_json(file) or {}
    failures = value.get("failures")
    moments = {name: _moment(value.get(name)) for name in _MOMENTS}
    return Record(
        version=Version(_text(value, "etag"), _text(value, "modified")),
        about=from_dict(value.get("about")),
        origin=_text(value, "origin"),
        failures=failures if isinstance(failures, int) and failures > 0 else 0,
        trouble=_text(value, "trouble"),
        held=value.get("held") is True,
        handed=value.get("handed") is True,
        **moments,
    )


def write(file: Path, record: Record) -> None:
    """Raises OSError."""
    durable.write_json(file, record.as_dict())


def _text(value: Mapping[str, Any], key: str) -> str:
    text = value.get(key)
    return printable(text, 2000) if isinstance(text, str) else ""


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
