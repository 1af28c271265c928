"""What stands on the page, as values: the right sentence for the state, stable ids, times of the clinic."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.health import Finding, Health, Severity, State
from gateway.report import summary
from tests.webui.seed import NOON, ON_TRIAL, STATUS, seed_busy, seed_empty
from webui.i18n import locales
from webui.observe import Isolated, View
from webui.page import build

EN = locales()["en"]
GOOD = Health(State.PROTECTED, ())


@pytest.fixture
def busy(tmp_path: Path) -> View:
    seed_busy(tmp_path / "events.sqlite")
    return View(NOON, GOOD, summary(tmp_path / "events.sqlite", NOON), STATUS, ())


@pytest.fixture
def quiet(tmp_path: Path) -> View:
    seed_empty(tmp_path / "events.sqlite")
    return View(NOON, GOOD, summary(tmp_path / "events.sqlite", NOON), STATUS, ())


@pytest.mark.parametrize("state", list(State))
def test_each_state_has_its_sentence(busy: View, state: State):
    page = build(replace(busy, health=Health(state, ()), isolated=(Isolated("xray", "", ""),)), EN)
    assert page.headline == EN(f"state.{state.value}", count=1)
    assert "1,580" in page.detail


def test_a_quiet_day_and_a_day_that_is_not_known_differ(quiet: View):
    assert "Nothing had to be stopped" in build(quiet, EN).detail
    assert "cannot be shown" in build(replace(quiet, summary=None), EN).detail


SOMEBODY = (Isolated("xray", "", ""), Isolated("consult-1", "", ""))


@pytest.mark.parametrize(
    ("language", "headline", "word"),
    [
        ("en", "The gateway is guarding your clinic. 2 devices are isolated.", "isolated"),
        ("ja", "ゲートウェイが当院を守っています。隔離中の機器が2台あります。", "隔離中"),
    ],
)
def test_with_somebody_isolated_nothing_claims_that_all_is_in_order(
    busy: View, language: str, headline: str, word: str
):
    page = build(replace(busy, health=Health(State.ISOLATED, ()), isolated=SOMEBODY), locales()[language])
    assert page.headline == headline
    assert word in page.detail
    assert page.contact is None


def test_a_quiet_day_with_somebody_isolated_says_both(quiet: View):
    page = build(replace(quiet, health=Health(State.ISOLATED, ()), isolated=SOMEBODY), EN)
    assert page.detail == "Nothing had to be stopped today. What is isolated, and why, is shown below."


def test_the_technician_is_named_only_when_there_is_a_reason(busy: View):
    assert build(busy, EN).contact is None
    page = build(replace(busy, health=Health(State.PROBLEM, (Finding("disk-full", Severity.PROBLEM, NOON),))), EN)
    assert page.contact == ("Call 保守業者: +81 3 0000 0002", "tel:+81300000002")
    assert page.findings[0][:2] == (3, "The gateway’s disk is full")


def test_what_is_worth_a_look_comes_first_then_what_is_frequent(busy: View):
    past = build(busy, EN).past
    assert past is not None
    lines = (*past.lines, *past.more_lines)
    calm = [line.story.calm for line in lines]
    assert calm == sorted(calm)
    assert calm.count(False) == 3
    counts = [line.attempt.count for line in lines if line.story.calm]
    assert counts == sorted(counts, reverse=True)


def test_the_pictures_and_the_numbers_agree(busy: View):
    past = build(busy, EN).past
    assert past is not None
    assert [picture.total for picture in past.pictures] == [past.today.total, past.week.total]
    assert past.pictures[0].spoken == "Bar chart. 1,580 in all, most in “16:00” with 301."
    assert past.pictures[0].marks.count("") == 20
    assert past.pictures[1].marks[-1] == "Sun 22"


def test_what_was_let_through_is_told_by_use_with_bars(busy: View):
    past = build(busy, EN).past
    assert past is not None
    assert (past.through.today, past.through.week) == (818, 5726)
    assert [(use.what, use.today, use.share) for use in past.uses[:2]] == [("Web", 412, 100.0), ("Mail", 206, 50.0)]
    assert sum(use.today for use in past.uses) == past.through.today
    assert past.uses[-1].share >= 0.0


def test_nothing_let_through_is_no_use(quiet: View):
    past = build(quiet, EN).past
    assert past is not None
    assert (past.through.today, past.uses) == (0, ())


def test_lines_keep_their_id_from_one_look_to_the_next(busy: View):
    first, second = build(busy, EN).past, build(replace(busy, now=NOON + 60), locales()["ja"]).past
    assert first is not None
    assert second is not None
    ids = [line.id for line in (*first.lines, *first.more_lines)]
    assert ids == [line.id for line in (*second.lines, *second.more_lines)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("left", [None, "soon", -1, 1e300, float("nan")])
def test_a_trial_without_a_usable_end_is_told_without_one(busy: View, left: object):
    pending = build(replace(busy, status={**ON_TRIAL, "pending": {"generation": 8, "seconds_left": left}}), EN).pending
    assert pending.startswith("Version 8 of the rules is on trial and waits for its confirmation. ")


@pytest.mark.parametrize(
    ("since", "told"), [("2026-11-22T05:12:00+00:00", "Since 22 November 2026, 14:12"), ("2026-11-22", ""), ("<b>", "")]
)
def test_the_time_of_an_isolation_is_the_clinics(busy: View, since: str, told: str):
    page = build(replace(busy, isolated=(Isolated("xray", "", since),)), EN)
    assert page.isolated == (("Medical device “X線装置” is isolated: it reaches nothing and nobody.", "", told),)
