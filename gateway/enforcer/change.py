"""Changing the policy: apply, confirm, return, rollback, and compiling anew when a permit expires.

Order is everything here. On disk before in the kernel, `pending` before the load, the previous generation back before
`pending` goes: so a kill or a power cut at any point leaves a whole policy loaded, and the next start finishes the job.

May live here: that order. May not: sockets, roles, what a part does inside.
"""

from dataclasses import dataclass

from gateway.enforcer import clock, pending, policy, probes
from gateway.enforcer.clock import Moment
from gateway.enforcer.confirm import Origin, may_confirm
from gateway.enforcer.core import UNLOADABLE, Core, Loaded
from gateway.enforcer.generations import Meta, State, fingerprint
from gateway.enforcer.kernel_nft import NftError
from gateway.enforcer.pending import Pending
from gateway.enforcer.policy import Policy
from gateway.enforcer.steps import Progress, Tell, silent
from gateway.wire import CONFIRM_REFUSED, KERNEL_REFUSED, NOT_FOUND, NOT_PENDING, PENDING, CommandRefused
from ruleset.compile import compile_ruleset, next_expiry
from ruleset.plan import plan
from ruleset.render import render
from ruleset.resolved import ResolvedSite

ITSELF = "enforcer"
MAX_PLAN = 8000  # characters of who gains and who loses, kept with the generation and in the audit log
LONGEST_WAIT = 300.0  # seconds; the wall clock may be set meanwhile


@dataclass(frozen=True, slots=True)
class Who:
    """The person and the connection a command came over."""

    actor: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Order:
    """A site to apply: its bytes, the path people know it by, who wants it, and the seconds to confirm within."""

    site: bytes
    path: str
    who: Who
    confirm_within: float


def apply(core: Core, order: Order, tell: Tell = silent) -> Pending:
    """From a site file to a loaded policy that waits for its confirm.

    Raises CommandRefused: the site, an invariant, the kernel, a probe, or another change that still waits.
    """
    with core.changing:
        _refuse_while_pending(core)
        step = Progress(tell)
        step("parse")
        resolved = policy.parse(order.site, order.path, clock.now().utc())
        well_before = probes.well(core.probes, resolved)
        try:
            with core.loading:
                _load(core, order, resolved, step)
            step("probe")
            _probe(core, resolved, well_before)
            step("wait for confirm")
            return _wait(core)
        except UNLOADABLE as error:
            if core.pending is None:
                raise
            give_back(core, f"applying failed: {error}", order.who)
            if isinstance(error, CommandRefused):
                raise
            raise CommandRefused(
                KERNEL_REFUSED, f"the policy did not take hold: {error}", "the previous generation is loaded again"
            ) from error


def confirm(core: Core, who: Who) -> int:
    """The pending generation becomes the confirmed one; answer: its number. Raises CommandRefused."""
    with core.changing:
        waiting = core.pending
        if waiting is None or not waiting.seconds_left(clock.now()):
            raise CommandRefused(NOT_PENDING, "nothing waits for a confirm", "see `clinicgate status`")
        decision = may_confirm(waiting, who.actor, who.origin)
        if not decision.allowed:
            raise CommandRefused(CONFIRM_REFUSED, decision.why, decision.hint)
        core.store.set_current(waiting.generation)
        core.forget_pending()
        core.store.mark(waiting.generation, "confirmed", decision.why)
        core.store.prune(waiting.generation)
        core.wake.set()
        return waiting.generation


def give_back(core: Core, reason: str, who: Who | None = None) -> int:
    """The previous generation returns (or the next best); answer: what is loaded now. Written to the audit log."""
    with core.changing:
        waiting = core.pending
        loaded = core.install_first(core.store.fallbacks())
        core.forget_pending()
        if waiting is not None:
            _mark_returned(core, waiting.generation, reason)
        number = waiting.generation if waiting else 0
        _note(core, who, "return", f"generation {number} -> {loaded}", reason)
        return loaded


def _mark_returned(core: Core, number: int, reason: str) -> None:
    """The note beside the generation is worth less than the return itself: a full disk must not repeat it for ever."""
    try:
        core.store.mark(number, "returned", reason)
    except OSError as error:
        core.trouble(f"generation {number} was returned ({reason}), which could not be noted: {error}")


def rollback(core: Core, wanted: int | None, who: Who) -> int:
    """To an earlier confirmed generation, at once: somebody has already proved that one. Raises CommandRefused.

    While a change waits, this gives the previous one back without waiting for the time to run out.
    """
    with core.changing:
        if core.pending is not None:
            if wanted not in {None, core.pending.previous}:
                _refuse_while_pending(core)
            return give_back(core, f"rolled back by {who.actor}", who)
        known = core.store.current()
        number = known.previous if wanted is None else wanted
        meta = core.store.meta(number)
        if meta is None or meta.state != "confirmed":
            raise CommandRefused(
                NOT_FOUND, f"there is no confirmed generation {number} to go back to", "see `clinicgate generations`"
            )
        try:
            core.install(number)
        except UNLOADABLE as error:
            loaded = core.install_first(core.store.fallbacks())
            raise CommandRefused(
                KERNEL_REFUSED, f"generation {number} cannot be loaded: {error}", f"generation {loaded} is loaded"
            ) from error
        core.store.set_current(number)
        return number


def save(core: Core, new: Policy, who: Who, now: Moment, state: State = "pending") -> int:
    """Write a new generation; answer: its number. Raises OSError."""
    number, text = core.store.next_number(), render(new.ruleset)
    anchor = core.audit.anchor
    meta = Meta(
        number=number,
        at=now.wall,
        actor=who.actor,
        origin=who.origin.text,
        site_path=new.site_path,
        summary=plan(core.site, new.resolved, now.utc()).text().strip()[:MAX_PLAN],
        state=state,
        sha256=fingerprint(new.site, text),
        anchor={"seq": anchor.seq, "hash": anchor.hash},
    )
    core.store.save(meta, new.site, text, core.live_bytes())
    return number


def tick(core: Core, now: Moment) -> float:
    """What is due by itself; answer: seconds until the next look."""
    with core.changing:
        if core.pending is not None:
            left = core.pending.seconds_left(now)
            if left > 0:
                return left
            give_back(core, f"nobody confirmed within {core.pending.confirm_within:g} s")
        return _leave_out_expired(core, now)


def _leave_out_expired(core: Core, now: Moment) -> float:
    """Answer: seconds until a permit expires next."""
    gone = core.refresh(now)
    loaded = core.loaded.policy
    if loaded is None:
        return LONGEST_WAIT
    if gone:
        core.store.rewrite_text(core.loaded.number, render(loaded.ruleset))
        _note(core, None, "recompile", f"generation {core.loaded.number}", f"no longer in force: {', '.join(gone)}")
    at = core.sensible_now(now)
    following = next_expiry(loaded.resolved, at)
    return min(max(1.0, (following - at).total_seconds()), LONGEST_WAIT) if following else LONGEST_WAIT


def _load(core: Core, order: Order, resolved: ResolvedSite, step: Progress) -> None:
    """Compile to read-back: short, and nobody else loads in between."""
    now = clock.now()
    step("compile")
    live = core.live()
    ruleset = compile_ruleset(resolved, live, now.utc())
    new = Policy(order.site, order.path, resolved, ruleset)
    step("invariants")
    policy.hold_invariants(resolved, ruleset, live)
    step("dry run")
    text = _dry_run(core, new)
    step("save")
    number = save(core, new, order.who, now)
    step("announce")
    previous = core.store.current().current
    core.pending = pending.begin(number, previous, order.who.actor, order.confirm_within, clock.now())
    pending.write(core.paths.pending, core.pending)
    step("load")
    core.loader.load(text)
    step("read back")
    core.loader.read_back(ruleset)
    core.adopt(Loaded(number, new))


def _dry_run(core: Core, new: Policy) -> str:
    try:
        return core.loader.dry_run(new.ruleset)
    except NftError as error:
        fault = error.faults[0]
        origin = new.ruleset.origins.get(fault.rule)
        place = f", which comes from {origin.file}:{origin.line}" if origin and origin.line else ""
        raise CommandRefused(
            KERNEL_REFUSED,
            f"the kernel refuses the policy: {error}{place}",
            "nothing was applied; `clinicgate status` lists what this kernel lacks",
            faults=[{"what": f.what, "rule": f.rule, "line": f.line, "statement": f.statement} for f in error.faults],
        ) from error


def _probe(core: Core, resolved: ResolvedSite, well_before: frozenset[str]) -> None:
    failed = probes.failing(core.probes, resolved, well_before)
    if failed:
        raise CommandRefused(
            KERNEL_REFUSED, f"a health probe failed: {failed[0]}", "the previous generation is loaded again"
        )


def _wait(core: Core) -> Pending:
    """The time to confirm begins now, when everything is in place; who connects after our answer is never too old."""
    begun, now = core.pending, clock.now()
    if begun is None:
        raise CommandRefused(NOT_PENDING, "the change was given up meanwhile")
    core.pending = pending.begin(begun.generation, begun.previous, begun.actor, begun.confirm_within, now)
    pending.write(core.paths.pending, core.pending)
    clock.pass_tick(now)
    core.wake.set()
    return core.pending


def _refuse_while_pending(core: Core) -> None:
    if core.pending is not None:
        left = core.pending.seconds_left(clock.now())
        raise CommandRefused(
            PENDING,
            f"generation {core.pending.generation} of {core.pending.actor} still waits for its confirm ({left:.0f} s)",
            "`clinicgate confirm`, or `clinicgate rollback` to give it up",
        )


def _note(core: Core, who: Who | None, command: str, plan: str, outcome: str) -> None:
    actor, origin = (who.actor, who.origin.text) if who else (ITSELF, "")
    core.audit.append(actor, origin, command, plan, outcome)
