"""The judgement at the end of a demo: red for everything that is not as it should be."""

from gateway.lab.judge import faults
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
