"""Rights of the lab's processes, as command lines."""

from pathlib import Path

from gateway.lab.folder import Folder
from gateway.lab.specs import command, environment, specs

FOLDER = Folder("t1")


def lines():
    return {spec.name: command(spec, "t1", Path("/p/python")) for spec in specs(FOLDER)}


def rights(line):
    return next(word.partition("=")[2] for word in line if word.startswith("--bounding-set="))


def test_each_process_has_its_own_rights_and_no_more():
    found = lines()
    assert rights(found["resolver"]) == "-all,+net_bind_service"
    assert rights(found["watcher"]) == rights(found["webui"]) == "-all"
    assert "+net_admin" in rights(found["enforcer"])
    users = {name: next(w for w in line if w.startswith("--reuid=")) for name, line in found.items() if name != "world"}
    assert users == {
        "enforcer": "--reuid=0", "watcher": "--reuid=64503", "resolver": "--reuid=64502", "webui": "--reuid=64504",
    }  # fmt: skip


def test_nobody_gains_rights_and_nobody_outlives_the_supervisor():
    for name, line in lines().items():
        assert line[line.index("--pdeathsig") + 1] == "KILL"
        assert name == "world" or "--no-new-privs" in line


def test_the_gateways_processes_live_in_its_namespace():
    for name, line in lines().items():
        assert (line[:2] == ["nsenter", "--net=/run/netns/cg-t1-gateway"]) == (name != "world")


def test_a_bare_lab_has_only_its_world():
    assert [spec.name for spec in specs(FOLDER, gateway=False)] == ["world"]


def test_little_of_the_callers_environment_is_passed_on():
    spec = next(s for s in specs(FOLDER) if s.name == "webui")
    given = environment(spec, FOLDER, {"LANG": "C.UTF-8", "SECRET": "x", "LD_PRELOAD": "y", "PYTHONPATH": "z"})
    assert given["CLINICGATE_RUN"] == "/run/clinicgate/lab/t1/gateway/run"
    assert given["LANG"] == "C.UTF-8"
    assert not {"SECRET", "LD_PRELOAD"} & set(given)
    assert given["PYTHONPATH"] == str(FOLDER.code)
