"""What the tests of the promises share: the running clinic, and a place for the figures they measured.

May live here: fixtures, and printing the figures at the end of the session. May not: traffic, commands (clinic.py).
"""

from collections.abc import Callable, Iterator

import pytest

from tests.fault.clinic import Clinic, measured_site, running

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """`figure("isolated in 20 ms")`: a line that the session prints at its end, passed or not."""
    return request.config.stash.setdefault(FIGURES, []).append


@pytest.fixture(scope="module")
def standing_clinic() -> Iterator[Clinic]:
    with running("tfault", measured_site()) as clinic:
        yield clinic


@pytest.fixture
def clinic(standing_clinic: Clinic) -> Iterator[Clinic]:
    """The French practice, running, with its own site confirmed and nobody isolated."""
    standing_clinic.settle()
    yield standing_clinic
    standing_clinic.settle()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if figures := config.stash.get(FIGURES, []):
        terminalreporter.section("what the promises measured")
        for line in figures:
            terminalreporter.line(line)
