"""The changing commands against a real enforcer in a namespace of its own."""

import json
from pathlib import Path

import pytest

from gateway import paths
from gateway.lab.folder import Folder, Record, write_record
from gateway.paths import RUN_VARIABLE, STATE_VARIABLE
from gateway.program import program
from tests.gateway.enforcer.nets import Net
from tests.gateway.enforcer.running import Running

pytestmark = pytest.mark.netns


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An enforcer, and the environment that leads the commands to it."""
    net = Net()
    for name in ("eth0", *(f"eth1.{vlan}" for vlan in (10, 20, 25, 30, 31, 40, 50, 60, 80, 90))):
        net.run("ip", "link", "add", name, "type", "veth", "peer", "name", f"far-{name[-4:]}")
        net.run("ip", "link", "set", name, "up")
        net.run("ip", "link", "set", f"far-{name[-4:]}", "up")
    enforcer = Running(net, tmp_path)
    monkeypatch.setenv(RUN_VARIABLE, str(enforcer.paths.run))
    monkeypatch.setenv(STATE_VARIABLE, str(enforcer.paths.state))
    try:
        yield enforcer.start()
    finally:
        enforcer.stop()
        net.close()


def test_apply_shows_its_steps_and_who_gains_and_a_confirm_from_nowhere_is_refused(running, clinicgate, naika):
    done = clinicgate("apply", naika, "--confirm-within", "60s")
    assert done.returncode == 0, done.stderr
    assert "[1/10] parse" in done.stderr and "[10/10] wait for confirm" in done.stderr
    assert "may now reach" in done.stdout and "Generation 1 is loaded and waits 60 s." in done.stdout
    done = clinicgate("confirm")
    assert done.returncode == 1 and "confirm in a new SSH session" in done.stderr
    assert "waits" in clinicgate("status").stdout
    assert json.loads(clinicgate("status", "--json").stdout)["pending"]["generation"] == 1
    assert "pending" in clinicgate("generations").stdout
    done = clinicgate("rollback")
    assert done.returncode == 0 and "No policy is applied" in clinicgate("status").stdout
    assert "all intact" in clinicgate("audit", "verify").stdout


def test_a_way_back_that_is_none_is_told_in_the_users_words(running, clinicgate, naika):
    done = clinicgate("rollback")
    assert done.returncode == 1 and "no earlier policy was confirmed" in done.stderr and "0" not in done.stderr
    clinicgate("apply", naika)
    done = clinicgate("rollback", 99)
    assert done.returncode == 1 and "there is no generation 99" in done.stderr
    assert clinicgate("rollback", 1).returncode == 1  # it waits itself


def test_status_tells_the_clinics_time_and_calls_a_missing_list_a_trouble(running, clinicgate, naika):
    clinicgate("apply", naika)
    clinicgate("quarantine", "add", "camera-1", "--reason", "odd traffic")
    row = {"id": "gone", "rules": 0, "rejects": 0, "problem": "no file"}
    running.paths.resolver_status.parent.mkdir(parents=True, exist_ok=True)
    running.paths.resolver_status.write_text(json.dumps({"lists": [row]}))
    told = clinicgate("status").stdout
    assert "Troubles:\n  - list gone is not in force: no file" in told and "Troubles: nothing" not in told
    assert " JST, by" in told and "JST" in clinicgate("generations").stdout
    assert " JST, by" in clinicgate("quarantine", "list").stdout
    running.paths.resolver_status.write_text(json.dumps({"lists": [row | {"rules": 3, "problem": ""}]}))
    assert "Troubles: nothing." in clinicgate("status").stdout


def test_a_wrong_file_never_reaches_the_enforcer(running, clinicgate, broken):
    assert clinicgate("apply", broken).returncode == 1
    assert json.loads(clinicgate("generations", "--json").stdout)["generations"] == []


def test_a_device_is_isolated_listed_and_let_back(running, clinicgate, naika):
    clinicgate("apply", naika)
    done = clinicgate("quarantine", "add", "camera-1", "--reason", "odd traffic")
    assert done.returncode == 0 and "10.10.60.11" in done.stdout and "02:00:0a:0a:3c:0b" in done.stdout
    assert "odd traffic" in clinicgate("quarantine", "list").stdout
    assert clinicgate("quarantine", "remove", "camera-1").returncode == 0
    assert clinicgate("quarantine", "list").stdout == "nobody is isolated\n"
    done = clinicgate("quarantine", "add", "nobody-knows", "--reason", "x")
    assert done.returncode == 1 and "refused" in done.stderr


@pytest.mark.parametrize("who", ["a b", "Ünknown", "; drop"])
def test_a_word_that_names_nobody_is_not_sent(clinicgate, who):
    done = clinicgate("quarantine", "add", who, "--reason", "x")
    assert done.returncode == 2 and "no device, MAC or address" in done.stderr


@pytest.mark.parametrize("text", ["never", "-5s", "90h", "", "9s", "61m", "3601"])
def test_a_time_to_confirm_that_is_none(clinicgate, naika, text):
    done = clinicgate("apply", naika, f"--confirm-within={text}")
    assert done.returncode == 2 and "is no time from 10s to 60m" in done.stderr


def test_without_an_enforcer_the_way_out_is_told(clinicgate, tmp_path, monkeypatch):
    monkeypatch.setenv(RUN_VARIABLE, str(tmp_path))
    for words in (["status"], ["confirm"], ["generations"], ["quarantine", "list"]):
        done = clinicgate(*words)
        assert done.returncode == 3 and "is the gateway running?" in done.stderr


def test_beside_a_lab_the_way_to_its_gateway_is_told(clinicgate, tmp_path, monkeypatch):
    monkeypatch.delenv(RUN_VARIABLE, raising=False)
    monkeypatch.setattr(paths, "DEFAULT_RUN", tmp_path)
    monkeypatch.setattr("gateway.lab.folder.LABS", tmp_path)
    Folder("clinic").root.mkdir()
    write_record(Folder("clinic"), Record("clinic", "site.yaml", ()))
    done = clinicgate("quarantine", "remove", "emr")
    assert done.returncode == 3 and f"lab exec gateway -- {program()} quarantine remove emr" in done.stderr
    assert program().startswith("/")
    assert f"{program()} lab confirm" in clinicgate("confirm").stderr
    monkeypatch.setenv(RUN_VARIABLE, str(tmp_path))  # as on the lab's gateway itself
    assert "is the gateway running?" in clinicgate("status").stderr
