"""Where the page can be reached: this machine itself, and the gateway's addresses in the management zone.

Which those are, the enforcer knows. It may be absent at the start, and the site may change: so the addresses are asked
for again and again, and for each one a server is started or ended. No other zone is listened on, whatever the policy
would let through.

May live here: addresses, listening sockets, the servers' lives. May not: what is served.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import uvicorn
from starlette.types import ASGIApp

from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.paths import Paths
from gateway.report import SiteUnreadableError, applied_site

PORT = 8080
LOCAL = "127.0.0.1"
ASK_EVERY_SECONDS = 3.0
CLOSE_WITHIN_SECONDS = 3

Say = Callable[[str], None]


class SettingError(ValueError):
    """An environment variable holds nothing usable; the text says which and what it may hold."""


def port_from(environment: Mapping[str, str]) -> int:
    """CLINICGATE_UI_PORT, or 8080. Raises SettingError."""
    text = environment.get("CLINICGATE_UI_PORT") or str(PORT)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise SettingError(f"CLINICGATE_UI_PORT is {text[:40]!r}: it must be a port number from 1 to 65535")
    return int(text)


def wanted_addresses(paths: Paths, environment: Mapping[str, str]) -> list[str] | None:
    """The addresses to listen on; None when the enforcer cannot say (now). CLINICGATE_UI_HOST overrules it."""
    host = environment.get("CLINICGATE_UI_HOST")
    if host:
        return [host]
    try:
        with EnforcerClient(paths.enforcer_socket, 3.0) as client:
            applied = applied_site(client, datetime.now(UTC))
    except (EnforcerUnavailable, Refused, SiteUnreadableError):
        return None
    return [LOCAL, *(applied.management_addresses() if applied else [])]


def listen_on(address: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError, for example while the address is not on any interface yet."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """One of several in one loop: signals are the supervisor's affair."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listeners:
    """Keeps one server for each wanted address. `wanted` may block for a few seconds; it is asked in a thread."""

    def __init__(self, app: ASGIApp, port: int, wanted: Callable[[], list[str] | None], say: Say) -> None:
        self._app = app
        self._port = port
        self._wanted = wanted
        self._tell = say
        self._running: dict[str, tuple[_Server, asyncio.Task[None]]] = {}
        self._said: dict[str, str] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then finish what is being answered and return."""
        while not stop.is_set():
            addresses = await asyncio.to_thread(self._wanted)
            if addresses is None:
                addresses = list(self._running) or [LOCAL]
            await self._agree(addresses)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), ASK_EVERY_SECONDS)
        await self._agree([])

    async def _agree(self, addresses: list[str]) -> None:
        for address in [known for known in self._running if known not in addresses]:
            server, task = self._running.pop(address)
            server.should_exit = True
            await task
            self._say(address, "closed")
        for address in addresses:
            if address not in self._running:
                self._start(address)

    def _start(self, address: str) -> None:
        try:
            listener = listen_on(address, self._port)
        except OSError as error:
            self._say(address, f"cannot listen: {error.strerror or error}")
            return
        config = uvicorn.Config(
            self._app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=CLOSE_WITHIN_SECONDS,
            limit_concurrency=64,
            lifespan="off",
        )
        server = _Server(config)
        self._running[address] = server, asyncio.create_task(server.serve(sockets=[listener]))
        self._say(address, "listening")

    def _say(self, address: str, what: str) -> None:
        """One line a fact, and not the same again."""
        if self._said.get(address) != what:
            self._said[address] = what
            shown = f"[{address}]" if ":" in address else address
            self._tell(f"http://{shown}:{self._port}/ {what}")


async def serve(app: ASGIApp, paths: Paths, say: Say, environment: Mapping[str, str] = os.environ) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingError before anything is opened."""
    port = port_from(environment)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Listeners(app, port, lambda: wanted_addresses(paths, environment), say).run(stop)
