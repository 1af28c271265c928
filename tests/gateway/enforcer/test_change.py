"""Apply, confirm, return, rollback, expiry: every way a policy comes and goes, in the real kernel."""

from datetime import UTC, datetime

import pytest

from gateway import audit, wire
from gateway.enforcer import change, clock, pending
from gateway.enforcer.change import Order, Who
from gateway.enforcer.clock import Moment
from gateway.enforcer.confirm import Origin
from gateway.enforcer.core import Core
from gateway.enforcer.kernel_nft import KernelNft, NftError
from gateway.enforcer.probes import Probe
from gateway.enforcer.steps import STEPS
from gateway.wire import CommandRefused
from tests.gateway.enforcer.nets import SECOND_PERMIT, site

pytestmark = pytest.mark.netns
OLD, NEW = site(), site(SECOND_PERMIT)


def apply(core: Core, who: Who, text: str = OLD, within: float = 60, tell=lambda *_: None):
    return change.apply(core, Order(text.encode(), "site.yaml", who, within), tell)


def permits() -> set[str]:
    listed = KernelNft().listing()
    return {one for one in ("permit:view", "permit:view-all") if f'"{one}"' in listed}


def test_an_apply_goes_through_its_steps_and_waits(core: Core, admin: Who) -> None:
    told = []
    waiting = apply(core, admin, tell=lambda *step: told.append(step))
    assert [name for name, _, _ in told] == list(STEPS)
    assert (waiting.generation, waiting.previous, waiting.actor) == (1, 0, "admin")
    assert 30 < waiting.seconds_left(clock.now()) <= 60
    assert permits() == {"permit:view"}
    assert pending.read(core.paths.pending) == waiting
    assert core.store.current().current == 0


def test_a_confirm_makes_it_stay(core: Core, admin: Who) -> None:
    apply(core, admin)
    assert change.confirm(core, admin) == 1
    assert (core.store.current().current, core.store.meta(1).state) == (1, "confirmed")
    assert (core.pending, core.paths.pending.exists()) == (None, False)
    assert change.tick(core, clock.now()) > 0
    assert permits() == {"permit:view"}


@pytest.mark.parametrize(
    "who",
    [
        Who("bob", Origin("console", None, "console")),
        Who("admin", Origin("ssh", 0.0, "an old session")),
        Who("admin", Origin("unknown", None, "tmux")),
    ],
)
def test_a_confirm_that_proves_nothing_is_refused_and_the_policy_goes_on_waiting(
    core: Core, admin: Who, who: Who
) -> None:
    apply(core, admin)
    with pytest.raises(CommandRefused) as refused:
        change.confirm(core, who)
    assert (refused.value.code, bool(refused.value.hint)) == (wire.CONFIRM_REFUSED, True)
    assert core.pending is not None


def test_without_a_confirm_the_previous_one_returns_by_itself(core: Core, admin: Who) -> None:
    apply(core, admin)
    change.confirm(core, admin)
    waiting = apply(core, admin, NEW, within=10)
    assert permits() == {"permit:view", "permit:view-all"}
    now = clock.now()
    assert 0 < change.tick(core, now) <= 10
    change.tick(core, Moment(now.wall, waiting.applied_boot + 10.01, now.boot_id))
    assert permits() == {"permit:view"}
    assert (core.pending, core.store.meta(2).state) == (None, "returned")
    assert "nobody confirmed within 10 s" in audit.tail(core.paths.audit, 1)[0]["outcome"]


def test_the_first_apply_returns_to_the_closed_policy(core: Core, admin: Who) -> None:
    apply(core, admin)
    assert change.give_back(core, "test") == 0
    assert "closed-forward" in KernelNft().listing()


def test_a_late_confirm_is_refused(core: Core, admin: Who) -> None:
    waiting = apply(core, admin, within=10)
    core.pending = pending.begin(
        1, 0, "admin", 0.0, Moment(waiting.applied_wall, waiting.applied_boot, waiting.boot_id)
    )
    with pytest.raises(CommandRefused) as refused:
        change.confirm(core, admin)
    assert refused.value.code == wire.NOT_PENDING


def test_nothing_to_confirm(core: Core, admin: Who) -> None:
    with pytest.raises(CommandRefused) as refused:
        change.confirm(core, admin)
    assert refused.value.code == wire.NOT_PENDING


def test_one_change_at_a_time(core: Core, admin: Who) -> None:
    apply(core, admin)
    with pytest.raises(CommandRefused) as refused:
        apply(core, admin, NEW)
    assert (refused.value.code, "rollback" in refused.value.hint) == (wire.PENDING, True)
    with pytest.raises(CommandRefused):
        change.rollback(core, 7, admin)
    assert permits() == {"permit:view"}


@pytest.mark.parametrize("text", ["", "version: 1", OLD.replace("pc:", "pc", 1), OLD.replace("reception-1\n", "x\n")])
def test_a_wrong_site_changes_nothing(core: Core, admin: Who, text: str) -> None:
    before = KernelNft().listing()
    with pytest.raises(CommandRefused) as refused:
        apply(core, admin, text)
    assert refused.value.code == wire.SITE_REFUSED
    assert (KernelNft().listing(), core.pending, core.store.numbers()) == (before, None, [])


def test_a_failing_probe_brings_the_previous_one_back_at_once(core: Core, admin: Who) -> None:
    apply(core, admin)
    change.confirm(core, admin)
    core.probes = (Probe("way in", lambda site, seconds: "nobody gets in", regression=False),)
    with pytest.raises(CommandRefused, match="nobody gets in"):
        apply(core, admin, NEW)
    assert (permits(), core.pending, core.store.meta(2).state) == ({"permit:view"}, None, "returned")


class Breaking(KernelNft):
    """The kernel as it is, but one call fails: a fault that cannot be made otherwise."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def _fail(self, name: str) -> None:
        if self.name == name:
            self.name = ""
            raise NftError(faults())

    def check(self, text: str) -> None:
        self._fail("check")
        super().check(text)

    def load(self, text: str) -> None:
        self._fail("load")
        super().load(text)


def faults():
    from gateway.enforcer.kernel_nft import Fault

    return (Fault("Could not process rule: No buffer space", 3, "add rule x", "permit:view"),)


@pytest.mark.parametrize(("call", "state"), [("check", None), ("load", "returned")])
def test_a_refusal_of_the_kernel_is_told_with_its_rule_and_nothing_stays(
    core: Core, admin: Who, call: str, state: str | None
) -> None:
    core.loader._nft = Breaking(call)
    with pytest.raises(CommandRefused, match="permit:view") as refused:
        apply(core, admin)
    assert refused.value.code == wire.KERNEL_REFUSED
    assert (core.pending, permits()) == (None, set())
    meta = core.store.meta(1)
    assert (meta.state if meta else None) == state


def test_a_dry_run_fault_names_the_line_of_the_site(core: Core, admin: Who) -> None:
    core.loader._nft = Breaking("check")
    with pytest.raises(CommandRefused, match=r"comes from site\.yaml:\d+"):
        apply(core, admin)


def test_rollback_while_waiting_gives_it_up(core: Core, admin: Who) -> None:
    apply(core, admin)
    assert change.rollback(core, None, admin) == 0
    assert core.pending is None


def test_rollback_goes_back_and_forth_between_confirmed_generations(core: Core, admin: Who) -> None:
    for text in (OLD, NEW):
        apply(core, admin, text)
        change.confirm(core, admin)
    assert change.rollback(core, None, admin) == 1
    assert permits() == {"permit:view"}
    assert change.rollback(core, None, admin) == 2
    assert change.rollback(core, 1, admin) == 1
    assert core.store.current().current == 1


def test_rollback_to_what_was_never_confirmed_is_refused(core: Core, admin: Who) -> None:
    apply(core, admin)
    change.give_back(core, "test")
    for number in (None, 1, 99):
        with pytest.raises(CommandRefused) as refused:
            change.rollback(core, number, admin)
        assert refused.value.code == wire.NOT_FOUND


def test_rollback_to_a_generation_that_cannot_be_loaded_leaves_a_whole_one(core: Core, admin: Who) -> None:
    for text in (OLD, NEW):
        apply(core, admin, text)
        change.confirm(core, admin)
    for name in ("site.yaml", "ruleset.nft"):
        (core.paths.generation(1) / name).write_bytes(b"{")
    with pytest.raises(CommandRefused, match="generation 1 cannot be loaded"):
        change.rollback(core, 1, admin)
    assert (core.loaded.number, core.loader.drift()[0], core.store.current().current) == (2, [], 2)


def test_an_expired_permit_goes_by_itself_and_is_audited(core: Core, admin: Who) -> None:
    apply(core, admin, NEW.replace("2099-01-01", "2098-01-01", 1))
    change.confirm(core, admin)
    later = Moment(datetime(2098, 6, 1, tzinfo=UTC).timestamp(), clock.now().boot, clock.now().boot_id)
    change.tick(core, later)
    assert permits() == {"permit:view-all"}
    assert "permit:view" in audit.tail(core.paths.audit, 1)[0]["outcome"]
    assert '"permit:view"' not in core.store.text(1)
    assert core.loader.drift()[0] == []


def test_the_next_look_is_when_something_is_due(core: Core, admin: Who) -> None:
    assert change.tick(core, clock.now()) == change.LONGEST_WAIT
    apply(core, admin)
    change.confirm(core, admin)
    shortly_before = datetime(2098, 12, 31, 23, 59, 30, tzinfo=UTC)
    wait = change.tick(core, Moment(shortly_before.timestamp(), 0.0, ""))
    assert 1 <= wait <= 86_400


def test_a_generation_keeps_site_text_live_state_and_an_anchor(core: Core, admin: Who) -> None:
    apply(core, admin)
    meta = core.store.meta(1)
    assert core.store.site(1) == OLD.encode()
    assert "permit:view" in core.store.text(1)
    assert (meta.actor, meta.anchor["seq"]) == ("admin", 1)
    KernelNft().check("delete table inet clinicgate\n" + core.store.text(1))
