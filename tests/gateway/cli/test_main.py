"""The command line as a whole: help, unknown words, exit statuses, and what a user never sees."""

import subprocess
import sys

import pytest

from gateway.cli.main import build_parser, main


def test_every_command_has_a_help_line(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    for command in ("check", "compile", "lint", "schema", "explain", "plan", "prove", "apply", "confirm", "rollback",
                    "generations", "status", "quarantine", "dns", "audit", "lab", "demo"):  # fmt: skip
        following = text.split(f"\n    {command}", 1)[1].split()
        assert len(following) > 3, command


@pytest.mark.parametrize("words", [[], ["no-such-command"], ["check"], ["lab"], ["quarantine", "add", "x"]])
def test_a_wrong_call_is_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(words)
    assert ended.value.code == 2 and "usage: clinicgate" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error():
    script = f"{sys.executable} -m gateway.cli schema | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


def test_an_error_of_the_system_is_one_line(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    status = main(["prove", "ruleset/examples/dental-imaging.yaml", "--report", str(blocked / "folder")])
    error = capsys.readouterr().err
    assert status == 2 and error.count("\n") == 1 and "Not a directory" in error
