"""`python -m gateway.enforcer [--site FILE]`: load the last good generation, then serve until SIGTERM.

`--site FILE` is the site a new box is delivered with: loaded when there is no generation yet, ignored afterwards.
One line a fact goes to stderr. SIGTERM leaves the policy loaded and exits 0.

May live here: putting the parts together, the loop that waits for what is due. May not: anything else.
"""

import argparse
import fcntl
import os
import signal
import sys
import threading
from pathlib import Path

from gateway.access import Access
from gateway.enforcer import allow, change, clock, startup
from gateway.enforcer.core import UNLOADABLE, Core
from gateway.enforcer.dispatch import Dispatcher
from gateway.enforcer.kernel_nft import KernelNft
from gateway.enforcer.server import AlreadyRunning, Server
from gateway.paths import Paths

ENDING = (signal.SIGTERM, signal.SIGINT)
AFTER_TROUBLE = 5.0  # seconds until what was due and failed is tried again


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    paths = Paths.from_env()
    stop = threading.Event()
    try:
        paths.state.mkdir(parents=True, exist_ok=True, mode=0o755)
        _only_one(paths)
        core = Core(paths, KernelNft())
        _end_on_signals(core, stop)
        status = run(core, stop, options.site)
    except (AlreadyRunning, *UNLOADABLE) as error:
        say(f"cannot start: {error}")
        return 1
    for number in ENDING:  # the interpreter gives them back to the kernel while it ends: that would be a death
        signal.signal(number, signal.SIG_IGN)
    return status


def run(core: Core, stop: threading.Event, first_site: Path | None = None) -> int:
    """Start, serve, and do what falls due, until `stop`."""
    say(startup.start(core, first_site))
    server = Server(core.paths.enforcer_socket, Dispatcher(core, Access(core.paths)))
    server.start()
    say(f"listening on {core.paths.enforcer_socket}")
    startup.restore_feeds(core)
    told = _loaded(core)
    try:
        while not stop.is_set():
            core.wake.clear()
            due = _due(core)
            told = _say_what_is_loaded(core, told)
            if due is None:  # what loads wakes this loop: after trouble it must rest all the same
                stop.wait(AFTER_TROUBLE)
            elif not stop.is_set():  # asked after the clear: a signal before it must not be slept through
                core.wake.wait(due)
    finally:
        server.stop()
    say("ended; the policy stays loaded")
    return 0


def say(fact: str) -> None:
    print(f"enforcer: {fact}", file=sys.stderr, flush=True)


def _say_what_is_loaded(core: Core, told: str) -> str:
    """A line in the journal when it is not what was told before; answer: what is told now."""
    loaded = _loaded(core)
    if loaded != told:
        say(loaded)
    return loaded


def _loaded(core: Core) -> str:
    waiting = core.pending
    until = f", waits for its confirm ({waiting.confirm_within:g} s)" if waiting else ""
    return f"generation {core.loaded.number} is loaded{until}"


def _due(core: Core) -> float | None:
    """Do what is due; answer: how long to wait, None after trouble, which never ends the loop."""
    try:
        late = core.save_isolated() if core.unsaved else float("inf")
        return min(change.tick(core, clock.now()), allow.tick(core, clock.now()), late)
    except UNLOADABLE as error:
        core.trouble(f"what was due could not be done: {error}")
        say(f"trouble: {error}")
        return None


def _end_on_signals(core: Core, stop: threading.Event) -> None:
    """A byte in a pipe ends the program, and the interpreter's own handler in C writes it.

    A handler in Python runs in the main thread, when that computes the next time: a signal which arrives just before
    it goes to sleep, or in another thread, would be slept through.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    os.set_blocking(reader, True)

    def wait() -> None:
        os.read(reader, 1)
        stop.set()
        core.wake.set()

    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in ENDING:
        signal.signal(number, lambda _number, _frame: None)
    threading.Thread(target=wait, name="signals", daemon=True).start()


def _only_one(paths: Paths) -> None:
    """A lock that ends with the process. The descriptor stays open on purpose."""
    descriptor = os.open(paths.state / "enforcer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise AlreadyRunning(f"another enforcer uses {paths.state}") from None


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gateway.enforcer", description="The only writer of kernel state.")
    parser.add_argument("--site", type=Path, help="the first site of a new box; ignored once there is a generation")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
