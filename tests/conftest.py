"""What every test shares: what cannot run on this machine and why, fixed randomness, and a clean machine afterwards.

May live here: the markers' conditions, the session guard, the hypothesis profile, fixtures for outside material.
May not: fixtures of one package (they have a conftest.py of their own).
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import leftovers
from tests.kernel import uml

ROOT = Path(__file__).parents[1]
CAPTURES = Path(os.environ.get("CLINICGATE_CAPTURES", ROOT.parent / "shared" / "captures"))
OUTSIDE_VARIABLES = ("CLINICGATE_STATE", "CLINICGATE_RUN", "CLINICGATE_UI_PORT")

# The same examples in every run: a red test stays red until somebody mends it.
settings.register_profile("clinicgate", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile(
    "long", parent=settings.get_profile("clinicgate"), max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("CLINICGATE_HYPOTHESIS", "clinicgate"))


@cache
def why_not_netns() -> str | None:
    """The reason why tests with network namespaces cannot run here, or None."""
    if os.geteuid() != 0:
        return "not root: network namespaces need it"
    missing = [tool for tool in ("ip", "nft", "unshare") if shutil.which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (make setup)"
    probe = subprocess.run(
        ["unshare", "--net", "nft", "add", "table", "inet", "probe"], capture_output=True, text=True, check=False
    )
    return None if probe.returncode == 0 else f"no namespaces with nftables here: {probe.stderr.strip()[:200]}"


@cache
def why_not_browser() -> str | None:
    """The reason why tests with a real browser cannot run here, or None."""
    return None if shutil.which("chromium") else "chromium is not installed (make setup)"


WHY_NOT = {"netns": why_not_netns, "kernel": uml.why_not, "browser": why_not_browser}


def pytest_report_header() -> list[str]:
    reasons = {name: why_not() for name, why_not in WHY_NOT.items()}
    if not CAPTURES.is_dir():
        reasons["captures"] = f"no packet captures at {CAPTURES} (set CLINICGATE_CAPTURES)"
    return [f"clinicgate: {name} tests cannot run here: {reason}" for name, reason in reasons.items() if reason] or [
        "clinicgate: every kind of test can run here"
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name, why_not in WHY_NOT.items():
            if item.get_closest_marker(name) is not None and (reason := why_not()) is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def clean_machine() -> Iterator[None]:
    """Fails the session when it leaves a process, namespace, mount, link or run file, and takes it away."""
    for name in OUTSIDE_VARIABLES:  # a developer's own state folder is not a test's
        os.environ.pop(name, None)
    with leftovers.nothing_is_left() as found:
        yield
    assert not found, "the test session left behind: " + "; ".join(found)


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of recorded packets, or a skip that says where it was looked for."""
    if not CAPTURES.is_dir():
        pytest.skip(f"no packet captures at {CAPTURES} (set CLINICGATE_CAPTURES)")
    return CAPTURES
