"""A start: after a boot, a crash or an update, what is loaded and what becomes of a change nobody confirmed.

May live here: the order of a start, and the first site of a new box. May not: the order of an apply (change.py).
"""

import shutil
from pathlib import Path

from gateway.durable import TEMPORARY
from gateway.enforcer import clock, pending, policy, sysctl
from gateway.enforcer.change import ITSELF, Who, give_back, save
from gateway.enforcer.confirm import Origin
from gateway.enforcer.core import UNLOADABLE, Core, Loaded
from gateway.enforcer.generations import CLOSED
from gateway.wire import CommandRefused
from ruleset.compile import compile_ruleset

INSTALLER = Who("installer", Origin("unknown", None, "first start"))


def start(core: Core, first_site: Path | None = None) -> str:
    """Load the last confirmed generation, else the one before, else the closed policy; answer: a line for the journal.

    Raises OSError or NftError only when not even the closed policy can be loaded.
    """
    if not core.loader.listing().present:
        sysctl.write(sysctl.CLOSED)  # forwards nothing until a policy is in place
    _clear_unfinished(core)
    waiting = pending.read(core.paths.pending)
    if waiting is not None and waiting.generation == core.store.current().current != CLOSED:
        core.store.mark(waiting.generation, "confirmed")  # the crash came just before this
        core.forget_pending()
        waiting = None
    if waiting is not None:
        core.pending = waiting
        loaded = give_back(core, "the enforcer started again before anybody confirmed")
        return f"generation {waiting.generation} was not confirmed; generation {loaded} is loaded again"
    if first_site is not None and not core.store.numbers():
        return _install_first_site(core, first_site)
    loaded = core.install_first(core.store.fallbacks())
    core.audit.append(ITSELF, "", "start", "", f"generation {loaded} loaded")
    return f"generation {loaded} is loaded" if loaded != CLOSED else "no generation yet: the closed policy is loaded"


def restore_feeds(core: Core) -> None:
    """Feeds come last: a large one takes a second, and nothing else waits for it."""
    try:
        core.feeds.restore()
    except UNLOADABLE as error:
        core.trouble(f"the feeds on disk could not be loaded: {error}")


def _install_first_site(core: Core, file: Path) -> str:
    """A new box is delivered with its site: there is nobody yet whom it could lock out. Falls back to closed."""
    core.install(CLOSED)
    try:
        site, now = file.read_bytes(), clock.now()
        resolved = policy.parse(site, str(file), now.utc())
        live = core.live()
        new = policy.Policy(site, str(file), resolved, compile_ruleset(resolved, live, now.utc()))
        policy.hold_invariants(resolved, new.ruleset, live)
        core.loader.dry_run(new.ruleset)
        number = save(core, new, INSTALLER, now, "confirmed")
        core.loader.put(new.ruleset)
        core.adopt(Loaded(number, new))
        core.store.set_current(number)
    except UNLOADABLE as error:
        core.install(CLOSED)
        why = f"the first site {file} was refused, the closed policy is loaded: {_reason(error)}"
        core.trouble(why)
        core.audit.append(INSTALLER.actor, "", "start", str(file), why)
        return why
    core.audit.append(INSTALLER.actor, "", "start", str(file), f"generation {number} loaded as the first site")
    return f"generation {number} is loaded, the first site of this box"


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, CommandRefused) else str(error)


def _clear_unfinished(core: Core) -> None:
    """What a crash left half-way: temporary folders, and generations that never came to wait."""
    for folder in core.paths.generations.glob(f"*{TEMPORARY}"):
        shutil.rmtree(folder, ignore_errors=True)
    for meta in list(core.store.metas()):
        if meta.state == "pending" and meta.number != core.store.current().current:
            core.store.mark(meta.number, "failed", "interrupted before it was confirmed")
