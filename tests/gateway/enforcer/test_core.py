"""What all commands share: installing a generation, ways to fall back, isolation that outlives every load."""

import dataclasses
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.enforcer import change, clock
from gateway.enforcer.change import Order, Who
from gateway.enforcer.clock import Moment
from gateway.enforcer.core import SAVE_AGAIN, Core
from gateway.enforcer.elements import Elements
from gateway.enforcer.generations import CLOSED
from gateway.enforcer.kernel_nft import KernelNft
from gateway.enforcer.quarantine import Quarantine
from ruleset.live import Quarantined
from tests.gateway.enforcer.nets import SECOND_PERMIT, site

pytestmark = pytest.mark.netns
RECORD = Quarantined(
    "reception-1", "02:00:00:20:20:11", ("10.20.20.11",), "", "alice", datetime(2026, 6, 1, tzinfo=UTC)
)


def confirmed(core: Core, who: Who, *texts: str) -> None:
    for text in texts:
        change.apply(core, Order(text.encode(), "site.yaml", who, 60))
        change.confirm(core, who)


def forwarding() -> str:
    return Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()


def test_a_generation_is_compiled_and_loaded_and_the_box_routes(core: Core, admin: Who) -> None:
    confirmed(core, admin, site(), site(SECOND_PERMIT))
    core.install(1)
    assert (core.loaded.number, core.loader.drift()[0], forwarding()) == (1, [], "1")
    assert "permit:view-all" not in KernelNft().listing()
    core.install(CLOSED)
    assert (core.loaded.number, core.site, forwarding()) == (CLOSED, None, "0")


def test_a_site_that_compiles_no_more_is_stood_in_for_by_its_text_and_isolation_holds(core: Core, admin: Who) -> None:
    confirmed(core, admin, site())
    core.isolate(RECORD)
    (core.paths.generation(1) / "site.yaml").write_bytes(b"version: 99\n")
    core.install(1)
    assert core.loaded.policy is None
    assert core.loader.listing().rules["stand-in-isolation"]
    assert len(Elements().read("quarantine_mac")) == 1
    assert "trying its saved text" in core.troubles[-1].what


def test_what_cannot_be_loaded_at_all_gives_way_to_the_next(core: Core, admin: Who) -> None:
    confirmed(core, admin, site(), site(SECOND_PERMIT))
    for name in ("site.yaml", "ruleset.nft"):
        (core.paths.generation(2) / name).write_bytes(b"nonsense {")
    assert core.install_first(core.store.fallbacks()) == 1
    for name in ("site.yaml", "ruleset.nft"):
        (core.paths.generation(1) / name).unlink()
    assert core.install_first(core.store.fallbacks()) == CLOSED


def test_the_first_isolation_puts_rules_into_the_chain_and_the_last_release_takes_them_out(
    core: Core, admin: Who
) -> None:
    confirmed(core, admin, site())
    before = core.loader.listing().rules["quarantine"]
    kept, _ = core.isolate(RECORD)
    during = core.loader.listing().rules["quarantine"]
    core.release([kept])
    assert (before, core.loader.listing().rules["quarantine"]) == ((), ())
    assert len(during) >= 5
    assert core.loader.drift()[0] == []


def test_a_disk_that_takes_nothing_frees_nobody(core: Core, admin: Who) -> None:
    confirmed(core, admin, site())
    core.paths.quarantine.unlink(missing_ok=True)
    (core.paths.quarantine / "in the way").mkdir(parents=True)
    core.wake.clear()
    kept, _ = core.isolate(RECORD)
    assert core.quarantine.records == (kept,)
    assert len(Elements().read("quarantine_mac")) == 1
    assert core.unsaved
    assert "who is isolated cannot be saved" in core.troubles[-1].what
    assert core.wake.is_set()
    core.wake.clear()
    assert core.save_isolated() == SAVE_AGAIN
    assert not core.wake.is_set(), "who tries again must rest in between"
    (core.paths.quarantine / "in the way").rmdir()
    core.paths.quarantine.rmdir()
    assert core.save_isolated() == float("inf")
    assert core.unsaved == ""
    assert Quarantine(core.paths.quarantine, Elements()).records == (kept,)


def test_isolation_pins_and_feeds_outlive_apply_return_and_rollback(core: Core, admin: Who) -> None:
    from gateway.enforcer.feeds import parse

    confirmed(core, admin, site(), site(SECOND_PERMIT))
    core.feeds.load("drop", parse("198.51.100.0/24\n", core.pins._inside))
    core.pins.pin(ip_address("10.20.10.11"), [ip_address("192.0.2.7")], 600)
    core.isolate(RECORD)

    def held() -> list[int]:
        return [len(Elements().read(name)) for name in ("quarantine_mac", "quarantine4", "feed4", "pin4")]

    before = held()
    assert before == [1, 1, 2, 1]
    change.rollback(core, 1, admin)
    change.apply(core, Order(site(SECOND_PERMIT).encode(), "site.yaml", admin, 60))
    change.give_back(core, "test")
    assert held() == before


def test_a_table_that_had_to_be_made_anew_is_filled_again(core: Core, admin: Who) -> None:
    from gateway.enforcer.feeds import parse

    confirmed(core, admin, site())
    core.feeds.load("drop", parse("198.51.100.0/24\n", core.pins._inside))
    core.isolate(RECORD)
    (core.paths.generation(1) / "site.yaml").write_bytes(b"version: 99\n")
    core.install(1)  # by its text, in a fresh table
    assert [len(Elements().read(name)) for name in ("quarantine_mac", "feed4")] == [1, 2]


def test_refresh_leaves_out_what_has_expired_and_keeps_the_rest(core: Core, admin: Who) -> None:
    soon = site(SECOND_PERMIT).replace("expires: 2099-01-01", "expires: 2098-01-01", 1)
    confirmed(core, admin, soon)
    later = datetime(2098, 6, 1, tzinfo=UTC).timestamp()
    assert core.refresh(Moment(later, 0.0, "")) == ["permit:view"]
    assert {"permit:view-all"} == {one for one in core.loaded.policy.ruleset.origins if one.startswith("permit:")}
    assert core.refresh(Moment(later, 0.0, "")) == []


def test_a_clock_that_starts_in_the_past_brings_no_permit_back(core: Core, admin: Who) -> None:
    confirmed(core, admin, site())
    saved = core.store.meta(1).at
    assert core.sensible_now(Moment(0.0, 0.0, "")).timestamp() == pytest.approx(saved)
    now = clock.now()
    assert core.sensible_now(now) == now.utc()


def test_a_clock_that_was_wrong_once_does_not_expire_permits_for_ever(core: Core, admin: Who) -> None:
    confirmed(core, admin, site())
    core.store.mark(1, "confirmed")
    future = dataclasses.replace(core.store.meta(1), number=2, at=datetime(2200, 1, 1, tzinfo=UTC).timestamp())
    core.store.save(future, site().encode(), "", b"{}")
    assert core.refresh(clock.now()) == []


def test_the_live_state_of_a_generation_names_who_was_isolated(core: Core, admin: Who) -> None:
    core.isolate(dataclasses.replace(RECORD, reason='"quoted"\n'))
    confirmed(core, admin, site())
    assert '\\"quoted\\"\\n' in (core.paths.generation(1) / "live.json").read_text()
