"""Asking the enforcer for pins, without waiting: a few threads, each with a client of its own.

May live here: the `pin` command. May not: when an answer needs a pin (filters.dns_pins), how long it waits (Timing).
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filters.dns_exchange import Event, PinDone, RequestPin
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.resolver.journal import Journal

THREADS = 2
TIMEOUT_SECONDS = 2.0
MAX_WAITING = 1024
MAX_NAME = 255  # characters the enforcer takes; a name of escaped octets may be longer


class Pinning:
    """`request` returns at once; a PinDone event follows by `take`, in the loop's thread."""

    def __init__(self, path: Path, take: Callable[[Event], None], journal: Journal) -> None:
        self._path, self._take, self._journal = path, take, journal
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(THREADS, "pin")
        self._own = threading.local()
        self._waiting = 0

    def request(self, command: RequestPin) -> None:
        if self._waiting >= MAX_WAITING:
            self._loop.call_soon(self._take, PinDone(command.token, ok=False))
            return
        self._waiting += 1
        self._threads.submit(self._call, command)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _call(self, command: RequestPin) -> None:
        """In a thread."""
        client = getattr(self._own, "client", None)
        if client is None:
            client = self._own.client = EnforcerClient(self._path, TIMEOUT_SECONDS)
        refusal = ""
        try:
            client.call(
                "pin",
                client=str(command.client),
                addresses=[str(address) for address in command.addresses],
                ttl=command.ttl,
                name=command.name[:MAX_NAME],
            )
        except (EnforcerUnavailable, Refused) as error:
            refusal = str(error)
        try:
            self._loop.call_soon_threadsafe(self._done, command.token, refusal)
        except RuntimeError:
            client.close()  # the loop is closed: nobody waits any more

    def _done(self, token: int, refusal: str) -> None:
        self._waiting -= 1
        self._journal.say("pins", f"not set: {refusal}" if refusal else "set by the enforcer")
        self._take(PinDone(token, ok=not refusal))
