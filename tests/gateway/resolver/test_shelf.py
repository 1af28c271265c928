"""List files: mapped, kept, taken over when they change, and never a reason to stop."""

import json
import os
from pathlib import Path

import pytest

from filters import names
from filters.dns_listed import Shelved
from filters.lists import ListCompiler
from gateway.resolver.journal import Journal
from gateway.resolver.shelf import BEING_COMPILED, RETRY_SECONDS, Shelf
from gateway.updates.compiled import CompiledFolder

WANTED = {"malware": "malware.hosts"}


class Desk:
    """A shelf with its folders; `compile` does what the confined process would do."""

    def __init__(self, folder: Path) -> None:
        self.lists, self.status = folder / "lists", folder / "run/status.json"
        self.lists.mkdir()
        self.compiled = CompiledFolder(folder / "compiled")
        self.write("0.0.0.0 bad.example\n")
        self.again()

    def again(self) -> None:
        """A new process."""
        self.shelf = Shelf(self.lists, self.compiled, Journal(), self.status)

    def write(self, text: str, name: str = "malware.hosts") -> None:
        (self.lists / "new").write_text(text)
        (self.lists / "new").rename(self.lists / name)

    def compile(self) -> None:
        for text in self.shelf.waiting:
            compiler = ListCompiler(self.compiled.key())
            compiler.add(text.name, text.file.read_bytes().split(b"\n"))
            with self.compiled.writing(text.name, text.stamp) as file:
                file.writelines(compiler.finish().pieces)
            self.shelf.finished(text)

    def load(self) -> dict[str, Shelved]:
        """Until nothing waits any more."""
        self.shelf.load(WANTED)
        self.compile()
        return self.shelf.load(WANTED)

    def told(self) -> dict[str, object]:
        self.shelf.tell()
        (facts,) = json.loads(self.status.read_text())["lists"]
        assert isinstance(facts, dict)
        return facts

    def file(self) -> Path:
        """The one compiled form there is."""
        (found,) = (file for file in self.compiled._folder.iterdir() if "@" in file.name)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def lists(found: dict[str, Shelved], name: str) -> bool:
    return found["malware"].file.find(names.from_text(name)).match is not None


def test_a_list_comes_when_its_compiled_form_is_there(desk: Desk) -> None:
    assert desk.shelf.load(WANTED) == {}
    assert [text.name for text in desk.shelf.waiting] == ["malware"]
    assert desk.told()["problem"] == BEING_COMPILED
    assert not desk.shelf.changed(WANTED)
    desk.compile()
    assert desk.shelf.changed(WANTED)
    assert lists(desk.shelf.load(WANTED), "bad.example")
    assert desk.shelf.waiting == ()


def test_a_list_is_mapped_once_and_another_version_when_it_is_compiled(desk: Desk) -> None:
    first = desk.load()["malware"].file
    assert desk.shelf.load(WANTED)["malware"].file is first
    assert not desk.shelf.changed(WANTED)
    desk.write("0.0.0.0 worse.example\n")
    assert desk.shelf.changed(WANTED)
    assert desk.shelf.load(WANTED)["malware"].file is first
    desk.compile()
    assert lists(desk.shelf.load(WANTED), "worse.example")


def test_what_was_compiled_before_is_mapped_at_once(desk: Desk) -> None:
    desk.load()
    desk.again()
    assert lists(desk.shelf.load(WANTED), "bad.example")
    assert desk.shelf.waiting == ()


def test_a_version_that_was_overtaken_while_it_was_compiled_is_not_believed(desk: Desk) -> None:
    desk.shelf.load(WANTED)
    (text,) = desk.shelf.waiting
    desk.write("0.0.0.0 worse.example\n")
    desk.shelf.load(WANTED)
    desk.shelf.finished(text)
    assert desk.shelf.load(WANTED) == {}
    assert desk.shelf.waiting[0].stamp != text.stamp


@pytest.mark.parametrize("damage", ["octets", "foreign", "empty", "link", "folder"])
def test_a_damaged_compiled_form_is_made_anew(desk: Desk, damage: str, capfd: pytest.CaptureFixture[str]) -> None:
    desk.load()
    file = desk.file()
    data = file.read_bytes()
    file.unlink()
    match damage:
        case "octets":
            file.write_bytes(data[:300] + b"\xff" + data[301:])
        case "foreign":
            file.write_bytes(b"0.0.0.0 bad.example\n" * 20)
        case "empty":
            file.write_bytes(b"")
        case "link":
            file.symlink_to("/etc/passwd")
        case _:
            file.mkdir()
    desk.again()
    assert desk.shelf.load(WANTED) == {}
    assert "cannot be used, another is made" in capfd.readouterr().err
    if damage == "folder":
        file.rmdir()
    desk.compile()
    assert lists(desk.shelf.load(WANTED), "bad.example")


def test_what_stays_damaged_is_not_compiled_for_ever(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("gateway.resolver.shelf.time.monotonic", lambda: now)
    desk.shelf.load(WANTED)
    desk.compile()
    desk.file().write_bytes(b"rotten")
    assert desk.shelf.load(WANTED) == {}
    assert desk.shelf.waiting == () and "cannot be used" in str(desk.told()["problem"])
    assert not desk.shelf.changed(WANTED)
    now += RETRY_SECONDS
    assert desk.shelf.changed(WANTED)
    assert lists(desk.load(), "bad.example")


@pytest.mark.parametrize("successor", [False, True])
def test_a_list_that_is_gone_keeps_its_last_good_version(
    desk: Desk, successor: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    desk.load()
    (desk.lists / "malware.hosts").unlink()
    if successor:
        desk.again()
    assert lists(desk.shelf.load(WANTED), "bad.example")
    desk.shelf.clean()
    assert desk.file().exists()
    assert "no file malware.hosts" in str(desk.told()["problem"])
    assert "the version before stays" in capfd.readouterr().err


def test_a_list_that_cannot_be_compiled_keeps_its_last_good_version(desk: Desk) -> None:
    desk.load()
    desk.write("<html>error</html>\n")
    desk.shelf.load(WANTED)
    (text,) = desk.shelf.waiting
    desk.shelf.finished(text, "it is a web page\n\x1b[31m")
    assert lists(desk.shelf.load(WANTED), "bad.example")
    assert desk.shelf.waiting == ()
    told = desk.told()
    assert (told["rules"], told["rejects"]) == (1, 0)
    assert str(told["problem"]).startswith("it is a web page") and "\x1b" not in str(told["problem"])


def test_a_list_that_never_was_is_told_and_left_out(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    gone = {"gone": "gone.hosts"}
    assert desk.shelf.load(gone) == {}
    assert "list gone: not in use: no file gone.hosts in" in capfd.readouterr().err
    assert not desk.shelf.changed(gone)
    told = desk.told()
    assert (told["id"], told["rules"], told["compiled_at"]) == ("gone", 0, None)
    assert desk.status.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("path", ["../secret", "more/../../secret", "/etc/hosts"])
def test_paths_stay_below_the_folder(desk: Desk, path: str) -> None:
    (desk.lists.parent / "secret").write_text("bad.example\n")
    assert desk.shelf.load({"x": path}) == {}
    assert desk.shelf.waiting == () and "no file" in str(desk.told()["problem"])


def test_a_list_too_large_to_be_one_is_not_compiled(desk: Desk) -> None:
    with (desk.lists / "malware.hosts").open("r+b") as file:
        os.ftruncate(file.fileno(), 129 << 20)
    assert desk.shelf.load(WANTED) == {}
    assert desk.shelf.waiting == () and desk.told()["problem"] == "larger than 128 MiB"


def test_a_list_that_is_not_wanted_any_more_is_let_go(desk: Desk) -> None:
    desk.load()
    assert desk.shelf.load({}) == {}
    desk.shelf.clean()
    assert [file.name for file in desk.compiled._folder.iterdir()] == ["key"]


def test_a_folder_that_cannot_be_used_is_told(desk: Desk) -> None:
    desk.compiled._folder.parent.joinpath("compiled").write_text("no folder\n")
    assert desk.shelf.load(WANTED) == {}
    (text,) = desk.shelf.waiting
    desk.shelf.finished(text, "Not a directory")
    assert desk.shelf.load(WANTED) == {} and desk.told()["problem"] == "Not a directory"
