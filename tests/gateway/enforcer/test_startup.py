"""Starts: after a boot, a crash in every window, an update that no longer compiles, and on a new box."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import audit, durable
from gateway.enforcer import change, startup
from gateway.enforcer.change import Order, Who
from gateway.enforcer.core import Core
from gateway.enforcer.kernel_nft import KernelNft
from gateway.paths import Paths
from tests.gateway.enforcer.nets import SECOND_PERMIT, site

pytestmark = pytest.mark.netns
OLD, NEW = site(), site(SECOND_PERMIT)


def again(paths: Paths, first_site: Path | None = None) -> Core:
    """A start in the same kernel, as after `kill -9`."""
    core = Core(paths, KernelNft())
    startup.start(core, first_site)
    return core


def boot(paths: Paths) -> Core:
    """A start in a kernel that holds nothing."""
    KernelNft().load("flush ruleset")
    return again(paths)


def applied(core: Core, who: Who, text: str, confirm: bool = True) -> None:
    change.apply(core, Order(text.encode(), "site.yaml", who, 60))
    if confirm:
        change.confirm(core, who)


def test_a_boot_loads_the_last_confirmed_generation(core: Core, paths: Paths, admin: Who) -> None:
    for text in (OLD, NEW):
        applied(core, admin, text)
    found = boot(paths)
    assert (found.loaded.number, found.loader.drift()[0], found.pending) == (2, [], None)
    assert "permit:view-all" in KernelNft().listing()


@pytest.mark.parametrize("start", [again, boot])
def test_what_nobody_confirmed_is_given_back_and_audited(core: Core, paths: Paths, admin: Who, start) -> None:
    applied(core, admin, OLD)
    applied(core, admin, NEW, confirm=False)
    found = start(paths)
    assert (found.loaded.number, found.pending, paths.pending.exists()) == (1, None, False)
    assert found.store.meta(2).state == "returned"
    assert "permit:view-all" not in KernelNft().listing()
    assert "before anybody confirmed" in audit.tail(paths.audit, 1)[0]["outcome"]
    assert audit.verify(paths).intact


def test_a_crash_between_confirming_and_forgetting_keeps_the_confirm(core: Core, paths: Paths, admin: Who) -> None:
    applied(core, admin, OLD, confirm=False)
    waiting = paths.pending.read_bytes()
    change.confirm(core, admin)
    paths.pending.write_bytes(waiting)
    found = again(paths)
    assert (found.loaded.number, paths.pending.exists(), found.store.meta(1).state) == (1, False, "confirmed")


def test_a_crash_between_saving_and_announcing_leaves_a_failed_generation(core: Core, paths: Paths, admin: Who) -> None:
    applied(core, admin, OLD)
    meta = replace(core.store.meta(1), number=2, state="pending")
    core.store.save(meta, NEW.encode(), "", b"{}")
    (paths.generations / "3.new").mkdir()
    found = again(paths)
    assert (found.loaded.number, found.store.meta(2).state, found.store.numbers()) == (1, "failed", [1, 2])
    assert not (paths.generations / "3.new").exists()


def test_a_pending_file_that_cannot_be_read_gives_back(core: Core, paths: Paths, admin: Who) -> None:
    applied(core, admin, OLD)
    paths.pending.write_bytes(b"{half a fi")
    assert (again(paths).loaded.number, paths.pending.exists()) == (1, False)


def test_a_broken_generation_gives_way_to_the_one_before(core: Core, paths: Paths, admin: Who) -> None:
    for text in (OLD, NEW):
        applied(core, admin, text)
    for name in ("site.yaml", "ruleset.nft"):
        (paths.generation(2) / name).write_bytes(b"\0")
    found = boot(paths)
    assert found.loaded.number == 1
    assert any("generation 2 cannot be loaded" in trouble.what for trouble in found.troubles)


def test_with_every_generation_broken_the_box_is_closed(core: Core, paths: Paths, admin: Who) -> None:
    applied(core, admin, OLD)
    for file in paths.generation(1).iterdir():
        file.unlink()
    boot(paths)
    assert "closed-forward" in KernelNft().listing()
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "0"


def test_an_expired_permit_never_makes_a_boot_fail(core: Core, paths: Paths, admin: Who) -> None:
    applied(core, admin, OLD)
    file = paths.generation(1) / "site.yaml"
    file.write_bytes(file.read_bytes().replace(b"2099-01-01", b"2020-01-01"))
    found = boot(paths)
    assert (found.loaded.number, found.loaded.policy is not None) == (1, True)
    assert '"permit:view"' not in KernelNft().listing()


def test_isolation_and_feeds_are_back_after_a_boot(core: Core, paths: Paths, admin: Who) -> None:
    from gateway.enforcer.elements import Elements
    from gateway.enforcer.feeds import parse
    from tests.gateway.enforcer.test_core import RECORD

    applied(core, admin, OLD)
    core.feeds.load("drop", parse("198.51.100.0/24\n", core.pins._inside))
    core.isolate(RECORD)
    found = boot(paths)
    startup.restore_feeds(found)
    assert [len(Elements().read(name)) for name in ("quarantine_mac", "feed4")] == [1, 2]
    assert found.loader.listing().rules["quarantine"]


def test_a_start_with_the_policy_still_loaded_has_no_gap(core: Core, paths: Paths, admin: Who) -> None:
    """The table is never deleted: an element put in by hand before the start is still there after it."""
    applied(core, admin, OLD)
    KernelNft().load("add element inet clinicgate pin4 { 10.20.20.11 . 192.0.2.1 timeout 1h }")
    again(paths)
    from gateway.enforcer.elements import Elements

    assert len(Elements().read("pin4")) == 1


def test_a_new_box_starts_with_the_site_it_came_with(core: Core, paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "first.yaml"
    file.write_text(OLD)
    found = again(paths, file)
    assert (found.loaded.number, found.store.current().current, found.pending) == (1, 1, None)
    file.write_text(NEW)
    assert again(paths, file).loaded.number == 1
    assert "permit:view-all" not in KernelNft().listing()  # ignored once there is a generation


@pytest.mark.parametrize("content", [None, "version: 99", OLD.replace("10.20.60.11", "10.99.0.1")])
def test_a_first_site_that_is_wrong_leaves_the_box_closed_and_says_why(core, paths, tmp_path, content) -> None:
    file = tmp_path / "first.yaml"
    if content is not None:
        file.write_text(content)
    found = again(paths, file)
    assert found.loaded.number == 0
    assert "first.yaml" in found.troubles[-1].what
    assert "closed-forward" in KernelNft().listing()


def test_the_current_file_may_be_lost(core: Core, paths: Paths, admin: Who) -> None:
    applied(core, admin, OLD)
    durable.remove(paths.current)
    assert boot(paths).loaded.number == 1
    assert json.loads(core.store.meta(1).sha256.join('""'))
