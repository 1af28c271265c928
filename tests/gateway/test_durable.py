"""Files that are whole or not there."""

import resource
import signal
from pathlib import Path

import pytest

from gateway import durable


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "a"
    durable.write(file, b"one")
    durable.write(file, b"two")
    assert (file.read_bytes(), [f.name for f in tmp_path.iterdir()]) == (b"two", ["a"])
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_appears_whole_and_never_over_another(tmp_path: Path) -> None:
    (tmp_path / "1.new").mkdir()
    (tmp_path / "1.new" / "left-over").write_text("from a crash")
    durable.write_folder(tmp_path / "1", {"a": b"1", "b": b"2"})
    assert {f.name: f.read_bytes() for f in (tmp_path / "1").iterdir()} == {"a": b"1", "b": b"2"}
    with pytest.raises(FileExistsError):
        durable.write_folder(tmp_path / "1", {})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff"])
def test_what_is_no_json_object_reads_as_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert durable.read_json(tmp_path / "a") is None
    assert durable.read_json(tmp_path / "absent") is None


def test_json_comes_back(tmp_path: Path) -> None:
    durable.write_json(tmp_path / "a", {"n": 1})
    assert durable.read_json(tmp_path / "a") == {"n": 1}


def test_appending_adds_and_removing_removes(tmp_path: Path) -> None:
    durable.append(tmp_path / "a", b"1\n")
    durable.append(tmp_path / "a", b"2\n")
    assert (tmp_path / "a").read_bytes() == b"1\n2\n"
    durable.remove(tmp_path / "a")
    durable.remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_line_that_does_not_fit_leaves_nothing_of_itself(tmp_path):
    """A full disk takes a part of a write and says so only by the count."""
    path = tmp_path / "log"
    durable.append(path, b"first\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            durable.append(path, b"second line\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    durable.append(path, b"third\n")
    assert path.read_bytes() == b"first\nthird\n"


def test_json_nested_without_end_is_no_object(tmp_path):
    (tmp_path / "deep").write_text("[" * 100_000)
    assert durable.read_json(tmp_path / "deep") is None
