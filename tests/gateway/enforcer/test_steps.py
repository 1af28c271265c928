"""The steps of an apply, as they are told."""

from gateway.enforcer.steps import STEPS, Progress, silent


def test_every_step_is_told_with_its_number_of_all() -> None:
    told = []
    step = Progress(lambda *what: told.append(what))
    for name in STEPS:
        step(name)
    assert told == [(name, number, len(STEPS)) for number, name in enumerate(STEPS, start=1)]


def test_silence_is_a_listener() -> None:
    assert silent("parse", 1, 10) is None
