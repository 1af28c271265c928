"""What was let through, as typed values a page can tell: connections begun, by purpose, today and in the week.

Theory. The kernel counts for each rule the packets that began a connection; what follows on it is not counted, and
nothing of its content is known. Rules of one purpose become one row; what this clinic allows besides keeps its own
words. Nobody is named: a count says what is used, not by whom.

May live here: that reading query and the folding. May not: what was stopped (report.py), texts for people.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass

from gateway.events import Label
from gateway.purposes import Purpose

MAX_ROWS = 12
OTHER = (Purpose.OTHER.value, "")


@dataclass(frozen=True, slots=True)
class Passed:
    """Connections begun for one purpose; `text` is the site's or a vendor's words, empty when the purpose says all."""

    purpose: str
    text: str
    today: int
    week: int


@dataclass(frozen=True, slots=True)
class Through:
    """Connections let through: the totals, and by purpose, the most frequent of today first."""

    today: int = 0
    week: int = 0
    rows: tuple[Passed, ...] = ()


def through(connection: sqlite3.Connection, days: list[str], labels: dict[tuple[str, str], Label]) -> Through:
    """What was let through in `days`, of which the last is today."""
    today: Counter[tuple[str, str]] = Counter()
    week: Counter[tuple[str, str]] = Counter()
    for day, rule, connections in connection.execute(
        "SELECT day, rule, connections FROM let_through WHERE day BETWEEN ? AND ?", (days[0], days[-1])
    ):
        key = _told_as(labels.get(("rule", rule)))
        week[key] += connections
        today[key] += connections if day == days[-1] else 0
    ordered = sorted(week, key=lambda key: (key == OTHER, -today[key], -week[key], key))
    return Through(today.total(), week.total(), _rows(ordered, today, week))


def _told_as(label: Label | None) -> tuple[str, str]:
    return (label.role, label.label) if label else OTHER


def _rows(
    ordered: list[tuple[str, str]], today: Counter[tuple[str, str]], week: Counter[tuple[str, str]]
) -> tuple[Passed, ...]:
    """What is too much for a page becomes one last row of other things, so that rows and totals agree."""
    if len(ordered) <= MAX_ROWS:
        return tuple(Passed(*key, today[key], week[key]) for key in ordered)
    shown, rest = ordered[: MAX_ROWS - 1], ordered[MAX_ROWS - 1 :]
    other = Passed(*OTHER, sum(today[key] for key in rest), sum(week[key] for key in rest))
    return (*(Passed(*key, today[key], week[key]) for key in shown), other)
