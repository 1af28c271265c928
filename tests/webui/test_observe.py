"""One look: what can be had is there, what cannot is left out, and the next look comes after two seconds."""

from pathlib import Path

import pytest

from gateway.health import State
from gateway.paths import Paths
from tests.webui.seed import ISOLATED, NOON, alive, enforcer, seed_empty
from webui.observe import KEPT_SECONDS, Isolated, Observer


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path)


def test_nothing_there(paths: Paths):
    view = Observer(paths, lambda: NOON).view()
    assert (view.status, view.isolated, view.summary) == (None, None, None)
    assert view.health.state is State.UNKNOWN


def test_everything_there(paths: Paths):
    seed_empty(paths.events_database)
    alive(paths)
    with enforcer(paths.enforcer_socket, isolated=ISOLATED):
        view = Observer(paths, lambda: NOON).view()
    assert view.health.state is State.ISOLATED
    assert view.isolated == (Isolated("consult-1", "不審な通信", "2026-11-22T05:12:00+00:00"),)
    assert view.summary is not None


def test_a_look_is_kept_for_two_seconds_and_a_clock_that_jumps_back_ends_it(paths: Paths):
    now = [NOON]
    observer = Observer(paths, lambda: now[0])
    first = observer.view()
    now[0] = NOON + KEPT_SECONDS - 0.1
    assert observer.view() is first
    now[0] = NOON + KEPT_SECONDS
    second = observer.view()
    assert second is not first
    now[0] = NOON - 5
    assert observer.view() is not second


@pytest.mark.parametrize("quarantine", [None, "x", {}, [1, {}, {"addresses": []}]])
def test_odd_answers_are_borne(paths: Paths, quarantine: object):
    with enforcer(paths.enforcer_socket, {"generation": "?", "pending": 7}, quarantine):  # type: ignore[arg-type]
        view = Observer(paths, lambda: NOON).view()
    assert view.status is not None
    assert all(entry.name == "" for entry in view.isolated or ())
