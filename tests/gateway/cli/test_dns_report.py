"""`clinicgate dns report`, over a store as the watcher writes it."""

import json
import time
from pathlib import Path

import pytest

from gateway.paths import RUN_VARIABLE, STATE_VARIABLE, Paths
from tests.webui.seed_names import seed_names


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.setenv(RUN_VARIABLE, str(tmp_path / "run"))
    (tmp_path / "state").mkdir()
    return Paths(tmp_path / "state", tmp_path / "run")


def test_the_week_is_told_by_name_list_reason_and_asker(paths, clinicgate):
    seed_names(paths, now=time.time())
    told = clinicgate("dns", "report")
    assert told.returncode == 0, told.stderr
    [line] = [line for line in told.stdout.splitlines() if line.startswith("p2p.camera-cloud.example: ")]
    assert "not_allowed by the site" in line
    assert "  by camera-1 " in told.stdout
    assert "listed by list malware" in told.stdout
    names = json.loads(clinicgate("dns", "report", "--json").stdout)["names"]
    assert {"p2p.camera-cloud.example", "login.bad-invoice.example"} <= {name["name"] for name in names}


def test_without_a_store_it_says_so_and_the_way_out(paths, clinicgate):
    told = clinicgate("dns", "report")
    assert (told.returncode, told.stdout) == (2, "")
    assert "the events cannot be read" in told.stderr
    assert "clinicgate status" in told.stderr
