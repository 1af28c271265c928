"""Reading as another user, who may write nothing: with the writer alive, killed, cleanly closed, and starting again.

The writer's folder belongs to root and the file to root's group 4242; the reader is uid 65534 in that group.
"""

import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path

import pytest

from gateway.events import Blocked, Kind, Source
from gateway.store import reader
from gateway.store.batch import Batch, day_in
from gateway.store.reader import StoreUnavailableError, read
from gateway.store.writer import EventWriter

OTHER_USER, SHARED_GROUP = 65534, 4242
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changing the user needs root")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user can enter but not write to, whose files belong to the shared group (setgid)."""
    path = Path(tempfile.mkdtemp(prefix="store-test-"))
    os.chown(path, 0, SHARED_GROUP) if os.geteuid() == 0 else None
    path.chmod(0o2750)
    yield path
    shutil.rmtree(path)


def write(writer: EventWriter, count: int) -> None:
    batch = Batch(day_in(UTC))
    batch.blocked(
        Blocked(Kind.PACKET_REFUSED, 1e9, Source("cam", "camera-1"), "192.0.2.1", "internet", "icmp", "r", count)
    )
    writer.write(batch)


def total(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(sum(count), 0) FROM blocked").fetchone()[0])


def in_child(action: Callable[[], str], *, stay: bool = False) -> tuple[str, int]:
    """Run `action` in a forked process and return what it said, and its pid; with `stay` it waits to be killed."""
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer = action()
        except BaseException as error:  # noqa: BLE001 - the parent must hear of it, whatever it is
            answer = f"{type(error).__name__}: {error}"
        os.write(send, answer.encode())
        os.close(send)
        while stay:
            signal.pause()
        os._exit(0)
    os.close(send)
    answer = os.read(receive, 10_000).decode()
    os.close(receive)
    if not stay:
        os.waitpid(pid, 0)
    return answer, pid


def as_other_user(path: Path) -> str:
    def action() -> str:
        os.setgroups([])
        os.setgid(SHARED_GROUP)
        os.setuid(OTHER_USER)
        assert not os.access(path, os.W_OK)
        assert not os.access(path.parent, os.W_OK)
        return str(read(path, total))

    return in_child(action)[0]


@needs_root
def test_another_user_reads_while_the_writer_is_open(folder: Path):
    writer = EventWriter(folder / "events.sqlite")
    write(writer, 7)
    assert as_other_user(folder / "events.sqlite") == "7"
    write(writer, 1)
    assert as_other_user(folder / "events.sqlite") == "8"
    writer.close()


@needs_root
def test_another_user_reads_after_a_clean_close_and_after_a_new_start(folder: Path):
    path = folder / "events.sqlite"
    writer = EventWriter(path)
    write(writer, 7)
    writer.close()
    assert [entry.name for entry in folder.iterdir()] == ["events.sqlite"]  # the case that plain mode=ro cannot open
    assert as_other_user(path) == "7"
    writer = EventWriter(path)
    write(writer, 2)
    assert as_other_user(path) == "9"
    writer.close()


@needs_root
def test_another_user_reads_after_the_writer_was_killed(folder: Path):
    path = folder / "events.sqlite"

    def write_and_stay() -> str:
        write(EventWriter(path), 5)
        return "written"

    said, pid = in_child(write_and_stay, stay=True)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert said == "written"
    assert path.with_name("events.sqlite-wal").exists()
    assert as_other_user(path) == "5"


@needs_root
def test_a_user_outside_the_group_reads_nothing(folder: Path):
    writer = EventWriter(folder / "events.sqlite")
    write(writer, 7)
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in folder.iterdir()}
    writer.close()
    assert modes == dict.fromkeys(["events.sqlite", "events.sqlite-wal", "events.sqlite-shm"], 0o640)


def test_a_read_that_a_starting_writer_overtakes_is_repeated(folder: Path, monkeypatch: pytest.MonkeyPatch):
    path = folder / "events.sqlite"
    writer = EventWriter(path)
    write(writer, 7)
    writer.close()
    honest = reader._open
    opened = []

    def as_if_unprivileged(at: Path) -> tuple[sqlite3.Connection, bool]:  # root could always create the WAL
        opened.append(at)
        return (reader._connect(at, "mode=ro&immutable=1"), True) if len(opened) == 1 else honest(at)

    monkeypatch.setattr(reader, "_open", as_if_unprivileged)
    started: list[EventWriter] = []

    def slow_query(connection: sqlite3.Connection) -> int:
        if not started:
            started.append(EventWriter(path))
            write(started[0], 1)
        return total(connection)

    assert read(path, slow_query) == 8
    assert len(opened) == 2
    started[0].close()


def test_the_reader_cannot_write_even_as_root(folder: Path):
    EventWriter(folder / "events.sqlite").close()
    with pytest.raises(StoreUnavailableError, match="readonly"):
        read(folder / "events.sqlite", lambda connection: connection.execute("DELETE FROM blocked"))


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_a_missing_empty_or_broken_store_is_named_with_a_way_out(folder: Path, content: bytes | None):
    path = folder / "events.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreUnavailableError, match=r"events\.sqlite"):
        read(path, total)
