"""Bars stay inside the drawing, keep their proportions, and something is never nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.chart import BOTTOM, HEIGHT, LEFT, MIN_VISIBLE, RIGHT, WIDTH, chart, share

COUNTS = st.integers(min_value=0, max_value=10**15)


@given(st.lists(st.tuples(COUNTS, COUNTS), max_size=31))
def test_everything_stays_inside_the_drawing(values: list[tuple[int, int]]):
    drawn = chart(values)
    assert len(drawn.columns) == len(values)
    for (packets, names), column in zip(values, drawn.columns, strict=True):
        assert (column.packets is None, column.names is None) == (packets == 0, names == 0)
        for rect in filter(None, (column.packets, column.names)):
            assert LEFT <= rect.x <= rect.x + rect.width <= WIDTH - RIGHT + 0.02
            assert 0 <= rect.y <= rect.y + rect.height <= HEIGHT - BOTTOM + 0.02
            assert rect.height >= MIN_VISIBLE
    assert [tick.value for tick in drawn.ticks] == sorted({tick.value for tick in drawn.ticks})


def test_proportions_and_stacking():
    two = chart([(100, 0), (50, 50)])
    full, half = two.columns
    assert full.packets is not None
    assert half.packets is not None
    assert half.names is not None
    assert full.packets.height == pytest.approx(2 * half.packets.height, abs=0.02)
    assert half.names.y + half.names.height == pytest.approx(half.packets.y, abs=0.02)
    assert full.top == pytest.approx(half.top, abs=0.02)


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [(0, [1, 2, 3, 4]), (3, [1, 2, 3, 4]), (5, [2, 4, 6, 8]), (9, [5, 10, 15, 20]), (1580, [500, 1000, 1500, 2000])],
)
def test_the_scale_has_round_numbers(largest: int, ticks: list[int]):
    assert [tick.value for tick in chart([(largest, 0)]).ticks] == ticks


def test_share_of_a_horizontal_bar():
    assert [share(*pair) for pair in ((50, 100), (100, 100), (1, 10**9), (0, 5), (5, 0))] == [50, 100, 2, 0, 0]
