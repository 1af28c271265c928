"""The list commands, without an enforcer where a site is named, and against what is wrong."""

import json
from pathlib import Path

import pytest

from gateway.paths import RUN_VARIABLE, STATE_VARIABLE
from gateway.report_lists import lists_of
from gateway.updates.place import alone

GOOD = "".join(f"0.0.0.0 bad-{n}.example\n" for n in range(100))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.setenv(RUN_VARIABLE, str(tmp_path / "run"))
    return tmp_path / "state"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "malware.hosts").write_text(GOOD)
    return tmp_path / "malware.hosts"


def test_a_file_is_imported_and_shown(state, file, naika, clinicgate):
    done = clinicgate("lists", "import", file, "--site", naika)
    assert (done.returncode, done.stdout) == (0, "malware: new: 100 rules\n")
    assert (state / "lists/malware.hosts").read_text() == GOOD
    assert [(one.id, one.rules) for one in lists_of(state / "lists", 0.0)] == [("malware", 100)], "for the owner's page"
    shown = clinicgate("lists", "status", "--site", naika).stdout
    assert "malware: 100 rules of the hosts format, in use for 0 min" in shown and "from: file malware.hosts" in shown
    assert (
        json.loads(clinicgate("lists", "status", "--site", naika, "--json").stdout)["lists"][0]["about"]["rules"] == 100
    )


def test_a_shrunk_file_is_held_back_until_a_person_accepts_it(state, file, naika, clinicgate):
    clinicgate("lists", "import", file, "--site", naika)
    file.write_text("".join(GOOD.splitlines(keepends=True)[:20]))
    done = clinicgate("lists", "import", file, "--site", naika)
    assert done.returncode == 1 and "held back" in done.stdout and "--accept-change" in done.stdout
    assert clinicgate("lists", "import", file, "--site", naika, "--accept-change").returncode == 0


def test_rejected_lines_are_told_at_once(state, file, naika, clinicgate):
    file.write_text(GOOD + "<html>\n0.0.0.0 bad-1.example\n")
    done = clinicgate("lists", "import", file, "--site", naika)
    assert "malware: new: 100 rules; 2 lines rejected, `clinicgate lists status` says why" in done.stdout


def test_a_hand_placed_list_has_the_resolvers_count(state, naika, clinicgate, tmp_path):
    (state / "lists").mkdir(parents=True)
    (state / "lists/malware.hosts").write_text(GOOD)
    (tmp_path / "run/resolver").mkdir(parents=True)
    told = {"lists": [{"id": "malware", "rules": 100, "rejects": 2, "problem": ""}]}
    (tmp_path / "run/resolver/status.json").write_text(json.dumps(told))
    shown = clinicgate("lists", "status", "--site", naika).stdout
    assert "malware: 100 rules in force, in use for 0 min" in shown and "2 lines rejected" in shown


def test_a_list_without_an_address_is_left_to_people(state, naika, clinicgate):
    done = clinicgate("lists", "update", "--site", naika)
    assert done.returncode == 0 and done.stdout.startswith("malware: by hand")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("update", "nothing"), 2, "no list nothing (its lists: malware)"),
        (("import", "absent.txt"), 2, "no such file or folder"),
        (("import", "absent.txt", "--list", "nothing"), 2, "no list nothing"),
        (("import", "absent\x1b.txt", "--list", "malware"), 2, "absent\\x1b.txt: there is no such file"),
    ],
)
def test_wrong_calls_say_what_helps(state, naika, clinicgate, words, status, said):
    done = clinicgate("lists", *words, "--site", naika)
    assert done.returncode == status and said in done.stdout + done.stderr


def test_only_one_update_at_a_time(state, naika, clinicgate):
    with alone(state / "lists"):
        done = clinicgate("lists", "update", "--site", naika)
    assert done.returncode == 1 and "another update is running" in done.stderr


def test_without_an_enforcer_and_a_site(state, clinicgate):
    assert clinicgate("lists", "status").returncode == 3
