"""Following the applied site: the first one, the next one, lists that change, an enforcer that goes away."""

import asyncio
import json
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from filters.dns_exchange import ClientDatagram, PinDone, RequestPin, SendAnswer, UpstreamDatagram
from filters.verdict import Action
from gateway.paths import Paths
from gateway.resolver.follow import Follower
from gateway.resolver.journal import Journal
from gateway.wire import NOT_FOUND, CommandRefused
from tests.filters.dns_tools import asked, name, reply_to
from tests.gateway.resolver.world import FakeEnforcer, Running

COMPILE_SECONDS = 60.0
SITE = (Path(__file__).parents[3] / "ruleset" / "examples" / "naika-clinic.yaml").read_text()


class Following:
    """A follower with its enforcer, list folder and resolver; `step` looks once."""

    def __init__(self, running: Running, enforcer: FakeEnforcer, folder: Path) -> None:
        self.running, self.enforcer, self.lists = running, enforcer, folder / "lists"
        self.lists.mkdir()
        self.site: dict[str, Any] = {"site_text": SITE, "generation": 1}
        enforcer.answers["site"] = lambda args: self.site
        self.paths = Paths(folder, folder)
        self.follower = running.do(self._make())

    async def _make(self) -> Follower:
        return Follower(self.running.resolver, self.paths, Journal())

    async def stop(self) -> None:
        await self.follower._compiling.stop()
        self.follower._client.close()

    def step(self) -> bool:
        return bool(self.do(self.follower.step()))

    def do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """In the resolver's loop; a list may have to be compiled, on a machine that is busy."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.running._loop).result(COMPILE_SECONDS)

    def settle(self) -> None:
        """Look, and once more when what had to be compiled is there."""
        self.step()
        self.do(self.follower._compiling.finished(COMPILE_SECONDS))
        self.step()

    def action(self, text: str, zone: str = "pc") -> Action:
        standing = self.running.resolver.session._standing
        return standing.decide(standing.rules(zone), name(text), 1).action


@pytest.fixture
def following(idle: Running, enforcer: FakeEnforcer, tmp_path: Path) -> Iterator[Following]:
    made = Following(idle, enforcer, tmp_path)
    yield made
    made.running.do(made.stop())


def test_nothing_is_answered_before_the_first_site_and_all_of_it_after(following: Following) -> None:
    assert following.action("www.example") is Action.REFUSED
    (following.lists / "malware.hosts").write_text("0.0.0.0 bad.example\n")
    assert following.step()
    assert following.action("www.example") is Action.FORWARD
    assert following.action("bad.example") is Action.NXDOMAIN
    served = {str(address) for address in following.running.resolver._servers}
    assert "10.10.20.1" in served


def test_while_a_list_is_compiled_everything_else_goes_on(following: Following) -> None:
    (following.lists / "malware.hosts").write_text("0.0.0.0 bad.example\n")
    following.step()
    replace_list(following, "0.0.0.0 worse.example\n")
    following.step()
    assert (following.action("bad.example"), following.action("worse.example")) == (Action.NXDOMAIN, Action.FORWARD)
    following.settle()
    assert (following.action("bad.example"), following.action("worse.example")) == (Action.FORWARD, Action.NXDOMAIN)


def test_a_successor_has_the_lists_without_compiling_them(
    following: Following, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (following.lists / "malware.hosts").write_text("0.0.0.0 bad.example\n")
    following.step()
    monkeypatch.setattr("gateway.resolver.compiling.compile_names", None)
    following.follower = following.running.do(following._make())
    following.step()
    assert following.action("bad.example") is Action.NXDOMAIN


def test_a_list_that_breaks_keeps_its_last_good_version_also_for_a_successor(following: Following) -> None:
    (following.lists / "malware.hosts").write_text("0.0.0.0 bad.example\n")
    following.step()
    replace_list(following, "<html>error</html>\n")
    following.settle()
    assert following.action("bad.example") is Action.NXDOMAIN
    following.running.do(following.stop())
    following.follower = following.running.do(following._make())
    following.settle()
    assert following.action("bad.example") is Action.NXDOMAIN
    (told,) = json.loads(following.paths.resolver_status.read_text())["lists"]
    assert (told["rules"], "web page" in told["problem"]) == (1, True)


def replace_list(following: Following, text: str) -> None:
    new = following.lists / "new"
    new.write_text(text)
    new.rename(following.lists / "malware.hosts")


def test_the_same_site_is_not_loaded_twice(following: Following) -> None:
    following.step()
    before = following.running.resolver.session._config
    following.step()
    assert following.running.resolver.session._config is before


@pytest.mark.parametrize("change", ["list", "generation", "text", "forced"])
def test_a_change_is_loaded(following: Following, change: str) -> None:
    following.step()
    before = following.running.resolver.session._config
    match change:
        case "list":
            (following.lists / "malware.hosts").write_text("0.0.0.0 bad.example\n")
        case "generation":
            following.site = {**following.site, "generation": 2}
        case "text":
            following.site = {**following.site, "site_text": SITE + "\n# changed\n"}
        case _:
            following.running.do(wake(following.follower))
    following.settle()
    assert following.running.resolver.session._config is not before
    assert following.action("bad.example") is (Action.NXDOMAIN if change == "list" else Action.FORWARD)


def test_what_people_allowed_counts_at_the_next_look_and_no_longer_than_it_is_told(following: Following) -> None:
    (following.lists / "malware.hosts").write_text("0.0.0.0 bad.example\n")
    following.settle()
    row = {"id": 1, "name": "bad.example", "zone": "pc", "actor": "alice", "reason": "today", "from": 1.0}
    following.site = {**following.site, "allowances": [{**row, "until": time.time() + 3600}]}
    following.step()
    assert following.action("bad.example") is Action.FORWARD
    assert following.action("bad.example", "guest") is Action.NXDOMAIN
    before = following.running.resolver.session._config
    following.step()
    assert following.running.resolver.session._config is before, "the same again is no change"
    following.site = {**following.site, "allowances": []}
    following.step()
    assert following.action("bad.example") is Action.NXDOMAIN


async def wake(follower: Follower) -> None:
    follower.wake()


@pytest.mark.parametrize(
    "answer", [{"site_text": "version: [", "generation": 2}, {"site_text": "a: 1", "generation": 2}]
)
def test_a_site_that_does_not_load_leaves_the_configuration_before(
    following: Following, answer: dict[str, Any]
) -> None:
    following.step()
    before = following.running.resolver.session._config
    following.site = answer
    assert following.step()
    assert following.running.resolver.session._config is before


def test_no_site_yet_is_no_error(following: Following) -> None:
    following.site = {"site_text": None, "generation": None}
    assert following.step()
    assert following.action("www.example") is Action.REFUSED


def test_a_refusal_is_told_and_asked_again_soon(following: Following, capfd: pytest.CaptureFixture[str]) -> None:
    def refuse(args: dict[str, Any]) -> dict[str, Any]:
        raise CommandRefused(NOT_FOUND, "no site is applied", "apply one")

    following.enforcer.answers["site"] = refuse
    assert following.step()
    assert "no site is applied (apply one)" in capfd.readouterr().err


def test_an_enforcer_that_goes_away_leaves_the_configuration_and_costs_the_pins(following: Following) -> None:
    following.step()
    session = following.running.resolver.session
    remember_a_pin(session)
    assert pins_again(session) is False

    def break_off(args: dict[str, Any]) -> dict[str, Any]:
        raise ConnectionResetError

    following.enforcer.answers["site"] = break_off
    assert following.step() is False
    assert following.action("www.example") is Action.FORWARD
    following.enforcer.answers["site"] = lambda args: following.site
    assert following.step()
    assert pins_again(session) is True


def remember_a_pin(session: Any) -> None:
    (request,) = zoom(session)
    assert isinstance(request, RequestPin)
    session.handle(PinDone(request.token, ok=True), 0.0)


def pins_again(session: Any) -> bool:
    (command,) = zoom(session)
    assert isinstance(command, RequestPin | SendAnswer)
    return isinstance(command, RequestPin)


def zoom(session: Any) -> list[Any]:
    """A PC of the Japanese example asks for an approved platform."""
    question = asked("us05web.zoom.us", client="10.10.20.11", zone="pc")
    assert isinstance(question, ClientDatagram)
    commands = session.handle(question, 0.0)
    ask = commands[0]
    if not hasattr(ask, "upstream"):
        return commands
    reply = reply_to(ask.data, "us05web.zoom.us. 600 IN A 203.0.113.9")
    heard = session.handle(UpstreamDatagram(ask.token, ask.upstream, reply), 0.0)
    return [command for command in heard if isinstance(command, RequestPin | SendAnswer)]
