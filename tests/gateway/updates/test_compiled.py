"""Compiled lists on disk: found by the version of their text, whole or not at all, and nobody else's."""

import os
import threading
import time
from pathlib import Path

import pytest

from filters import names
from filters.lists import ListCompiler, ListFileError
from gateway.updates.compiled import DRAFT, DRAFT_SECONDS, KEY, CompiledFolder, Stamp

STAMP, OTHER = Stamp(1, 2, 3), Stamp(1, 2, 4)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "compiled"


@pytest.fixture
def folder(place: Path) -> CompiledFolder:
    made = CompiledFolder(place)
    key = made.key()
    with made.writing("malware", STAMP) as file:
        file.writelines(pieces(key))
    return made


def pieces(key: bytes) -> list[memoryview]:
    compiler = ListCompiler(key)
    compiler.add("malware", [b"||bad.example^"])
    return list(compiler.finish().pieces)


def files(place: Path) -> set[str]:
    return {file.name for file in place.iterdir()}


def test_a_compiled_list_is_found_by_its_name_and_the_version_of_its_text(folder: CompiledFolder) -> None:
    mapped = folder.open("malware", STAMP)
    assert mapped is not None
    assert mapped.file.find(names.from_text("www.bad.example")).match is not None
    assert abs(mapped.made.timestamp() - time.time()) < 3600
    assert folder.open("malware", OTHER) is None
    assert folder.open("ads", STAMP) is None


def test_the_key_is_made_once_and_for_nobody_else(place: Path) -> None:
    key = CompiledFolder(place).key()
    assert len(key) == 32 and CompiledFolder(place).key() == key
    assert (place.stat().st_mode & 0o777, (place / KEY).stat().st_mode & 0o777) == (0o700, 0o600)


def test_two_who_make_the_key_at_once_get_the_same(place: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(CompiledFolder(place).key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1
    assert files(place) == {KEY}


def test_a_damaged_key_is_made_anew_and_the_files_of_the_old_one_are_not_believed(
    folder: CompiledFolder, place: Path
) -> None:
    (place / KEY).write_bytes(b"short")
    with pytest.raises(ListFileError, match="another key"):
        folder.open("malware", STAMP)
    assert len(folder.key()) == 32


@pytest.mark.parametrize("damage", ["octet", "cut", "empty", "foreign", "grown"])
def test_a_damaged_file_is_told_from_a_sound_one(folder: CompiledFolder, place: Path, damage: str) -> None:
    file = place / f"malware@{STAMP}"
    data = bytearray(file.read_bytes())
    match damage:
        case "octet":
            data[len(data) // 2] ^= 1
        case "cut":
            del data[-8:]
        case "empty":
            data.clear()
        case "foreign":
            data[:] = b"0.0.0.0 bad.example\n" * 20
        case _:
            data += b"\0"
    file.write_bytes(data)
    with pytest.raises(ListFileError):
        folder.open("malware", STAMP)


def test_a_link_is_not_followed(folder: CompiledFolder, place: Path) -> None:
    (place / f"ads@{STAMP}").symlink_to(place / f"malware@{STAMP}")
    with pytest.raises(OSError, match="symbolic links"):
        folder.open("ads", STAMP)


def test_what_fails_half_way_leaves_nothing(folder: CompiledFolder, place: Path) -> None:
    def fail() -> None:
        with folder.writing("ads", STAMP) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert files(place) == {KEY, f"malware@{STAMP}"}


def test_a_file_made_elsewhere_is_taken(folder: CompiledFolder, place: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"".join(pieces(folder.key())))
    made.chmod(0o644)
    folder.take(made, "ads", STAMP)
    assert folder.open("ads", STAMP) is not None
    assert (place / f"ads@{STAMP}").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files to others takes root")
def test_what_root_makes_belongs_to_the_folders_owner(place: Path) -> None:
    place.mkdir(mode=0o700)
    os.chown(place, 64502, 64502)
    folder = CompiledFolder(place)
    with folder.writing("malware", STAMP) as file:
        file.writelines(pieces(folder.key()))
    assert {(file.stat().st_uid, file.stat().st_mode & 0o777) for file in place.iterdir()} == {(64502, 0o600)}


def test_cleaning_keeps_what_is_used_and_what_is_being_written(folder: CompiledFolder, place: Path) -> None:
    for name in (f"malware@{OTHER}", f"gone@{STAMP}", f"{DRAFT}now", f"{DRAFT}killed"):
        (place / name).write_bytes(b"")
    past = time.time() - 2 * DRAFT_SECONDS
    os.utime(place / f"{DRAFT}killed", (past, past))
    folder.clean([("malware", STAMP)])
    assert files(place) == {KEY, f"malware@{STAMP}", f"{DRAFT}now"}


def test_a_stamp_tells_versions_of_a_text_apart(tmp_path: Path) -> None:
    text = tmp_path / "list"
    assert Stamp.of_file(text) is None and Stamp.of_file(tmp_path) is None
    text.write_text("a.example\n")
    first = Stamp.of_file(text)
    renamed = text.rename(tmp_path / "renamed")
    assert Stamp.of_file(renamed) == first
    renamed.write_text("bb.example\n")
    assert Stamp.of_file(renamed) != first
