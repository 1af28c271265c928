"""The reading process: what it answers, and what it cannot do."""

import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway.updates import confined


def test_names_are_read_in_another_process(tmp_path: Path):
    file = tmp_path / "list"
    file.write_text("||bad.example^\n||ameli.fr^\n")
    found = confined.inspect_names(file, ("ameli.fr",))
    assert (found.format, found.rules, found.protected) == ("adblock", 2, ("ameli.fr",))


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
