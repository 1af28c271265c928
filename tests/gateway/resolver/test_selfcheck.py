"""What the resolver writes down about itself: of the last minute, every few seconds."""

import asyncio
import time
from pathlib import Path

from filters.dns_exchange import Counters
from gateway.resolver.journal import Journal
from gateway.resolver.selfcheck import LOOKS, SelfCheck
from gateway.resolver.unbound import Recursor
from gateway.resolver.unbound_config import Places
from gateway.vitals import read_vitals


def check(counters: Counters, path: Path = Path("/nowhere")) -> SelfCheck:
    return SelfCheck(path, lambda: counters, Recursor(lambda: None, Journal(), Places()))


def test_upstreams_are_silent_when_all_that_ended_failed() -> None:
    counters = Counters()
    looks = check(counters)
    assert looks.look(0.0).upstreams == "untried"
    counters.failed = 1
    assert looks.look(5.0).upstreams == "silent"
    counters.answered = 1
    assert looks.look(10.0).upstreams == "answer"
    counters.failed = 2  # one name whose servers are dead is not the line to the provider
    assert looks.look(15.0).upstreams == "answer"
    for at in range(LOOKS):
        looks.look(20.0 + at)
    counters.failed = 3
    assert looks.look(90.0).upstreams == "silent", "none answered for a minute"
    assert looks.look(95.0).upstreams == "silent", "nobody asked since"


def test_overload_is_that_of_the_last_minute() -> None:
    counters = Counters(overload=7)
    looks = check(counters)
    assert looks.look(0.0).overload == 7
    counters.overload = 9
    assert looks.look(5.0).overload == 9
    for at in range(LOOKS):
        last = looks.look(10.0 + at)
    assert last.overload == 0


def test_it_writes_by_itself(tmp_path: Path) -> None:
    async def scene() -> None:
        running = asyncio.create_task(check(Counters(), tmp_path / "vitals.json").run())
        async with asyncio.timeout(20):
            while not (tmp_path / "vitals.json").exists():  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(scene())
    found = read_vitals(tmp_path / "vitals.json", time.time())
    assert found is not None
    assert found.recursion == "unused"
