"""The reading process: what it answers, and what it cannot do."""

import asyncio
import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from filters import names
from filters.lists import ListFile
from gateway.updates import confined

KEY = b"a key of the tests"


def test_names_are_read_in_another_process(tmp_path: Path):
    file = tmp_path / "list"
    file.write_text("||bad.example^\n||ameli.fr^\n")
    found = confined.inspect_names(file, ("ameli.fr",))
    assert (found.format, found.rules, found.protected) == ("adblock", 2, ("ameli.fr",))


def test_names_are_compiled_under_a_key_that_no_command_line_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file, commands = tmp_path / "list", []
    file.write_text("||bad.example^\n")
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda words, **more: commands.append(words) or run(words, **more))
    with (tmp_path / "out").open("wb") as out:
        found = confined.inspect_names(file, (), confined.Compile("malware", KEY, out))
    assert looked_up(tmp_path / "out") and found.rules == 1
    assert 1 << 20 < found.memory < confined.MEMORY_OCTETS
    assert KEY.decode() not in str(commands) and KEY.hex() not in str(commands)


def test_names_are_compiled_in_a_running_loop(tmp_path: Path):
    (tmp_path / "list").write_text("||bad.example^\n")
    with (tmp_path / "list").open("rb") as text, (tmp_path / "out").open("wb") as out:
        found = asyncio.run(confined.compile_names(text, confined.Compile("malware", KEY, out)))
    assert looked_up(tmp_path / "out") and found.format == "adblock"


@pytest.mark.parametrize(("seconds", "text", "words"), [(0, "||x^", "more than 0 s"), (600, "<html>", "web page")])
def test_what_fails_in_a_running_loop_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, text: str, words: str
):
    monkeypatch.setattr(confined, "WALL_SECONDS", seconds)
    (tmp_path / "list").write_text(f"{text}\n")
    with (
        (tmp_path / "list").open("rb") as source,
        (tmp_path / "out").open("wb") as out,
        pytest.raises(confined.UnfitError, match=words),
    ):
        asyncio.run(confined.compile_names(source, confined.Compile("malware", KEY, out)))


def looked_up(file: Path) -> bool:
    return ListFile(memoryview(file.read_bytes()), KEY).find(names.from_text("bad.example")).match is not None


def test_addresses_are_written_for_the_enforcer(tmp_path: Path):
    file, kept = tmp_path / "list", tmp_path / "kept"
    file.write_text("9.9.9.9\n10.1.1.1\n5.6.7.0/24\n")
    found = confined.inspect_addresses(file, [ip_network("10.0.0.0/8")], kept)
    assert found.rules == 2 and kept.read_text() == "9.9.9.9/32\n5.6.7.0/24\n"


@pytest.mark.parametrize(("text", "words"), [("<html>\n", "web page"), ("", "no line of its beginning")])
def test_what_is_no_list_is_unfit(tmp_path: Path, text: str, words: str):
    file = tmp_path / "list"
    file.write_text(text)
    with pytest.raises(confined.UnfitError, match=words):
        confined.inspect_names(file, ())


CHECK = """
import os, sys
from gateway.updates.__main__ import confine
confine()
for what in sys.argv[1:]:
    try:
        if what == "memory": bytearray(600 << 20)
        if what == "file": os.write(os.open("big", os.O_WRONLY), b"x" * 10)
        if what == "process": os.fork()
        print(what, "could")
    except (MemoryError, OSError) as error:
        print(what, type(error).__name__)
"""


def test_the_process_has_neither_memory_nor_rights(tmp_path: Path):
    (tmp_path / "big").write_bytes(b"")
    (tmp_path / "big").chmod(0o600)
    wanted = ["memory", "file", "process"] if os.geteuid() == 0 else ["memory"]
    env = {"PYTHONPATH": str(confined.ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *wanted], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    refused = {"memory": "MemoryError", "file": "PermissionError", "process": "BlockingIOError"}
    assert done.stdout.split("\n")[:-1] == [f"{what} {refused[what]}" for what in wanted]


ORDER = """
import resource, sys
from gateway.updates import __main__ as entry
def read(*_):
    sys.exit(int(resource.getrlimit(resource.RLIMIT_AS)[1] != entry.MEMORY_OCTETS))
entry.inspect_names = read
entry.main()
"""


def test_the_limits_stand_before_the_first_octet_is_read():
    words = [sys.executable, "-c", ORDER, '{"protected": []}']
    assert subprocess.run(words, env={"PYTHONPATH": str(confined.ROOT)}, check=False).returncode == 0
