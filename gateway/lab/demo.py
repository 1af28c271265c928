"""The demo: an example clinic with its gateway and its daily traffic, shown live, and nothing left of it afterwards.

May live here: the order of a demo and how it is stopped. May not: what is shown (show.py), building the lab
(lifecycle.py).
"""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from gateway.lab import lifecycle, person
from gateway.lab.errors import LabError
from gateway.lab.folder import DEFAULT_LAB
from gateway.lab.show import STOPPING, Show
from ruleset.load import load_site
from ruleset.resolved import ResolvedSite

PORT = 8080
INTERRUPTED = 130


def run(site: Path, duration: int | None = None, port: int = PORT, lab: str = DEFAULT_LAB) -> int:
    """Shows the demo for `duration` seconds, or until Ctrl-C, SIGTERM or a hang-up.

    Exit status 0 when everything happened as the site wants it, 1 when not, 130 when stopped before it began.
    `port` is the page's on 127.0.0.1; a free one when it is taken. Raises LabError when the lab cannot be built."""
    resolved = _load(site)
    try:
        with _signals_raise():
            print(f"Building the virtual clinic of {site} ...", flush=True)
            lifecycle.up(resolved, str(site), lab, tied=True)
            try:
                person.apply_and_confirm(site, lab)
                return asyncio.run(Show(site, resolved, duration, lab).run(port))
            finally:
                _take_down(lab)
    except _StoppedError:
        print("stopped before the demo began; nothing is left", file=sys.stderr)
        return INTERRUPTED


class _StoppedError(BaseException):
    """A signal asked to stop while the lab was being built."""


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Whatever is half done when a signal comes is undone on the way out."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _StoppedError

    before = {number: signal.signal(number, stop) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _take_down(lab: str) -> None:
    """Removes the lab; a second Ctrl-C does not interrupt this."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    lifecycle.down(lab)


def _load(site: Path) -> ResolvedSite:
    result = load_site(site.read_bytes(), str(site), datetime.now(UTC))
    if result.resolved is None:
        raise LabError(f"{site} has errors; `clinicgate check {site}` shows them")
    return result.resolved
