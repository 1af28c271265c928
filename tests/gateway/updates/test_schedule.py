"""Asking neither too often nor never, also with a wrong clock."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.updates.schedule import age_words, is_due, is_forgotten, is_old, next_ask

NOW = datetime(2027, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_after_a_success_the_interval_and_up_to_a_tenth_more():
    assert next_ask(NOW, 24, 0, 0.0) == NOW + 24 * HOUR
    assert next_ask(NOW, 24, 0, 1.0) == NOW + 26.4 * HOUR
    assert next_ask(NOW, 24, 0, 99.0) == NOW + 26.4 * HOUR


@pytest.mark.parametrize(("failures", "hours"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 24), (1000, 24)])
def test_failures_double_the_wait_up_to_the_interval(failures, hours):
    assert next_ask(NOW, 24, failures, 0.0) == NOW + hours * HOUR


def test_due_when_the_time_has_come_or_the_plan_is_impossible():
    assert is_due(None, 24, NOW) and is_due(NOW, 24, NOW)
    assert not is_due(NOW + HOUR, 24, NOW)
    assert not is_due(NOW + 26 * HOUR, 24, NOW)
    assert is_due(NOW + 27 * HOUR, 24, NOW)


def test_old_after_three_intervals():
    assert is_old(None, 24, NOW) and is_old(NOW - 73 * HOUR, 24, NOW)
    assert not is_old(NOW - 72 * HOUR, 24, NOW)


def test_the_version_before_is_kept_for_thirty_days():
    assert not is_forgotten(NOW - timedelta(days=30), NOW)
    assert is_forgotten(NOW - timedelta(days=30, seconds=1), NOW)


@pytest.mark.parametrize(
    ("ago", "words"),
    [(-HOUR, "0 min"), (HOUR, "60 min"), (2 * HOUR, "2 h"), (47 * HOUR, "47 h"), (48 * HOUR, "2 days")],
)
def test_age_in_words(ago, words):
    assert age_words(NOW - ago, NOW) == words
