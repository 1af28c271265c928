"""What the resolver says about itself: written whole, read with suspicion, told in words."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.vitals import FRESH_SECONDS, ListState, Vitals, read_lists, read_vitals, words, write_vitals

NOW = 1_800_000_000.0
FINE = Vitals(NOW, "running", "1.22.0", strict=True, upstreams="answer")
IN_FORCE = ListState("malware", 120, 3, "")


def told(vitals: Vitals | None, *lists: ListState) -> str:
    return "\n".join(words(vitals, lists))


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "resolver" / "vitals.json"
    for vitals in (FINE, Vitals(NOW, "down", restarts=3, trouble="it ended", upstreams="silent", overload=9)):
        write_vitals(path, vitals)
        assert read_vitals(path, NOW + 1) == vitals
    assert [one.name for one in path.parent.iterdir()] == ["vitals.json"]
    assert path.stat().st_mode & 0o777 == 0o644
    write_vitals(Path("/proc/nowhere/vitals.json"), FINE)


@pytest.mark.parametrize("later", [-FRESH_SECONDS - 1, FRESH_SECONDS + 1])
def test_what_was_said_long_ago_or_in_the_future_says_nothing(tmp_path: Path, later: float) -> None:
    write_vitals(tmp_path / "v", FINE)
    assert read_vitals(tmp_path / "v", NOW + later) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000, b'{"at": true}', b'{"at": "now"}', b'{"at": NaN}']
)
def test_a_broken_file_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v").write_bytes(content)
    assert read_vitals(tmp_path / "v", NOW) is None
    assert read_lists(tmp_path / "v") == ()


@pytest.mark.parametrize("kind", ["pipe", "link", "endless", "folder"])
def test_what_is_no_file_says_nothing_and_holds_nobody(tmp_path: Path, kind: str) -> None:
    write_vitals(tmp_path / "real", FINE)
    path = tmp_path / "v"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "real" if kind == "link" else "/dev/zero")
    assert read_vitals(path, NOW) is None
    assert read_lists(path) == ()


def test_what_is_in_it_is_believed_by_type_and_bound_only(tmp_path: Path) -> None:
    trouble = "a\x1b[31m" + "b" * 999
    trouble = "a\x1b[31m" + "b" * 999
    odd = {"at": NOW, "recursion": "x", "strict": 1, "restarts": -2, "trouble": trouble, "overload": "many"}
    odd |= {"upstreams": [], "version": {}}
    (tmp_path / "v").write_text(json.dumps(odd))
    found = read_vitals(tmp_path / "v", NOW)
    assert found is not None
    assert "\x1b" not in found.trouble
    assert len(found.trouble) <= 300
    assert replace(found, trouble="") == Vitals(NOW)
    (tmp_path / "v").write_text(json.dumps({"lists": [7, {"id": "a", "rules": "x"}, {"problem": None}]}))
    assert read_lists(tmp_path / "v") == (ListState("a", 0, 0, ""), ListState("", 0, 0, ""))


def test_the_shelfs_own_status_file_is_understood(tmp_path: Path) -> None:
    rows = [{"id": "malware", "format": "hosts", "rules": 120, "rejects": 3, "compiled_at": None, "problem": ""}]
    (tmp_path / "s").write_text(json.dumps({"lists": rows}))
    assert read_lists(tmp_path / "s") == (IN_FORCE,)


def test_a_list_is_missing_refused_or_neither() -> None:
    for one, missing, refused in (
        (IN_FORCE, False, False),
        (replace(IN_FORCE, rules=0, problem="no file"), True, False),
        (replace(IN_FORCE, rules=0, problem="being compiled"), False, False),
        (replace(IN_FORCE, problem="being compiled"), False, False),
        (replace(IN_FORCE, problem="it is a web page"), False, True),
    ):
        assert (one.missing, one.refused) == (missing, refused)


def test_words_name_what_is_wrong_and_the_way_out() -> None:
    assert told(FINE, IN_FORCE) == (
        "Names: our own Unbound 1.22.0 asks the internet itself and validates DNSSEC\nList malware: 120 rules in force"
    )
    assert "time is not known to be right" in told(replace(FINE, strict=False, restarts=2))
    assert "restarted 2 times" in told(replace(FINE, strict=False, restarts=2))
    down = told(
        replace(FINE, recursion="down", trouble="install the Debian package unbound", upstreams="silent", overload=5)
    )
    for part in (
        "IS NOT RUNNING (install the Debian package unbound)",
        "NO UPSTREAM ANSWERS",
        "5 questions turned away",
    ):
        assert part in down
    assert told(Vitals(NOW)) == "Names: the site's upstreams are asked"
    assert "is it running?" in told(None)
    assert "NOT IN FORCE; no file" in told(FINE, ListState("x", 0, 0, "no file"))
