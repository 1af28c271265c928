"""`kill -9` of the enforcer, at every step of an apply and at any moment of anything.

A whole policy stays loaded, the old one or the new one, and after a start it is the confirmed one.
"""

import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import audit
from gateway.client import EnforcerUnavailable, Refused
from gateway.enforcer import listing
from gateway.enforcer.kernel_nft import KernelNft
from gateway.enforcer.steps import STEPS
from tests.gateway.enforcer.nets import SECOND_PERMIT, Net, gateway_links, site
from tests.gateway.enforcer.running import Running

pytestmark = pytest.mark.netns
OLD, NEW = site(), site(SECOND_PERMIT)
DEADLY = (str(Path(__file__).with_name("deadly_enforcer.py")),)
RANDOM_KILLS = 12


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """An enforcer whose confirmed generation 1 is OLD."""
    net = Net()
    gateway_links(net)
    (tmp_path / "first.yaml").write_text(OLD)
    running = Running(net, tmp_path, "--site", str(tmp_path / "first.yaml"))
    running.start()
    yield running
    running.stop()
    net.close()


def loaded(running: Running) -> dict[str, tuple[str, ...]]:
    """Chain -> rule ids, read by the test itself: the enforcer may be dead."""
    with running.net.enter():
        return listing.read(KernelNft().listing(), "clinicgate").rules


def apply(running: Running, text: str) -> None:
    running.call("apply", site_text=text, site_path="site.yaml", confirm_within=60)


def given_back(running: Running, old: dict[str, tuple[str, ...]]) -> None:
    """After a start: the confirmed generation, nothing pending, no drift, an intact log."""
    status = running.call("status")
    assert (status["generation"], status["state"], status["drift"]) == (1, "confirmed", [])
    assert loaded(running) == old
    assert audit.verify(running.paths).flaws == ()


def test_death_at_every_step_of_an_apply_leaves_a_whole_policy_and_a_start_the_confirmed_one(running: Running) -> None:
    old = loaded(running)
    apply(running, NEW)
    new = loaded(running)
    assert old != new
    running.call("rollback")
    seen = set()
    for step in STEPS:
        running.end(signal.SIGKILL)
        deadly = Running(running.net, running.paths.state.parent, step, entry=DEADLY)
        deadly.start()
        with pytest.raises(EnforcerUnavailable):
            apply(deadly, NEW)
        assert deadly.process.wait(30) == -signal.SIGKILL, f"{step}: it survived"
        found = loaded(running)
        assert found in (old, new), f"{step}: neither the old nor the new policy"
        seen.add("old" if found == old else "new")
        running.start()
        given_back(running, old)
        announced = STEPS.index(step) > STEPS.index("announce")
        assert (audit.tail(running.paths.audit, 1)[0]["command"] == "return") is announced, f"{step}: what the log says"
    assert seen == {"old", "new"}
    assert {g["state"] for g in running.call("generations")["generations"]} <= {"confirmed", "returned", "failed"}


def test_death_while_waiting_gives_the_previous_one_back_at_the_next_start(running: Running) -> None:
    old = loaded(running)
    apply(running, NEW)
    running.end(signal.SIGKILL)
    assert loaded(running) != old
    running.start()
    given_back(running, old)
    assert "before anybody confirmed" in audit.tail(running.paths.audit, 1)[0]["outcome"]


def test_death_at_any_moment_of_applies_rollbacks_and_isolations(running: Running) -> None:
    """Not at steps but at times: while files are written, sockets are read, the kernel is busy."""
    old = loaded(running)
    apply(running, NEW)
    new = loaded(running)
    running.call("rollback")
    whole = [_without_guard(old), _without_guard(new)]
    chance = random.Random(11)
    for _ in range(RANDOM_KILLS):
        worker = threading.Thread(target=_keep_busy, args=(running,))
        worker.start()
        time.sleep(chance.uniform(0.0, 0.4))  # the moment of death, not a wait for something
        running.end(signal.SIGKILL)
        worker.join(60)
        assert _without_guard(loaded(running)) in whole, "neither the old nor the new policy"
        running.start()
        for record in running.call("quarantine_list")["quarantine"]:
            running.call("quarantine_remove", device=record["device"])
        given_back(running, old)


def _keep_busy(running: Running) -> None:
    """Commands one after another until the enforcer dies."""
    try:
        while True:
            apply(running, NEW)
            running.call("quarantine_add", device="camera-1", reason="test")
            running.call("rollback")
            running.call("quarantine_remove", device="camera-1")
    except (EnforcerUnavailable, Refused):
        return


def _without_guard(rules: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Isolation comes and goes meanwhile: its rules are left out of the comparison."""
    kept = {name: ids for name, ids in rules.items() if name != "quarantine"}
    return {name: tuple(one for one in ids if one != "core:quarantine:lease") for name, ids in kept.items()}
