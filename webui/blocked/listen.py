"""Where the block page can be reached: the gateway's own addresses in the zones whose names may be answered with it.

Which those are, the enforcer knows; it is asked again and again, like for the owner's page. The port is one that takes
no right to bind, and the kernel lets nobody reach it but those whom it led there itself.

May live here: addresses, listening sockets, what of the site the page may tell. May not: the page, the connections.
"""

import asyncio
import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.paths import Paths
from gateway.report import SiteUnreadableError, applied_site
from webui.blocked.page import Clinic
from webui.blocked.server import Server
from webui.blocked.why import ask
from webui.listen import ASK_EVERY_SECONDS, listen_on

VISITORS = frozenset({"guest"})  # roles of zones of people who do not work here

Say = Callable[[str], None]
Where = dict[str, int]  # address -> port


class Site:
    """What the enforcer says, taken apart only when it says something new."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._said: tuple[Any, Any] = (None, None)
        self._known: tuple[Where, Clinic] | None = None

    def look(self) -> tuple[Where, Clinic] | None:
        """Where to serve and what may be told; None when nobody can say (now). Blocks for up to three seconds."""
        try:
            with EnforcerClient(self._paths.enforcer_socket, 3.0) as client:
                answer = client.call("site")
                said = (answer.get("generation"), answer.get("site_text"))
                if self._known is None or said != self._said:
                    self._known = _taken(applied_site(client, datetime.now(UTC)))
                    self._said = said
        except (EnforcerUnavailable, Refused, SiteUnreadableError):
            return None
        return self._known


def _taken(applied: Any) -> tuple[Where, Clinic]:
    if applied is None:
        return {}, Clinic()
    facts, roles = applied.facts(), applied.page_addresses()
    clinic = Clinic(
        tuple(facts["languages"].split(",")),
        facts["technician"],
        facts["technician_phone"],
        {label.id: (label.label, label.role) for label in applied.labels() if label.type == "list"},
        frozenset(address for address, role in roles.items() if role in VISITORS),
    )
    return dict.fromkeys(roles, applied.page_port), clinic


class BlockPages:
    """Keeps one listening socket for each address while `run` runs."""

    def __init__(self, paths: Paths, say: Say) -> None:
        self._site = Site(paths)
        self._server = Server(functools.partial(ask, paths.resolver_socket))
        self._tell = say
        self._open: dict[str, asyncio.Server] = {}
        self._said: dict[str, str] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            while True:
                found = await asyncio.to_thread(self._site.look)
                if found is not None:
                    where, self._server.clinic = found
                    await self._agree(where)
                await asyncio.sleep(ASK_EVERY_SECONDS)
        finally:
            await self._agree({})
            await self._server.close()

    async def _agree(self, where: Where) -> None:
        for address in [known for known in self._open if known not in where]:
            self._open.pop(address).close()
            self._say(address, "closed")
        for address, port in where.items():
            if address in self._open:
                continue
            try:
                self._open[address] = await self._server.open(listen_on(address, port))
            except OSError as error:
                self._say(address, f"cannot listen on port {port}: {error.strerror or error}")
            else:
                self._say(address, f"listening on port {port}")

    def _say(self, address: str, what: str) -> None:
        """One line a fact, and not the same again."""
        if self._said.get(address) != what:
            self._said[address] = what
            self._tell(f"block page at {address}: {what}")
