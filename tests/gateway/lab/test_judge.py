"""The judgement at the end of a demo: red for everything that is not as it should be."""

import pytest

from gateway.lab.judge import excuse, excused, faults
from gateway.lab.scenario import Act
from gateway.lab.traffic import Tally
from gateway.lab.view import Recorded

WRITTEN = Recorded(5, 5, 2)


def tallies(**changes):
    found = {
        "web": Tally(Act("1", "browse", "pc", "pc opens a page", True), 20, 20),
        "camera": Tally(Act("2", "knock", "camera", "camera knocks", False), 20, 0),
        "name": Tally(Act("3", "name", "pc", "pc asks for a listed name", False), 20, 0),
    }
    for name, (tried, passed) in changes.items():
        found[name].tried, found[name].passed = tried, passed
    return list(found.values())


def test_a_good_demo_has_no_fault():
    assert faults(tallies(), WRITTEN, 20.0) == []


def test_one_leak_is_a_fault():
    assert "got through 1 times" in faults(tallies(camera=(20, 1)), WRITTEN, 20.0)[0]


def test_a_few_failures_on_a_busy_machine_are_none_and_many_are():
    assert faults(tallies(web=(20, 18)), WRITTEN, 20.0) == []
    assert "failed 3 of 20" in faults(tallies(web=(20, 17)), WRITTEN, 20.0)[0]


def test_silence_is_a_fault():
    nothing = faults(tallies(web=(0, 0), camera=(0, 0), name=(0, 0)), WRITTEN, 20.0)
    assert nothing == ["nothing that should pass has passed", "nothing was stopped"]


def test_what_was_stopped_and_not_written_down_is_a_fault():
    assert "recorded none" in faults(tallies(), Recorded(0, 5, 1), 20.0)[0]
    assert "names were blocked" in faults(tallies(), Recorded(5, 0, 1), 20.0)[0]


def test_a_demo_that_was_stopped_early_is_judged_by_what_happened():
    assert faults(tallies(web=(1, 1), name=(0, 0)), Recorded(0, 0, 0), None, complete=False) == []
    assert faults(tallies(camera=(1, 1)), Recorded(0, 0, 0), None, complete=False) != []


def test_a_silent_page_is_a_fault():
    assert faults(tallies(), WRITTEN, None) == ["the owner's page does not answer"]


ASKS = Act("3", "name", "pc-1", "pc-1 asks for a listed name", False, name="www.bad.example")
ALLOWED = {"id": 4, "name": "bad.example"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"generation": 2, "allowances": [ALLOWED]}, "allowance 4"),
        ({"generation": 2, "allowances": [{**ALLOWED, "device": "pc-1"}]}, "allowance 4"),
        ({"generation": 2, "allowances": [{**ALLOWED, "zone": "pc"}]}, "allowance 4"),
        ({"generation": 3}, "another policy"),
    ],
)
def test_what_a_person_allowed_or_applied_meanwhile_is_no_fault(answer, words):
    assert words in excuse(ASKS, "pc", answer, 2)


@pytest.mark.parametrize("other", [{"device": "pc-2"}, {"zone": "guest"}, {"name": "worse.example"}])
def test_an_allowance_for_others_excuses_nothing(other):
    assert excuse(ASKS, "pc", {"generation": 2, "allowances": [{**ALLOWED, **other}]}, 2) == ""


def test_an_allowance_excuses_no_other_kind_of_act():
    knock = Act("2", "knock", "pc-1", "pc-1 knocks", False, name="www.bad.example")
    assert excuse(knock, "pc", {"generation": 2, "allowances": [ALLOWED]}, 2) == ""


def test_only_what_came_after_the_change_is_excused():
    changed = tallies(name=(20, 8))
    changed[2].excuse, changed[2].wrong_before = "a person allowed it", 0
    assert faults(changed, WRITTEN, 20.0) == []
    assert excused(changed) == ["pc asks for a listed name: got through 8 times, because a person allowed it"]
    changed[2].wrong_before = 3
    assert faults(changed, WRITTEN, 20.0) == ["pc asks for a listed name: got through 3 times"]
    assert "got through 5 times" in excused(changed)[0]
