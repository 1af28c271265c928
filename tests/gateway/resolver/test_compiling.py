"""Compiling beside the running resolver: in another process, while the loop goes on."""

import asyncio
import time
from pathlib import Path

import psutil
import pytest

from gateway.resolver.compiling import Compiling
from gateway.resolver.journal import Journal
from gateway.resolver.shelf import Shelf
from gateway.updates.compiled import CompiledFolder

COMPILE_SECONDS = 60.0
WANTED = {"malware": "malware.hosts", "ads": "ads.txt"}


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "malware.hosts").write_text("0.0.0.0 bad.example\n")
    (folder / "ads.txt").write_text("ads.example\nads.example\n")
    return folder


def made(lists: Path, done: list[str]) -> tuple[Shelf, Compiling]:
    folder, journal = CompiledFolder(lists.parent / "compiled"), Journal()
    shelf = Shelf(lists, folder, journal, lists.parent / "status.json")
    return shelf, Compiling(shelf, folder, journal, lambda: done.append("done"))


def compiled(lists: Path, seconds: float = COMPILE_SECONDS) -> tuple[Shelf, list[str]]:
    """What the shelf has after compiling."""
    done: list[str] = []
    shelf, compiling = made(lists, done)

    async def run() -> None:
        shelf.load(WANTED)
        compiling.begin()
        compiling.begin()
        await compiling.finished(seconds)
        await compiling.stop()

    asyncio.run(run())
    return shelf, done


def test_every_list_that_waits_is_compiled_and_the_shelf_is_told(
    lists: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shelf, done = compiled(lists)
    assert done == ["done"] and shelf.changed(WANTED)
    assert {name: len(found.file) for name, found in shelf.load(WANTED).items()} == {"malware": 1, "ads": 1}
    said = capfd.readouterr().err
    assert "list ads: compiled 2 lines in " in said and "in a process of" in said
    assert "list ads: in force: 1 rules of the domains format, 1 lines rejected, compiled 20" in said


def test_nothing_is_begun_when_nothing_waits(lists: Path) -> None:
    done: list[str] = []
    _, compiling = made(lists, done)
    compiling.begin()
    assert compiling._task is None


def test_one_list_that_is_none_does_not_keep_the_others(lists: Path) -> None:
    (lists / "malware.hosts").write_text("<html>\n")
    shelf, _ = compiled(lists)
    assert set(shelf.load(WANTED)) == {"ads"}
    shelf.tell()
    assert "web page" in (lists.parent / "status.json").read_text()


def test_a_text_that_vanishes_before_it_is_read_is_told(lists: Path) -> None:
    shelf, compiling = made(lists, [])

    async def run() -> None:
        shelf.load(WANTED)
        (lists / "ads.txt").write_text("others.example\n" * 9)  # another version than the one that waits
        compiling.begin()
        await compiling.finished(COMPILE_SECONDS)

    asyncio.run(run())
    assert set(shelf.load(WANTED)) == {"malware"}
    assert [text.name for text in shelf.waiting] == ["ads"]


def test_stopping_ends_the_process_at_once_and_leaves_no_half_file(lists: Path) -> None:
    """The loop itself goes on meanwhile: it sees the process and stops it."""
    (lists / "ads.txt").write_text("".join(f"host-{number}.example\n" for number in range(400_000)))
    shelf, compiling = made(lists, [])
    others = set(psutil.Process().children())  # of other tests

    async def run() -> set[psutil.Process]:
        shelf.load({"ads": "ads.txt"})
        compiling.begin()
        while not (children := set(psutil.Process().children()) - others):  # noqa: ASYNC110 - nobody tells of a child
            await asyncio.sleep(0.001)
        began = time.monotonic()
        await compiling.stop()
        assert time.monotonic() - began < COMPILE_SECONDS
        return children

    async def bounded() -> set[psutil.Process]:
        async with asyncio.timeout(COMPILE_SECONDS):
            return await run()

    assert not any(child.is_running() for child in asyncio.run(bounded()))
    assert [file.name for file in (lists.parent / "compiled").iterdir()] == ["key"]
