"""The reading commands, as a technician types them."""

import json
import os
import subprocess

import pytest


def test_check_says_what_is_in_a_right_file(clinicgate, naika):
    done = clinicgate("check", naika)
    assert done.returncode == 0, done.stderr
    assert "10 zones, 18 devices" in done.stdout
    assert "every invariant holds" in done.stdout


def test_check_names_every_problem_at_once_at_its_line(clinicgate, broken):
    done = clinicgate("check", broken)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    places = {line.split(": error: ")[0].rsplit("/", 1)[-1]: line.split(": error: ")[1] for line in lines}
    text = broken.read_text().splitlines()
    for where, word in (("mgmnt", "no zone 'mgmnt'"), ("foo: 1", "unknown key 'foo'"), ("2020-12-31", "expired")):
        number = next(i for i, line in enumerate(text, 1) if where in line)
        assert any(place.startswith(f"site.yaml:{number}:") and word in what for place, what in places.items()), lines
    assert "Traceback" not in done.stderr


def test_check_for_machines_holds_the_same(clinicgate, broken):
    done = clinicgate("check", broken, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["ok"] is False
    assert {p["code"] for p in answer["problems"]} >= {"dangling", "unknown-key", "expired"}
    assert all(p["line"] > 0 and p["column"] > 0 and p["file"] == str(broken) for p in answer["problems"])


@pytest.mark.parametrize("word", ["check", "compile", "lint", "prove"])
def test_a_file_that_is_not_there_is_an_error_with_a_way_out(clinicgate, tmp_path, word):
    done = clinicgate(word, tmp_path / "none.yaml")
    assert done.returncode == 2
    assert "No such file" in done.stderr and "Traceback" not in done.stderr


def test_a_folder_is_no_site_file(clinicgate, tmp_path):
    done = clinicgate("check", tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_a_pipe_or_a_device_is_no_site_file(clinicgate, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        done = clinicgate("check", path)
        assert done.returncode == 2 and "no regular file" in done.stderr


def test_compile_prints_the_same_text_each_time(clinicgate, naika):
    one, two = clinicgate("compile", naika), clinicgate("compile", naika)
    assert one.returncode == 0 and one.stdout == two.stdout
    assert "type filter hook forward priority 0; policy drop;" in one.stdout


def test_compile_and_schema_speak_to_machines(clinicgate, naika, broken):
    assert json.loads(clinicgate("compile", naika, "--json").stdout) == {"nft": clinicgate("compile", naika).stdout}
    done = clinicgate("compile", broken, "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["problems"]
    assert clinicgate("schema", "--json").stdout == clinicgate("schema").stdout


def test_compile_of_a_wrong_file_prints_no_policy(clinicgate, broken):
    done = clinicgate("compile", broken)
    assert done.returncode == 1 and done.stdout == ""


@pytest.mark.netns
def test_what_compile_prints_is_what_the_kernel_takes(clinicgate, naika):
    text = clinicgate("compile", naika).stdout
    command = ["unshare", "-n", "nft", "-c", "-f", "-"]
    checked = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_explain_names_the_rule_and_the_nearest_permit(clinicgate, naika):
    done = clinicgate("explain", naika, "--from", "camera-1", "--to", "198.51.100.7", "--tcp", 443)
    assert done.returncode == 0 and "REFUSED" in done.stdout and "core:refused:cam" in done.stdout
    done = clinicgate("explain", naika, "--from", "reception-1", "--to", "emr", "--tcp", 8443, "--json")
    answer = json.loads(done.stdout)
    line = next(i for i, text in enumerate(naika.read_text().splitlines(), 1) if text.startswith("  emr-clients:"))
    assert answer["verdict"] == "accept"
    assert {(c["rule"], c["from"]["line"]) for c in answer["checks"]} == {("permit:emr-clients", line)}


def test_explain_of_a_word_that_means_nothing(clinicgate, naika):
    done = clinicgate("explain", naika, "--from", "nobody", "--to", "emr", "--tcp", 443)
    assert done.returncode == 1 and "nobody" in done.stdout


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "44３"])
def test_a_port_that_is_none_is_refused(clinicgate, naika, port):
    done = clinicgate("explain", naika, "--from", "camera-1", "--to", "emr", f"--tcp={port}")
    assert done.returncode == 2 and "is no port" in done.stderr


def test_plan_says_who_gains(clinicgate, naika, tmp_path):
    new = tmp_path / "new.yaml"
    new.write_text(naika.read_text().replace("{from: reception-1, to: nvr,", "{from: pc, to: nvr,"))
    done = clinicgate("plan", naika, new)
    assert done.returncode == 0 and "zone pc may now reach nvr" in done.stdout
    assert clinicgate("plan", naika, naika).stdout == "Nothing changes.\n"
    text = clinicgate("plan", naika, new, "--nft").stdout
    assert any(line.startswith("-") and "permit:nvr-view" in line for line in text.splitlines())


def test_lint_knows_what_ends_soon(clinicgate, naika):
    done = clinicgate("lint", naika, "--at", "2027-12-20")
    assert done.returncode == 0 and "nvr-view" in done.stdout


def test_a_permit_that_ended_is_an_error_on_that_day(clinicgate, naika):
    assert clinicgate("check", naika, "--at", "2027-12-31T22:00+09:00").returncode == 0
    done = clinicgate("check", naika, "--at", "2028-01-01T00:00+09:00")
    assert done.returncode == 1 and "nvr-view: expired" in done.stderr
    assert clinicgate("check", naika, "--at", "tomorrow").returncode == 2


def test_the_schema_is_json_schema_with_descriptions(clinicgate):
    schema = json.loads(clinicgate("schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    zone = schema["$defs"]["Zone"]["properties"]
    assert zone["role"]["description"] and zone["vlan"]["description"]
    assert schema["$defs"]["Permit"]["properties"].keys() >= {"from", "to", "services", "reason", "owner", "expires"}
