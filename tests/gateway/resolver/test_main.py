"""The process: it waits for an enforcer, serves what it says, and ends with status 0 when told to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.client import EnforcerClient
from gateway.paths import Paths
from tests.gateway.resolver.world import PATIENCE, FakeEnforcer

ROOT = Path(__file__).parents[3]


def start(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "CLINICGATE_RUN": str(folder), "CLINICGATE_STATE": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-m", "gateway.resolver"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )


def wait_for(process: subprocess.Popen[str], text: str) -> list[str]:
    """Lines of stderr up to the one that holds `text`."""
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"it ended without saying {text!r}: {lines}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_bears_a_missing_enforcer_and_ends_with_zero(tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path) as process:
        try:
            wait_for(process, "no enforcer at")
            process.send_signal(number)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()


def test_people_may_ask_it_from_its_start_to_its_end(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path)
    with start(tmp_path) as process:
        try:
            wait_for(process, "no enforcer at")
            with EnforcerClient(paths.resolver_socket, PATIENCE, who="resolver") as client:
                assert client.call("accounts")["lost"] == 0
            process.terminate()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    assert not paths.resolver_socket.exists()


def test_sighup_looks_again_at_once(tmp_path: Path, enforcer: FakeEnforcer) -> None:
    answer = {"site_text": None, "generation": None}
    enforcer.answers["site"] = lambda args: answer
    with start(tmp_path) as process:
        try:
            wait_for(process, "none applied yet")
            answer.update(site_text="version: 2", generation=7)
            process.send_signal(signal.SIGHUP)
            assert "generation 7" in wait_for(process, "does not load")[-1]
            process.terminate()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
