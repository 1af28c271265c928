"""Hours of the week: midnight, the end of the week, whole days."""

import pytest

from filters.dns_schedule import DAY, WEEK, active, hours


def minute(day: int, clock: str) -> int:
    hour, minutes = clock.split(":")
    return day * DAY + int(hour) * 60 + int(minutes)


@pytest.mark.parametrize(
    ("days", "begin", "end", "on", "off"),
    [
        (["mon"], "08:30", "18:00", [(0, "08:30"), (0, "17:59")], [(0, "08:29"), (0, "18:00"), (1, "09:00")]),
        (["tue", "thu"], "12:00", "13:00", [(1, "12:30"), (3, "12:30")], [(2, "12:30")]),
        (["fri"], "22:00", "06:00", [(4, "23:00"), (5, "05:59")], [(5, "06:00"), (4, "21:59"), (5, "22:30")]),
        (["sun"], "22:00", "06:00", [(6, "22:00"), (0, "00:00"), (0, "05:59")], [(0, "06:00"), (6, "05:00")]),
        (["wed"], "08:00", "08:00", [(2, "08:00"), (3, "07:59")], [(2, "07:59"), (3, "08:00")]),
        (["mon"], "00:00", "00:00", [(0, "00:00"), (0, "23:59")], [(1, "00:00")]),
    ],
)
def test_hours(days: list[str], begin: str, end: str, on: list, off: list) -> None:
    found = hours(days, begin, end)
    assert all(found.on(minute(*one)) for one in on)
    assert not any(found.on(minute(*one)) for one in off)


def test_the_minutes_of_a_night_shift_add_up() -> None:
    found = hours(["mon", "sun"], "20:00", "04:00")
    assert sum(found.on(one) for one in range(WEEK)) == 2 * 8 * 60


def test_active_names_those_that_are_on() -> None:
    schedules = {"day": hours(["mon"], "08:00", "18:00"), "noon": hours(["mon"], "12:00", "13:00")}
    assert active(schedules, minute(0, "12:30")) == {"day", "noon"}
    assert active(schedules, minute(0, "13:00")) == {"day"}
    assert active(schedules, minute(1, "12:30")) == frozenset()


def test_unknown_words_are_refused() -> None:
    with pytest.raises(ValueError, match="not in"):
        hours(["someday"], "08:00", "09:00")
