"""What is left for the process after this one: whole or nothing, and nothing that waits."""

import asyncio
import os
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace

import pytest

from filters.dns_exchange import Upstream
from gateway.resolver import warm
from gateway.resolver.config import ResolverConfig, ZoneConfig
from gateway.resolver.journal import Journal
from gateway.resolver.warm import Warm, mark_of
from tests.filters.test_dns_warm import kept

CONFIG = ResolverConfig("clinic.home.arpa", (), (Upstream("198.51.100.53"),))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(warm, "time", SimpleNamespace(monotonic=lambda: 130.0))
    monkeypatch.setattr(warm, "STEP_SECONDS", 0.0)
    return tmp_path / "resolver" / "cache"


def left(file: Path, config: ResolverConfig = CONFIG, hosts: int = 120) -> None:
    """What a process with so many answers leaves."""
    memory = Warm(file, kept(*(f"host{n}.example" for n in range(hosts))), lambda: True, Journal())
    memory.adopt(config)
    asyncio.run(memory.write())


def found(file: Path, config: ResolverConfig = CONFIG) -> int:
    """With how much a successor begins."""
    cache = kept()
    Warm(file, cache, lambda: True, Journal()).adopt(config)
    return len(cache)


def test_a_successor_begins_with_what_was_there(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    left(file, hosts=100)
    assert found(file) == 100
    assert "begins with 100 answers of the process before" in capfd.readouterr().err
    assert [one.name for one in file.parent.iterdir()] == ["cache"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_nothing_there_is_nothing_to_tell(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert found(file) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("what", ["damaged", "link", "folder", "anothers"])
def test_what_is_not_our_whole_file_is_told_and_left(file: Path, what: str, capfd: pytest.CaptureFixture[str]) -> None:
    left(file)
    match what:
        case "damaged":
            file.write_bytes(file.read_bytes()[:-40])
        case "link":
            file.rename(file.with_name("other"))
            file.symlink_to(file.with_name("other"))
        case "folder":
            file.unlink()
            file.mkdir()
        case _:
            if os.geteuid() != 0:
                pytest.skip("giving files to others takes root")
            os.chown(file, 64502, 64502)
    assert found(file) == 0
    assert "cache: begins empty" in capfd.readouterr().err


@pytest.mark.parametrize(
    "other",
    [
        replace(CONFIG, upstreams=(Upstream("198.51.100.54"),)),
        replace(CONFIG, remove_ech=False),
        replace(CONFIG, routes={b"\1x\0": ()}),
        replace(CONFIG, zones=(ZoneConfig("pc", (ip_network("192.0.2.0/24"),), ()),)),
    ],
)
def test_under_another_configuration_it_is_forgotten(file: Path, other: ResolverConfig) -> None:
    left(file)
    assert mark_of(other) != mark_of(CONFIG)
    assert found(file, other) == 0
    cache = kept()
    memory = Warm(file, cache, lambda: True, Journal())
    memory.adopt(CONFIG)
    assert len(cache) == 100
    memory.adopt(other)
    assert len(cache) == 0


def test_after_a_boot_it_is_forgotten(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left(file)
    monkeypatch.setattr(warm, "BOOT", tmp_path / "boot_id")
    assert found(file) == 0


def test_lists_and_policies_may_change(file: Path) -> None:
    left(file)
    assert found(file, replace(CONFIG, lists={"malware": "malware.hosts"}, protected=("ameli.fr",))) == 100


def test_a_snapshot_follows_what_is_new_and_only_that(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "PAUSE_SECONDS", 0.0)
    cache, trusted = kept("www.example"), False
    memory = Warm(file, cache, lambda: trusted, Journal())
    memory.adopt(CONFIG)
    written: list[int] = []

    async def count() -> None:
        written.append(cache.changes)
        memory._written = cache.changes

    memory.write = count  # type: ignore[method-assign]

    async def run() -> None:
        nonlocal trusted
        task = asyncio.create_task(memory.run())
        await turns()
        assert written == []
        trusted = True
        await turns()
        for key in kept("mail.example").held():
            answer = kept("mail.example").get(key, 130.0)
            assert answer is not None
            cache.put(key, answer)
        await turns()
        task.cancel()

    asyncio.run(run())
    assert written == [1, 2]


async def turns() -> None:
    """A few of the loop's."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_folder_that_cannot_be_written_costs_only_the_memory(
    file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(warm, "PAUSE_SECONDS", 0.0)
    file.parent.write_text("no folder")
    memory = Warm(file, kept("www.example"), lambda: True, Journal())
    memory.adopt(CONFIG)

    async def run() -> None:
        task = asyncio.create_task(memory.run())
        for _ in range(2000):
            await asyncio.sleep(0.01)
            if "cannot be kept" in capfd.readouterr().err:
                break
        else:
            pytest.fail("nobody was told")
        assert not task.done()
        task.cancel()

    asyncio.run(run())


def test_answers_that_come_while_a_snapshot_is_written_do_no_harm(file: Path) -> None:
    cache = kept(*(f"host{n}.example" for n in range(100)))
    memory = Warm(file, cache, lambda: True, Journal())
    memory.adopt(CONFIG)

    async def run() -> None:
        writing = asyncio.create_task(memory.write())
        for number in range(100):
            await asyncio.sleep(0)
            other = kept(f"new{number}.example")
            for key in other.held():
                answer = other.get(key, 130.0)
                assert answer is not None
                cache.put(key, answer)
        await writing

    asyncio.run(run())
    assert 0 < found(file) <= 100
    assert memory._written != cache.changes
