"""Following the applied site: ask the enforcer every second (and at SIGHUP), load what changed, hand it over.

Loading (parsing the site, mapping lists) runs in a thread while the old configuration answers; taking over is one
assignment in the loop's thread, so no question is dropped. Without an enforcer the last configuration goes on. Lists
that must be compiled first come in later; only the very first configuration waits for them, a little while: nobody is
served without lists because the box just started.

May live here: when to load, and the back-off. May not: what a configuration means.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from filters.dns_session import SessionConfig
from filters.names import BadNameError
from gateway.applied import SiteUnreadableError, from_answer
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.paths import Paths
from gateway.resolver.allowances import with_allowances
from gateway.resolver.compiling import Compiling
from gateway.resolver.config import ResolverConfig, config_of
from gateway.resolver.journal import Journal
from gateway.resolver.policy import session_config
from gateway.resolver.service import Resolver
from gateway.resolver.shelf import Shelf
from gateway.resolver.warm import Warm
from gateway.updates.compiled import CompiledFolder

POLL_SECONDS = 1.0
LAST_BACKOFF_SECONDS = 4.0
TIMEOUT_SECONDS = 5.0
FIRST_LISTS_SECONDS = 20.0  # a million names on a small board


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration ready to be taken over."""

    generation: int
    config: ResolverConfig
    pure: SessionConfig


class Follower:
    """`run()` for ever; `wake()` loads now (SIGHUP)."""

    def __init__(self, resolver: Resolver, paths: Paths, journal: Journal) -> None:
        self._resolver, self._journal = resolver, journal
        self._client = EnforcerClient(paths.enforcer_socket, TIMEOUT_SECONDS)
        folder = CompiledFolder(paths.compiled)
        self._shelf = Shelf(paths.lists, folder, journal, paths.resolver_status)
        self._compiling = Compiling(self._shelf, folder, journal, self._nudge)
        self._warm = Warm(paths.resolver_cache, resolver.session.cache, lambda: resolver.validates, journal)
        self._loaded: Loaded | None = None
        self._text = ""
        self._allowed: object = None
        self._complete = True
        self._away = False
        self._forced = False
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Load again now, whatever changed."""
        self._forced = True
        self._nudge()

    def _nudge(self) -> None:
        """Look now."""
        self._wake.set()

    async def run(self) -> None:
        pause = POLL_SECONDS
        remembering = asyncio.create_task(self._warm.run())
        try:
            while True:
                fine = await self.step()
                pause = POLL_SECONDS if fine else min(pause * 2, LAST_BACKOFF_SECONDS)
                try:
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                except TimeoutError:
                    continue
                self._wake.clear()
        finally:
            remembering.cancel()
            await self._compiling.stop()
            self._client.close()

    async def step(self) -> bool:
        """Look once, load and hand over if something changed; False: the enforcer did not answer."""
        forced, self._forced = self._forced, False
        try:
            loaded = await asyncio.to_thread(self._look, forced)
            self._compiling.begin()
            if self._loaded is None and loaded is not None:
                await asyncio.to_thread(self._shelf.tell)
                await self._compiling.finished(FIRST_LISTS_SECONDS)
                loaded = await asyncio.to_thread(self._with_lists, loaded.generation, loaded.config)
        except EnforcerUnavailable as error:
            self._journal.say("enforcer", str(error))
            self._away = True
            return False
        except Refused as error:
            self._journal.say("enforcer", str(error))  # no site yet, or no right to it
            return True
        except (SiteUnreadableError, BadNameError) as error:
            self._journal.say("site", f"{error}; the configuration before stays")
            return True
        if self._away:
            self._away = False
            self._resolver.session.forget_pins()  # it may have come back with an empty pin set
        self._journal.say("enforcer", "answers")
        if loaded is not None or not self._complete:
            await self._hand_over(loaded)
        return True

    async def _hand_over(self, loaded: Loaded | None) -> None:
        if loaded is not None:
            if self._loaded is not None and loaded.generation != self._loaded.generation:
                self._resolver.session.forget_pins()
            self._loaded = loaded
            self._resolver.adopt(loaded.config, loaded.pure)
            self._warm.adopt(loaded.config)
            zones = len(loaded.config.zones)
            self._journal.say("site", f"generation {loaded.generation}, {zones} zones")
            await asyncio.to_thread(self._shelf.tell)
        if self._loaded is not None:
            self._complete = await self._resolver.serve(self._loaded.config)

    def _look(self, forced: bool) -> Loaded | None:
        """In a thread: the enforcer's answer, and what to load; None when nothing changed."""
        answer = self._client.call("site")
        text = str(answer.get("site_text") or "")
        allowed = answer.get("allowances")
        same = self._loaded is not None and answer.get("generation") == self._loaded.generation
        same = same and (text, allowed) == (self._text, self._allowed)
        if same and not forced and (now := self._loaded) is not None:
            return self._with_lists(now.generation, now.config) if self._shelf.changed(now.config.lists) else None
        applied = from_answer(answer, datetime.now(UTC))
        if applied is None:
            self._journal.say("site", "none applied yet: no zone is served")
            return None
        config = with_allowances(config_of(applied.resolved), applied.resolved, allowed)
        self._text, self._allowed = text, allowed
        return self._with_lists(applied.generation, config)

    def _with_lists(self, generation: int, config: ResolverConfig) -> Loaded:
        """In a thread: the configuration with the lists that can be had now."""
        lists = self._shelf.load(config.lists)
        if not self._shelf.waiting:
            self._shelf.clean()
        return Loaded(generation, config, session_config(config, lists))
