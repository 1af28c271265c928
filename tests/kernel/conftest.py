"""One boot of the lab kernel a session, for all checks that were asked for, and the figures they measured.

May live here: that boot and the figures' lines at the end. May not: checks.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.kernel import inside, uml

BOOT_SECONDS = 240.0
FIGURES: list[str] = []


@pytest.fixture(scope="session")
def figure() -> Callable[[str], None]:
    """Prints a line at the end of the session, also when the test passes."""
    return FIGURES.append


@pytest.fixture(scope="session")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, figure: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Check -> what came out of it in the lab kernel."""
    wanted = [item.callspec.params["check"] for item in request.session.items if "outcomes" in item.fixturenames]
    machine = uml.start(uml.HERE / "inside.py", tmp_path_factory.mktemp("kernel"), wanted)
    status = machine.wait(BOOT_SECONDS)
    results = machine.share / inside.RESULTS.name
    lines = results.read_text().splitlines() if results.exists() else []
    found = {outcome["check"]: outcome for outcome in map(json.loads, lines)}
    for name in wanted:
        why = f"the lab kernel ended with status {status} before this check was done:\n{machine.output}"
        found.setdefault(name, {"error": why, "figures": {}, "seconds": 0.0})
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("measured in the lab kernel")
        for line in FIGURES:
            terminalreporter.write_line(line)
