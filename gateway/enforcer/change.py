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
from ruleset.render import render

ITSELF = "enforcer"


@dataclass(frozen=True, slots=True)
class Who:
    """The person and the connection a command came over."""

    actor: str
    origin: Origin


def apply(core: Core, site: bytes, path: str, who: Who, confirm_within: float, tell: Tell = silent) -> Pending:
    """From a site file to a loaded policy that waits for its confirm; `confirm_within` in seconds.

    Raises CommandRefused: the site, an invariant, the kernel, a probe, or another change that still waits.
    """
    with core.changing:
        _refuse_while_pending(core)
        step = Progress(tell)
        now = clock.now()
        step("parse")
        resolved = policy.parse(site, path, now.utc())
        step("compile")
        new = Policy(site, path, resolved, compile_ruleset(resolved, core.live(), now.utc()))
        step("invariants")
        policy.hold_invariants(resolved, new.ruleset)
        step("dry run")
        text = _dry_run(core, new)
        step("save")
        number = save(core, new, who, now)
        well_before = probes.well(core.probes, resolved)
        step("announce")
        previous = core.store.current().current
        core.pending = pending.begin(number, previous, who.actor, confirm_within, clock.now())
        pending.write(core.paths.pending, core.pending)
        try:
            step("load")
            core.loader.load(new.ruleset, text)
            step("read back")
            core.loader.read_back(new.ruleset)
            core.adopt(Loaded(number, new))
            step("probe")
            _probe(core, new, well_before)
            step("wait for confirm")
            return _wait(core, number, who)
        except UNLOADABLE as error:
            give_back(core, f"applying failed: {error}", who)
            raise (
                error
                if isinstance(error, CommandRefused)
                else CommandRefused(
                    KERNEL_REFUSED, f"the policy did not take hold: {error}", "the previous generation is loaded again"
                )
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
        if waiting is not None:
            core.store.mark(waiting.generation, "returned", reason)
        core.forget_pending()
        number = waiting.generation if waiting else 0
        _note(core, who, "return", f"generation {number} -> {loaded}", reason)
        return loaded


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


def save(core: Core, new: Policy, who: Who, now: Moment, state: State = "saved") -> int:
    """Write a new generation; answer: its number. Raises OSError."""
    number, text = core.store.next_number(), render(new.ruleset)
    anchor = core.audit.anchor
    site = new.resolved
    meta = Meta(
        number=number,
        at=now.wall,
        actor=who.actor,
        origin=who.origin.text,
        site_path=new.site_path,
        summary=f"{len(site.segments)} zones, {len(site.hosts)} devices, {len(site.grants)} grants",
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
        return min(_recompile_if_expired(core, now), 3600.0)


def _recompile_if_expired(core: Core, now: Moment) -> float:
    """Chains are replaced, established flows go on; answer: seconds until a permit expires next."""
    old = core.loaded.policy
    if old is None:
        return 3600.0
    at = core.sensible_now(now)
    ruleset = compile_ruleset(old.resolved, core.live(), at)
    if ruleset != old.ruleset:
        try:
            core.loader.put(ruleset)
        except UNLOADABLE as error:
            core.trouble(f"compiling anew failed, the old rules stay: {error}")
            return 60.0
        core.adopt(Loaded(core.loaded.number, Policy(old.site, old.site_path, old.resolved, ruleset)))
        core.store.rewrite_text(core.loaded.number, render(ruleset))
        gone = sorted(set(old.ruleset.origins) - set(ruleset.origins))
        _note(core, None, "recompile", f"generation {core.loaded.number}", f"no longer in force: {', '.join(gone)}")
    following = next_expiry(old.resolved, at)
    return max(1.0, (following - at).total_seconds()) if following else 3600.0


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


def _probe(core: Core, new: Policy, well_before: frozenset[str]) -> None:
    failed = probes.failing(core.probes, new.resolved, well_before)
    if failed:
        raise CommandRefused(
            KERNEL_REFUSED, f"a health probe failed: {failed[0]}", "the previous generation is loaded again"
        )


def _wait(core: Core, number: int, who: Who) -> Pending:
    """The time to confirm begins now, when everything is in place."""
    assert core.pending is not None
    core.pending = pending.begin(number, core.pending.previous, who.actor, core.pending.confirm_within, clock.now())
    pending.write(core.paths.pending, core.pending)
    core.store.mark(number, "pending")
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
