"""The page of names as plain values: what was refused, for whom, by which list, why, and what one can do about it.

May live here: what stands on the page and in which order. May not: markup, asking anybody.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime, tzinfo

from gateway.report import OTHER_REASONS, BlockedName, ListFacts, Names, timezone_of
from webui.chart import Chart, chart, share
from webui.i18n import Locale
from webui.names_words import NameTeller
from webui.observe import NamesView

QUICK_MS = 5
STEPS_MS = (1, 5, 20, 100, 1000)
SHOWN_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class NameLine:
    """One refused name; `id` stays the same from one refresh to the next.

    `seen_as`: how an international name looks, empty for others. `facts`: (what, value).
    """

    id: str
    name: str
    seen_as: str
    asked: str
    by: str
    why: str
    advice: str
    facts: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]
    share: float
    look: bool


@dataclass(frozen=True, slots=True)
class ListLine:
    """One list: what it is, and sentences about its state, of which `warnings` need somebody's eye."""

    label: str
    terms: str
    state: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BarRow:
    """A row with a bar of `share` percent."""

    label: str
    figure: str
    share: float


@dataclass(frozen=True, slots=True)
class DayPicture:
    """Refused names day by day; `spoken` is read aloud."""

    chart: Chart
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    spoken: str


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that comes from the store. `asked`: None before it is counted for the first time."""

    today: int
    week: int
    asked: int | None
    quick: str
    picture: DayPicture
    by_list: tuple[BarRow, ...]
    speed: tuple[BarRow, ...]
    lines: tuple[NameLine, ...]
    more_lines: tuple[NameLine, ...]
    unlisted: int
    hits: tuple[str, ...]
    top: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    answers: tuple[tuple[str, int], ...]
    losses: tuple[str, ...]
    kept: str


@dataclass(frozen=True, slots=True)
class NamesPage:
    """The whole page."""

    clinic: str
    headline: str
    detail: str
    updated: str
    timezone: str
    contact: tuple[str, str] | None
    told: Told | None
    lists: tuple[ListLine, ...]
    allowed: tuple[tuple[str, str, str], ...] | None


def build_names(look: NamesView, locale: Locale) -> NamesPage:
    """The page for one look in one language."""
    view = look.view
    facts = view.summary.facts if view.summary else {}
    zone = timezone_of(facts.get("timezone", ""))
    teller = NameTeller(locale, view.summary, {one.id: one for one in look.lists})
    told = _told(look, look.names, teller, zone) if look.names is not None else None
    return NamesPage(
        clinic=facts.get("clinic") or locale("page.clinic.unnamed"),
        headline=_headline(told, locale),
        detail=_detail(told, locale),
        updated=locale.moment(datetime.fromtimestamp(view.now, zone)),
        timezone=str(zone),
        contact=teller.contact(),
        told=told,
        lists=_list_lines(look, teller, zone),
        allowed=None if view.allowed is None else tuple(teller.allowed(one, zone) for one in view.allowed),
    )


def _headline(told: Told | None, locale: Locale) -> str:
    if told is None:
        return locale("names.blind")
    return locale("names.headline", count=told.week) if told.week else locale("names.none")


def _detail(told: Told | None, locale: Locale) -> str:
    if told is None:
        return locale("state.blind")
    if told.asked is None:
        return locale("names.detail.early", today=told.today)
    return locale("names.detail", today=told.today, asked=told.asked)


def _told(look: NamesView, names: Names, teller: NameTeller, zone: tzinfo) -> Told:
    locale, summary = teller.locale, look.view.summary
    lines = _lines(names, teller, zone)
    counts = [(teller.reason(reason), names.reasons.get(reason, 0)) for reason in OTHER_REASONS]
    largest = max((count for _, count in names.lists), default=0)
    return Told(
        today=names.days[-1].blocked,
        week=names.blocked,
        asked=names.asked if names.counted or not names.blocked else None,
        quick=locale("number.percent", figure=str(names.within(QUICK_MS))) if names.latency else locale("tile.unknown"),
        picture=_picture(names, locale),
        by_list=tuple(BarRow(teller.list(one), locale.number(n), share(n, largest)) for one, n in names.lists),
        speed=_speed(names, locale),
        lines=lines[:SHOWN_AT_ONCE],
        more_lines=lines[SHOWN_AT_ONCE:],
        unlisted=names.unlisted,
        hits=tuple(locale("names.hit", list=teller.list(hit.list), name=hit.name) for hit in names.hits),
        top=tuple((teller.place(one), rows) for one, rows in names.top),
        answers=tuple(sorted(((text, n) for text, n in counts if n), key=lambda row: -row[1])),
        losses=tuple(locale(f"known.lost.{loss.cause.value}", count=loss.count) for loss in summary.losses)
        if summary
        else (),
        kept=teller.kept(),
    )


def _lines(names: Names, teller: NameTeller, zone: tzinfo) -> tuple[NameLine, ...]:
    largest = max((one.count for one in names.names), default=0)
    lines = [_line(one, teller, zone, largest) for one in names.names]
    return tuple(sorted(lines, key=lambda line: not line.look))  # worth a look first, else as they come


def _line(one: BlockedName, teller: NameTeller, zone: tzinfo, largest: int) -> NameLine:
    return NameLine(
        id=f"name-{zlib.crc32(repr((one.name, one.reason, one.list)).encode('utf-8', 'replace')):08x}",
        name=one.name,
        seen_as=teller.seen_as(one.name),
        asked=teller.asked(one, zone),
        by=teller.by(one),
        why=teller.why(one),
        advice=teller.advice(one),
        facts=teller.facts(one),
        commands=teller.commands(one),
        share=share(one.count, largest),
        look=teller.harmful(one),
    )


def _list_lines(look: NamesView, teller: NameTeller, zone: tzinfo) -> tuple[ListLine, ...]:
    """Before the first update is recorded, only the site's own words are known."""
    if look.lists or look.view.summary is None:
        return tuple(_list_line(one, teller, zone) for one in look.lists)
    labels = [label for (kind, _), label in sorted(look.view.summary.labels.items()) if kind == "list"]
    return tuple(ListLine(one.label, "", teller.list_in_force(look.in_force.get(one.id, 0)), ()) for one in labels)


def _list_line(one: ListFacts, teller: NameTeller, zone: tzinfo) -> ListLine:
    return ListLine(one.label, teller.terms(one), teller.list_state(one, zone), teller.list_warnings(one))


def _picture(names: Names, locale: Locale) -> DayPicture:
    days = [datetime.fromisoformat(day.day).date() for day in names.days]
    labels = tuple(locale("chart.day", weekday=locale.weekday(day), day=str(day.day)) for day in days)
    counts = tuple(day.blocked for day in names.days)
    spoken = locale("chart.none")
    if total := sum(counts):
        peak = max(range(len(counts)), key=lambda index: counts[index])
        spoken = locale("chart.spoken", total=total, label=labels[peak], peak=counts[peak])
    return DayPicture(chart([(0, count) for count in counts]), labels, counts, spoken)


def _speed(names: Names, locale: Locale) -> tuple[BarRow, ...]:
    """Within so much time, so many of a hundred answers."""
    if not names.latency:
        return ()
    rows = []
    for bound in STEPS_MS:
        key = "names.speed.second" if bound == 1000 else "names.speed.within"
        percent = names.within(bound)
        figure = locale("number.percent", figure=str(percent))
        rows.append(BarRow(locale(key, count=bound), figure, share(percent, 100)))
    return tuple(rows)
