"""Our own Unbound: good and bogus names of a signed zone, an unknown time, a missing package, a killed process."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import psutil
import pytest

from gateway.resolver import unbound
from gateway.resolver.journal import Journal
from gateway.resolver.unbound_config import Places
from tests.gateway.resolver.signed import ORIGIN, SignedZone, served, stub
from tests.gateway.resolver.world import Authority, Running, config


def readable(folder: Path, zone: SignedZone) -> Path:
    """The zone's trust anchor, where another user can read it."""
    anchor = folder / "anchor"
    anchor.write_text(zone.anchor)
    for place in (folder, *folder.parents[:2]):
        place.chmod(place.stat().st_mode | 0o055)
    return anchor


def status_of(process: psutil.Process) -> str:
    return Path(f"/proc/{process.pid}/status").read_text()


@contextlib.asynccontextmanager
async def recursor(folder: Path, zone: SignedZone, known):
    """One that runs and trusts that zone's key; `moved` counts how often it said where it is."""
    anchor, moved = readable(folder, zone), []
    with served(zone) as port:
        made = unbound.Recursor(lambda: moved.append(1), Journal(), Places(anchor=anchor, more=stub(port)), known)
        made.start()
        async with asyncio.timeout(60):
            while not made.upstreams:  # a busy machine may need longer than it waits itself
                await made.ready()
                await asyncio.sleep(0.01)
        try:
            yield made, moved
        finally:
            await made.stop()


async def ask(made: unbound.Recursor, name: str) -> dns.message.Message:
    query = dns.message.make_query(f"{name}.{ORIGIN}", "A", want_dnssec=True)
    (where,) = made.upstreams
    return await dns.asyncquery.udp(query, where.address, 5, where.port)


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if one.name() == "unbound"]


def test_good_is_validated_and_bogus_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with recursor(tmp_path, SignedZone(), lambda: True) as (made, _):
            good, bogus = await ask(made, "good"), await ask(made, "bogus")
            assert good.rcode() == dns.rcode.NOERROR and good.flags & dns.flags.AD
            assert bogus.rcode() == dns.rcode.SERVFAIL
            (process,) = children()
            assert process.memory_info().rss < 64 << 20
            status = status_of(process)
            assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
            assert os.getuid() != 0 or process.uids().real != 0
        assert children() == []

    asyncio.run(scenario())


def test_with_an_unknown_time_old_signatures_are_answered_until_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(unbound, "LOOK_SECONDS", 0.05)
    past, known = SignedZone(datetime.now(UTC) - timedelta(days=30)), [False]

    async def scenario() -> None:
        async with recursor(tmp_path, past, lambda: known[0]) as (made, moved):
            (first,) = made.upstreams
            expired = await ask(made, "good")
            assert expired.rcode() == dns.rcode.NOERROR and not expired.flags & dns.flags.AD
            assert not made.strict and "not known to be right" in capfd.readouterr().err
            known[0] = True
            async with asyncio.timeout(10):
                while len(moved) < 2:  # noqa: ASYNC110 - the recursor has no reason to tell a test more
                    await asyncio.sleep(0.01)
            assert made.strict and made.upstreams != (first,)
            assert (await ask(made, "good")).rcode() == dns.rcode.SERVFAIL

    asyncio.run(scenario())


def test_a_killed_one_is_started_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with recursor(tmp_path, SignedZone(), lambda: True) as (made, moved):
            (process,) = children()
            os.kill(process.pid, signal.SIGKILL)
            async with asyncio.timeout(10):
                while len(moved) < 2:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.01)
            assert (await ask(made, "good")).flags & dns.flags.AD
            assert (made.state, made.restarts, made.trouble) == ("running", 1, "")
            assert made.version[:1].isdigit()
        assert made.state == "unused"

    asyncio.run(scenario())


PARENT = """
import asyncio, pathlib, sys
import psutil
from gateway.resolver import unbound
from gateway.resolver.journal import Journal
from gateway.resolver.unbound_config import Places

async def main():
    made = unbound.Recursor(lambda: None, Journal(), Places(anchor=pathlib.Path(sys.argv[1])), lambda: True)
    made.start()
    await made.ready()
    print(*[child.pid for child in psutil.Process().children()], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_it_does_not_outlive_a_killed_resolver(tmp_path: Path) -> None:
    anchor = readable(tmp_path, SignedZone())
    with subprocess.Popen([sys.executable, "-c", PARENT, str(anchor)], stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    _, alive = psutil.wait_procs([child], timeout=10)
    for one in alive:
        one.kill()
    assert not alive


def test_a_missing_package_is_said_and_the_wait_is_over(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        made = unbound.Recursor(lambda: None, Journal(), Places(program=tmp_path / "unbound"))
        made.start()
        await made.ready()
        assert made.upstreams == ()
        assert made.state == "down"
        assert "install the Debian package unbound" in made.trouble
        await made.stop()
        assert "install the Debian package unbound" in capfd.readouterr().err

    asyncio.run(scenario())


def test_a_configuration_it_refuses_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        made = unbound.Recursor(lambda: None, Journal(), Places(more="  no-such-word: 1"), lambda: True)
        made.start()
        await made.ready()
        await made.stop()
        assert "ended with status 1" in capfd.readouterr().err

    asyncio.run(scenario())


def test_a_site_without_upstreams_is_answered_by_it(tmp_path: Path, idle: Running, authority: Authority) -> None:
    zone = SignedZone()
    anchor = readable(tmp_path, zone)
    with served(zone) as port:
        own = idle.resolver.recursor
        own._places, own._known = Places(anchor=anchor, more=stub(port)), lambda: True
        assert idle.adopt(config(authority, upstreams=()))
        good = idle.ask(f"good.{ORIGIN}")
        assert [str(rdata) for rrset in good.answer for rdata in rrset] == ["192.0.2.1"]
        assert idle.ask(f"bogus.{ORIGIN}").rcode() == dns.rcode.SERVFAIL
        assert idle.adopt(config(authority))
        assert children() == []


def test_without_it_a_site_without_upstreams_gets_servfail(tmp_path: Path, idle: Running, authority: Authority) -> None:
    idle.resolver.recursor._places = Places(program=tmp_path / "unbound")
    assert idle.adopt(config(authority, upstreams=()))
    assert idle.ask("www.example").rcode() == dns.rcode.SERVFAIL
    assert idle.ask("nas.clinic.home.arpa").rcode() == dns.rcode.NOERROR
