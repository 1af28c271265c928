"""Each check that runs in the lab kernel (checks_*.py), as a test of its own; they all share one boot."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.kernel import inside

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(300)]  # the first test waits for the boot that all share


@pytest.mark.parametrize("check", inside.checks())
def test_in_the_lab_kernel(check: str, outcomes: dict[str, dict[str, Any]], figure: Callable[[str], None]) -> None:
    outcome = outcomes[check]
    assert not outcome["error"], outcome["error"]
    if outcome["figures"]:
        told = ", ".join(f"{name}: {value}" for name, value in outcome["figures"].items())
        figure(f"{check.replace('_', ' ')}: {told}")
