"""The geometry of the pictures: bars as plain numbers that a template writes as SVG.

The drawing is 360 units wide, as wide as a telephone, so that its letters are readable there and larger elsewhere.

May live here: arithmetic. May not: markup, colours, words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 150
LEFT, RIGHT, TOP, BOTTOM = 40, 4, 16, 20
TICKS = 4
MIN_VISIBLE = 2.0


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in drawing units, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """One column: two stacked parts (None: nothing to draw), its middle, and where its own number may stand."""

    packets: Rect | None
    names: Rect | None
    middle: float
    top: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the picture at a round value."""

    value: int
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A whole picture: columns in the order of the values, and the lines behind them."""

    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    base: float


def chart(values: Sequence[tuple[int, int]]) -> Chart:
    """A stacked bar chart of (packets, names). Zero stays empty; everything else is at least just visible."""
    top_value = _round_up(max((packets + names for packets, names in values), default=0))
    room = HEIGHT - TOP - BOTTOM
    step = (WIDTH - LEFT - RIGHT) / max(len(values), 1)
    gap = min(step * 0.28, 12)
    base = float(HEIGHT - BOTTOM)
    columns = []
    for index, (packets, names) in enumerate(values):
        x, width = LEFT + index * step + gap / 2, step - gap
        lower = _part(x, base, width, packets, room / top_value)
        upper = _part(x, lower.y if lower else base, width, names, room / top_value)
        highest = (upper or lower or Rect(x, base, width, 0)).y
        columns.append(Column(lower, upper, round(x + width / 2, 2), round(highest, 2)))
    ticks = tuple(Tick(value, round(base - value * room / top_value, 2)) for value in _ticks(top_value))
    return Chart(tuple(columns), ticks, base)


def share(value: int, largest: int, width: float = 100.0) -> float:
    """The length of a horizontal bar: `largest` fills `width`, something is never nothing."""
    if value <= 0 or largest <= 0:
        return 0.0
    return round(max(min(value / largest, 1.0) * width, MIN_VISIBLE), 2)


def _part(x: float, base: float, width: float, value: int, scale: float) -> Rect | None:
    if value <= 0:
        return None
    height = max(value * scale, MIN_VISIBLE)
    return Rect(round(x, 2), round(max(base - height, 0.0), 2), round(width, 2), round(height, 2))


def _round_up(value: int) -> int:
    """The next of 4, 8, 20, 40, 80, 200, 400, ...: values that divide well by four."""
    size = 1
    while True:  # ends: the size grows tenfold each time
        for factor in (4, 8, 20):
            if value <= factor * size:
                return factor * size
        size *= 10


def _ticks(top_value: int) -> list[int]:
    return [top_value * index // TICKS for index in range(1, TICKS + 1)]
