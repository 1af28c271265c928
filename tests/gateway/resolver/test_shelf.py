"""List files: found, kept, read again when they change, and never a reason to stop."""

from pathlib import Path

import pytest

from filters import names
from filters.lists import CompiledList, suffix_keys
from gateway.resolver.journal import Journal
from gateway.resolver.shelf import Shelf

KEY = b"tests"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "more").mkdir()
    (tmp_path / "malware.hosts").write_text("0.0.0.0 bad.example\n")
    return Shelf((tmp_path, tmp_path / "more"), KEY, Journal())


def lists(compiled: CompiledList, name: str) -> bool:
    return compiled.find(suffix_keys(names.from_text(name), KEY)) is not None


def test_a_list_is_read_once_and_again_when_it_changed(shelf: Shelf, tmp_path: Path) -> None:
    wanted = {"malware": "malware.hosts"}
    first = shelf.load(wanted)["malware"]
    assert lists(first, "bad.example")
    assert shelf.load(wanted)["malware"] is first
    assert not shelf.changed(wanted)
    new = tmp_path / "malware.new"
    new.write_text("0.0.0.0 worse.example\n")
    new.rename(tmp_path / "malware.hosts")
    assert shelf.changed(wanted)
    assert lists(shelf.load(wanted)["malware"], "worse.example")


def test_the_second_folder_is_searched_too(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "more" / "ads.txt").write_text("ads.example\n")
    assert lists(shelf.load({"ads": "ads.txt"})["ads"], "ads.example")


@pytest.mark.parametrize("content", [None, "<html>error</html>\n", ""])
def test_a_list_that_breaks_keeps_its_last_good_version(
    shelf: Shelf, tmp_path: Path, content: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = {"malware": "malware.hosts"}
    good = shelf.load(wanted)["malware"]
    path = tmp_path / "malware.hosts"
    path.unlink()
    if content is not None:
        path.write_text(content)
    assert shelf.load(wanted)["malware"] is good
    assert "the version read before stays" in capfd.readouterr().err


def test_a_list_that_never_was_is_told_and_left_out(shelf: Shelf, capfd: pytest.CaptureFixture[str]) -> None:
    assert shelf.load({"gone": "gone.hosts"}) == {}
    assert "list gone: not read: no gone.hosts in" in capfd.readouterr().err
    assert not shelf.changed({"gone": "gone.hosts"})


@pytest.mark.parametrize("path", ["../secret", "more/../../secret", "/etc/hosts"])
def test_paths_stay_below_the_folders(shelf: Shelf, tmp_path: Path, path: str) -> None:
    (tmp_path.parent / "secret").write_text("bad.example\n")
    assert shelf.load({"x": path}) == {}
    (tmp_path.parent / "secret").unlink()


def test_a_list_that_is_not_wanted_any_more_is_let_go(shelf: Shelf) -> None:
    wanted = {"malware": "malware.hosts"}
    first = shelf.load(wanted)["malware"]
    assert shelf.load({}) == {}
    assert shelf.load(wanted)["malware"] is not first
