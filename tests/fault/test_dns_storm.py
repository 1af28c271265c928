"""A short storm over the resolver. The whole one is `python -m tests.fault.dns_storm`; it takes two minutes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fault.dns_load import AGAIN
from tests.fault.dns_storm import Span, Storm, judge, storm

pytestmark = [pytest.mark.netns, pytest.mark.slow]

BACK_SECONDS = 15.0  # on a machine that is busy with other things; the figure says what it was


def test_no_answer_is_wrong_and_none_is_lost_while_lists_upstreams_and_the_resolver_come_and_go(
    figure: Callable[[str], None], tmp_path: Path
) -> None:
    done = storm(f"s{os.getpid()}", tmp_path, rate=1000, swaps=10, failures=5, kills=2, rules=2000, failure_seconds=1.0)
    for line in done.figures:
        figure(line)
    assert done.wrong == []
    assert done.lost == []
    assert len(done.back) == 2 and max(done.back) < BACK_SECONDS


# What the judgement itself is worth: what is wrong must come out as wrong.

SEEN = {
    "began": 0.0, "ended": 100.0, "asked": 10, "tries": 12, "answered": 10, "wrong": [0, []], "lost": [],
    "failures": [], "toggled": [], "late": [], "buckets": {"pc": {"5080": 1, "6000": 1}},
}  # fmt: skip
DONE = Storm(
    [(0.0, 1.0, True), (10.0, 12.0, False), (20.0, 22.0, True)], [Span(30.0, 32.0)], [Span(40.0, 42.0)], [50.0]
)


@pytest.mark.parametrize(
    ("kind", "first", "at", "wrong"),
    [
        ("fresh", 31.0, 33.0, False),  # nobody was there to be asked
        ("fresh", 60.0, 60.1, False),  # told apart: see below
        ("known", 31.0, 31.5, True),  # it was in the cache
        ("blocked", 31.0, 31.5, True),
    ],
)
def test_a_failure_is_wrong_for_what_the_resolver_knows(kind: str, first: float, at: float, wrong: bool) -> None:
    assert bool(judge(DONE, SEEN | {"failures": [(kind, first, at)]}).wrong) is wrong


@pytest.mark.parametrize(("first", "unserved"), [(31.0, False), (45.0, True), (60.0, True)])
def test_a_new_name_is_unserved_when_an_upstream_could_have_answered(first: float, unserved: bool) -> None:
    assert bool(judge(DONE, SEEN | {"failures": [("fresh", first, first + 0.1)]}).unserved) is unserved


@pytest.mark.parametrize(
    ("sent", "at", "blocked", "wrong"),
    [
        (5.0, 5.1, True, False),
        (5.0, 5.1, False, True),
        (10.5, 10.6, True, False),  # while the next version is taken over
        (10.5, 10.6, False, False),
        (15.0, 15.1, True, True),
        (15.0, 15.1, False, False),
        (30.0, 30.1, False, True),
        (5.0, 11.0, False, False),  # asked under one version, answered under the next
    ],
)
def test_a_verdict_of_a_version_that_does_not_count_is_wrong(
    sent: float, at: float, blocked: bool, wrong: bool
) -> None:
    assert bool(judge(DONE, SEEN | {"toggled": [(sent, at, blocked)]}).wrong) is wrong


@pytest.mark.parametrize(("first", "lost"), [(50.5, True), (60.0, True), (53.0, False)])
def test_nobody_is_lost_who_asked_only_the_dead(first: float, lost: bool) -> None:
    long_dead = SEEN | {"buckets": {"pc": {"5080" if lost else "5900": 1}}, "lost": [("known", first)]}
    assert bool(judge(DONE, long_dead).lost) is lost


def test_late_is_who_was_answered_at_a_second_try_without_a_reason() -> None:
    late = [("known", 50.2, 51.3), ("known", 60.0, 61.1), ("known", 60.0, 60.5), ("fresh", 31.0, 33.0)]
    found = judge(DONE, SEEN | {"late": late})
    assert found.late == [("known", 60.0, 61.1)]
    assert found.back == [pytest.approx(0.8)]
    assert "slowest answer outside kills and failures 1100 ms" in found.figures[-1]
    assert AGAIN[-1] == 8.0
