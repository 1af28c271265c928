"""The demo as lines of text: what passes, what is stopped, what the page knows, what to try next.

May live here: values in, lines out. May not: terminals, clocks, traffic.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from gateway.lab.traffic import Tally

PASSES, STOPPED, WRONG = "passes", "is stopped", "NOT AS IT SHOULD BE"
WORDS_WIDTH = 52


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the gateway's own event store holds of today."""

    packets: int
    names: int
    rows: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the view shows. `left` is None when the demo runs until somebody stops it; times in seconds."""

    title: str
    page: str
    command: str
    elapsed: float
    left: float | None
    tallies: Sequence[Tally]
    recorded: Recorded
    suggestions: tuple[str, ...]


def screen(shown: Shown, width: int, height: int) -> list[str]:
    """The whole view, at most `height` lines of at most `width` columns."""
    passing = [tally for tally in shown.tallies if tally.act.passes]
    stopped = [tally for tally in shown.tallies if not tally.act.passes]
    room = max(height - 12 - len(shown.suggestions), 4)
    share = max(room // 2, room - len(stopped) - 1) if len(passing) + len(stopped) > room else room
    lines = [
        f"{shown.title}   {_clock(shown)}",
        f"Owner's page: {shown.page}",
        "",
        f"{'This passes':<{WORDS_WIDTH}} {'tried':>6} {'passed':>7}   median",
        *_table(passing, share),
        "",
        f"{'This is stopped':<{WORDS_WIDTH}} {'tried':>6} {'stopped':>7}",
        *_table(stopped, max(room - min(len(passing), share), 2)),
        "",
        recorded_line(shown.recorded),
        "",
        "Try next, in another terminal:",
        *(f"  {shown.command} {suggestion}" for suggestion in shown.suggestions),
    ]
    return [clip(line, width) for line in lines[:height]]


def _table(tallies: Sequence[Tally], room: int) -> list[str]:
    shown = list(tallies) if len(tallies) <= room else list(tallies[: room - 1])
    lines = [_row(tally) for tally in shown]
    if len(shown) < len(tallies):
        rest = tallies[len(shown) :]
        tried, count = sum(t.tried for t in rest), sum(_as_it_should(t) for t in rest)
        lines.append(f"  {f'and {len(rest)} more':<{WORDS_WIDTH - 2}} {tried:>6} {count:>7}")
    return lines


def _row(tally: Tally) -> str:
    sign = "!" if tally.wrong else "~" if tally.excuse else ("+" if tally.act.passes else "x")
    took = f"   {median(tally.took) * 1000:.0f} ms" if tally.act.passes and tally.took else ""
    words = f"{sign} {clip(tally.act.words, WORDS_WIDTH - 2):<{WORDS_WIDTH - 2}}"
    return f"{words} {tally.tried:>6} {_as_it_should(tally):>7}{took}"


def _as_it_should(tally: Tally) -> int:
    return tally.passed if tally.act.passes else tally.stopped


def recorded_line(recorded: Recorded) -> str:
    """What the gateway has written down."""
    return (
        f"The gateway recorded today: {recorded.packets} refused packets and {recorded.names} blocked names,"
        f" in {recorded.rows} rows"
    )


def first_line(tally: Tally) -> str:
    """One line for an act that happened for the first time, for terminals that cannot be redrawn."""
    outcome = WRONG if tally.wrong else (PASSES if tally.act.passes else STOPPED)
    return f"{tally.act.words}: {outcome}"


def summary(shown: Shown, page_ms: float | None, faults: Sequence[str]) -> list[str]:
    """The last words of a demo."""
    passing = [tally for tally in shown.tallies if tally.act.passes]
    stopped = [tally for tally in shown.tallies if not tally.act.passes]
    looked_up = _milliseconds(t for tally in passing for t in tally.lookups)
    loaded = _milliseconds(t for tally in passing if tally.act.kind == "browse" for t in tally.took)
    page = "did not answer" if page_ms is None else f"answered in {page_ms:.0f} ms through the firewall"
    return [
        "",
        f"Summary after {shown.elapsed:.0f} s:",
        f"  allowed: {_attempts(passing)}, {sum(t.passed for t in passing)} passed",
        f"  blocked: {_attempts(stopped)}, {sum(t.stopped for t in stopped)} stopped",
        f"  {recorded_line(shown.recorded)}",
        f"  names answered in {looked_up}, web pages loaded in {loaded}",
        f"  the owner's page {page}",
        *(f"  {WRONG}: {fault}" for fault in faults),
    ]


def _attempts(tallies: Sequence[Tally]) -> str:
    return f"{sum(tally.tried for tally in tallies)} attempts of {len(tallies)} kinds"


def _milliseconds(values: Iterable[float]) -> str:
    found = sorted(values)
    if not found:
        return "(nothing measured)"
    worst = found[min(len(found) - 1, int(len(found) * 0.95))]
    return f"{median(found) * 1000:.1f} ms (95 % within {worst * 1000:.1f} ms)"


def _clock(shown: Shown) -> str:
    left = "Ctrl-C stops it" if shown.left is None else f"{shown.left:.0f} s left"
    return f"{shown.elapsed:.0f} s, {left}"


def clip(text: str, width: int) -> str:
    """`text` cut to `width` columns; wide characters take two (Unicode annex 11)."""
    columns = 0
    for position, character in enumerate(text):
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if columns > width:
            return text[:position]
    return text
