"""The owner's page as plain values: everything the template shows, already chosen and in words.

May live here: what stands on the page and in which order. May not: markup, asking anybody.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from gateway.events import Kind
from gateway.health import State
from gateway.report import Attempt, Bar, Period, Summary, Through, timezone_of
from webui.chart import Chart, chart, share
from webui.i18n import Locale
from webui.observe import Isolated, View
from webui.words import Story, Teller

SHOWN_AT_ONCE = 6
SHOWN_OF_WEEK = 6
A_DAY = 86400
DEVICE_EVENTS = frozenset(
    (Kind.DEVICE_QUARANTINED, Kind.DEVICE_RELEASED, Kind.UNRESOLVED_MANY, Kind.UNRESOLVED_STEADY, Kind.STUN_ON_DNS)
)
EVERY_HOURS = 6  # which hours are written below the picture


@dataclass(frozen=True, slots=True)
class Picture:
    """A bar chart with its words: `marks` stand below the columns (empty: none), `spoken` is read aloud."""

    id: str
    heading: str
    chart: Chart
    bars: tuple[Bar, ...]
    labels: tuple[str, ...]
    marks: tuple[str, ...]
    spoken: str
    total: int
    numbered: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One attempt on the page: its story, the facts behind it, and a bar of `share` percent.

    `id` stays the same from one refresh to the next, so that what is unfolded stays so.
    """

    id: str
    story: Story
    attempt: Attempt
    first: str
    last: str
    share: float
    hidden_places: int


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that connections were let through for, with a bar of `share` percent of today's largest."""

    what: str
    today: int
    week: int
    share: float


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that comes from the store."""

    today: Period
    week: Period
    pictures: tuple[Picture, ...]
    lines: tuple[Line, ...]
    more_lines: tuple[Line, ...]
    week_lines: tuple[Line, ...]
    happenings: tuple[tuple[str, str, str], ...]
    losses: tuple[str, ...]
    through: Through
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    locale: Locale
    clinic: str
    state: State
    headline: str
    detail: str
    findings: tuple[tuple[int, str, str], ...]
    contact: tuple[str, str] | None
    updated: str
    timezone: str
    policy: str
    pending: str
    isolated: tuple[tuple[str, str, str], ...] | None
    past: Past | None


def build(view: View, locale: Locale) -> Page:
    """The page for one look in one language."""
    facts = view.summary.facts if view.summary else {}
    zone = timezone_of(facts.get("timezone", ""))
    past = _past(view.summary, locale, zone) if view.summary else None
    return Page(
        locale=locale,
        clinic=facts.get("clinic") or locale("page.clinic.unnamed"),
        state=view.health.state,
        headline=locale(f"state.{view.health.state.value}", count=len(view.isolated or ())),
        detail=_detail(view, past, locale),
        findings=tuple(
            (int(f.severity), locale(f"health.{f.code}.title"), locale(f"health.{f.code}.text"))
            for f in view.health.findings
        ),
        contact=_contact(view, facts, locale),
        updated=locale.moment(datetime.fromtimestamp(view.now, zone)),
        timezone=str(zone),
        policy=_policy(view, locale),
        pending=_pending(view, locale, zone),
        isolated=_isolated(view, locale, zone),
        past=past,
    )


def _detail(view: View, past: Past | None, locale: Locale) -> str:
    if past is None:
        return locale("state.blind")
    kind = "detail"
    well = view.health.state in (State.PROTECTED, State.ISOLATED)
    if well and past.today.total == 0:
        kind = "quiet"
    elif well and not all(line.story.calm for line in (*past.lines, *past.more_lines)):
        kind = "look"
    return locale(f"state.{view.health.state.value}.{kind}", count=past.today.total)


def _contact(view: View, facts: dict[str, str], locale: Locale) -> tuple[str, str] | None:
    """Whom to call, as text and as a `tel:` link, when there is a reason to."""
    phone = facts.get("technician_phone", "")
    if view.health.state in (State.PROTECTED, State.ISOLATED) or not phone:
        return None
    digits = "".join(c for c in phone if c in "0123456789")
    link = f"tel:{'+' if phone.startswith('+') else ''}{digits}"
    return locale("contact.call", label=facts.get("technician", ""), phone=phone), link


def _policy(view: View, locale: Locale) -> str:
    if view.status is None:
        return locale("policy.unknown")
    generation = view.status.get("generation")
    return locale("policy.generation", number=str(generation)) if generation else locale("policy.none")


def _pending(view: View, locale: Locale, zone: tzinfo) -> str:
    pending = view.status.get("pending") if view.status else None
    if not isinstance(pending, dict):
        return ""
    number, left = str(pending.get("generation", "")), pending.get("seconds_left")
    if isinstance(left, int | float) and 0 <= left <= A_DAY:
        time = locale.time(datetime.fromtimestamp(view.now + left, zone))
        return locale("policy.pending_until", number=number, time=time)
    return locale("policy.pending", number=number)


def _isolated(view: View, locale: Locale, zone: tzinfo) -> tuple[tuple[str, str, str], ...] | None:
    if view.isolated is None:
        return None
    return tuple(_one_isolated(view, entry, locale, zone) for entry in view.isolated)


def _one_isolated(view: View, entry: Isolated, locale: Locale, zone: tzinfo) -> tuple[str, str, str]:
    name = Teller(locale, view.summary).subject(entry.name) if view.summary else entry.name
    since = _moment(entry.since, locale, zone)
    return (
        locale("quarantine.entry", who=name),
        locale("quarantine.reason", reason=entry.reason) if entry.reason else "",
        locale("quarantine.since", moment=since) if since else "",
    )


def _moment(text: str, locale: Locale, zone: tzinfo) -> str:
    """An ISO time with an offset, in the clinic's time; empty when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return locale.moment(at.astimezone(zone)) if at.tzinfo else ""


def _past(summary: Summary, locale: Locale, zone: tzinfo) -> Past:
    teller = Teller(locale, summary)
    lines = tuple(sorted(_lines(summary.today, teller, zone), key=lambda line: line.story.calm))  # worth a look first
    return Past(
        today=summary.today,
        week=summary.week,
        pictures=(_hours(summary, locale), _days(summary, locale)),
        lines=lines[:SHOWN_AT_ONCE],
        more_lines=lines[SHOWN_AT_ONCE:],
        week_lines=_lines(summary.week, teller, zone)[:SHOWN_OF_WEEK],
        happenings=tuple(_happening(summary, index, teller, zone) for index in range(len(summary.happenings))),
        losses=tuple(locale(f"known.lost.{loss.cause.value}", count=loss.count) for loss in summary.losses),
        through=summary.through,
        uses=_uses(summary, teller),
    )


def _uses(summary: Summary, teller: Teller) -> tuple[Use, ...]:
    rows = summary.through.rows
    largest = max((row.today for row in rows), default=0)
    return tuple(Use(teller.passed(row), row.today, row.week, share(row.today, largest)) for row in rows)


def _lines(period: Period, teller: Teller, zone: tzinfo) -> tuple[Line, ...]:
    largest = max((attempt.count for attempt in period.attempts), default=0)
    return tuple(
        Line(
            id=_id(attempt),
            story=teller.story(attempt),
            attempt=attempt,
            first=teller.locale.moment(datetime.fromtimestamp(attempt.first_seen, zone)),
            last=teller.locale.moment(datetime.fromtimestamp(attempt.last_seen, zone)),
            share=share(attempt.count, largest),
            hidden_places=attempt.all_places - len(attempt.places),
        )
        for attempt in period.attempts
    )


def _id(attempt: Attempt) -> str:
    key = (attempt.kind, attempt.zone, attempt.source, attempt.target, attempt.reason.value)
    return f"{zlib.crc32(repr(key).encode('utf-8', 'replace')):08x}"


def _happening(summary: Summary, index: int, teller: Teller, zone: tzinfo) -> tuple[str, str, str]:
    """When, what, and what a person said about it."""
    event = summary.happenings[index]
    is_device = event.kind in DEVICE_EVENTS
    subject = teller.subject(event.subject) if is_device else event.subject
    said: list[str] = [event.detail] if event.detail else []
    if event.actor:
        said.append(teller.locale("happened.by", actor=event.actor))
    when = teller.locale.moment(datetime.fromtimestamp(event.at, zone))
    return when, teller.locale(f"happened.{event.kind.value}", subject=subject), teller.locale.listed(said)


def _hours(summary: Summary, locale: Locale) -> Picture:
    labels = tuple(locale("hour.label", hour=bar.label) for bar in summary.hours)
    marks = tuple(label if index % EVERY_HOURS == 0 else "" for index, label in enumerate(labels))
    return _picture("today", locale, summary.hours, labels, marks)


def _days(summary: Summary, locale: Locale) -> Picture:
    days = [datetime.fromisoformat(bar.label).date() for bar in summary.days]
    labels = tuple(locale("chart.day", weekday=locale.weekday(day), day=str(day.day)) for day in days)
    return _picture("week", locale, summary.days, labels, labels)


def _picture(
    name: str, locale: Locale, bars: tuple[Bar, ...], labels: tuple[str, ...], marks: tuple[str, ...]
) -> Picture:
    peak: dict[str, Any] = {"label": "", "peak": 0}
    if bars:
        index = max(range(len(bars)), key=lambda i: bars[i].total)
        peak = {"label": labels[index], "peak": bars[index].total}
    total = sum(bar.total for bar in bars)
    return Picture(
        id=f"chart-{name}",
        heading=locale(f"chart.{name}"),
        chart=chart([(bar.packets, bar.names) for bar in bars]),
        bars=bars,
        labels=labels,
        marks=marks,
        spoken=locale("chart.spoken", total=total, **peak) if total else locale("chart.none"),
        total=total,
        numbered=name == "week",
    )
