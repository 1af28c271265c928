"""`python -m gateway.watcher`: watch until SIGTERM or SIGINT, then write what is pending and exit 0."""

import os
import signal
import sys

from gateway.paths import Paths
from gateway.store.migrate import SchemaTooNewError
from gateway.store.writer import StoreError
from gateway.watcher.link import say
from gateway.watcher.service import Watcher


def main() -> int:
    """Exit status 1 when the store or the run folder cannot be opened; the reason is on stderr."""
    stop, request = os.pipe()
    os.set_blocking(request, False)
    # A handler of Python runs between two of its steps, perhaps after a long wait; this hears of the signal itself.
    signal.set_wakeup_fd(request, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    paths = Paths.from_env()
    try:
        watcher = Watcher(paths)
    except (OSError, StoreError, SchemaTooNewError) as error:
        say(f"cannot start with {paths.state} and {paths.run}: {error}")
        return 1
    say("started")
    watcher.run(stop)
    say("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
