"""What a demo shows while it runs, and the judgement at its end.

May live here: traffic, page and view side by side, until it is time; whether what happened is what should have.
May not: the acts (scenario.py, traffic.py), the picture (view.py), signals outside the loop (demo.py).
"""

import asyncio
import os
import shlex
import shutil
import signal
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway import report
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.lab import netns, person, view
from gateway.lab.errors import LabError
from gateway.lab.folder import DEFAULT_LAB, Folder, Record, read_record
from gateway.lab.forwarder import Forwarder, fetch
from gateway.lab.judge import excuse, excused, faults, missing
from gateway.lab.names import lab_names
from gateway.lab.scenario import acts
from gateway.lab.specs import UI_PORT
from gateway.lab.topology import plan
from gateway.lab.traffic import Actors, Tally
from gateway.program import program
from gateway.store.reader import StoreUnavailableError
from ruleset.resolved import ResolvedSite

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
REDRAW_SECONDS, LINE_SECONDS = 1.0, 10.0
WRITTEN_SECONDS, LOOK_SECONDS = 10.0, 0.1
CLEAR = "\x1b[H\x1b[2J"


class Show:
    """One demo in a lab that is up and has its site applied. `duration` in seconds, None: until a signal."""

    def __init__(self, site: Path, resolved: ResolvedSite, duration: int | None, lab: str = DEFAULT_LAB) -> None:
        self._site, self._resolved, self._duration = site, resolved, duration
        self._folder = Folder(lab)
        self._stop = asyncio.Event()
        self._begun = time.monotonic()
        self._page = ""
        self._seen: set[str] = set()
        self._generation = 0
        self._zones: dict[str, str] = {}
        self._redraws = sys.stdout.isatty()

    async def run(self, port: int) -> int:
        """Until it is time; answer: the exit status. Raises LabError when the lab does not answer."""
        for number in STOPPING:
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        record = read_record(self._folder)
        if record is None:
            raise LabError("the lab is gone; start the demo again")
        with ExitStack() as stack:
            namespaces = {host.name: netns.open_named(host.namespace) for host in record.hosts}
            for descriptor in namespaces.values():
                stack.callback(os.close, descriptor)
            return await self._with(namespaces, record, port)

    async def _with(self, namespaces: dict[str, int], record: Record, port: int) -> int:
        everything = acts(
            plan(self._folder.lab, self._resolved), self._resolved, lab_names(self._resolved), datetime.now(UTC)
        )
        actors = Actors(everything, namespaces, str(self._folder.authority))
        admin = person.admin_host(record, self._resolved)
        door = Forwarder(namespaces[admin.name], person.page_address(self._resolved), UI_PORT)
        server, port = await door.start(port)
        self._page = f"http://127.0.0.1:{port}/"
        self._zones = {host.name: host.zone for host in record.hosts}
        await self._look(actors)
        async with server:
            self._begun = time.monotonic()
            self._announce(actors)
            await self._play(actors)
            return await self._judge(actors, port)

    async def _play(self, actors: Actors) -> None:
        playing = asyncio.create_task(actors.play(self._first_time))
        showing = asyncio.create_task(self._keep_showing(actors))
        looking = asyncio.create_task(self._keep_looking(actors))
        stopped = asyncio.create_task(self._stop.wait())
        try:
            endless = (playing, showing, looking)
            await asyncio.wait([*endless, stopped], timeout=self._duration, return_when=asyncio.FIRST_COMPLETED)
            if any(task.done() for task in endless):  # none ends by itself but by a fault of its own
                await asyncio.gather(*endless)
        finally:
            for task in (playing, showing, looking, stopped):
                task.cancel()
            await asyncio.gather(playing, showing, looking, stopped, return_exceptions=True)

    async def _keep_looking(self, actors: Actors) -> None:
        while True:
            await self._look(actors)
            await asyncio.sleep(REDRAW_SECONDS)

    async def _look(self, actors: Actors) -> None:
        """Notices what a person allows or applies meanwhile; what went wrong until the look before stays wrong."""
        before = {tally.act.id: tally.unwanted for tally in actors.tallies}
        answer = await asyncio.to_thread(self._applied)
        self._generation = self._generation or answer.get("generation", 0)
        for tally in actors.tallies if answer else ():
            if not tally.excuse:
                tally.excuse = excuse(tally.act, self._zones.get(tally.act.host, ""), answer, self._generation)
                if not tally.excuse:
                    tally.wrong_before = before[tally.act.id]

    def _applied(self) -> dict[str, Any]:
        """The enforcer's answer to `site`; empty when it does not answer."""
        try:
            with EnforcerClient(self._folder.gateway.enforcer_socket) as enforcer:
                return enforcer.call("site")
        except (EnforcerUnavailable, Refused):
            return {}

    def _announce(self, actors: Actors) -> None:
        if not self._redraws:
            shown = self._shown(actors)
            print(f"{shown.title}\nOwner's page: {shown.page}")
            print("Try next, in another terminal:", *(f"  {shown.command} {s}" for s in shown.suggestions), sep="\n")
            sys.stdout.flush()

    async def _keep_showing(self, actors: Actors) -> None:
        while True:
            if self._redraws:
                size = shutil.get_terminal_size()
                lines = view.screen(self._shown(actors), size.columns, size.lines - 1)
                print(CLEAR + "\n".join(lines), flush=True)
            await asyncio.sleep(REDRAW_SECONDS if self._redraws else LINE_SECONDS)
            if not self._redraws:
                print(f"{time.monotonic() - self._begun:4.0f} s  {view.recorded_line(self._recorded())}", flush=True)

    def _first_time(self, tally: Tally) -> None:
        if not self._redraws and tally.act.id not in self._seen:
            self._seen.add(tally.act.id)
            print(f"{time.monotonic() - self._begun:4.0f} s  {view.first_line(tally)}", flush=True)

    async def _judge(self, actors: Actors, port: int) -> int:
        for _ in range(int(WRITTEN_SECONDS / LOOK_SECONDS)):  # the watcher writes every few seconds
            if self._stop.is_set() or not missing(actors.tallies, self._recorded(), 0.0):
                break
            await asyncio.sleep(LOOK_SECONDS)
        page = await fetch(port)
        await self._look(actors)
        found = faults(actors.tallies, self._recorded(), page, complete=not self._stop.is_set())
        changed = [f"  CHANGED MEANWHILE: {sentence}" for sentence in excused(actors.tallies)]
        print("\n".join([*view.summary(self._shown(actors), page, found), *changed]), flush=True)
        return 1 if found else 0

    def _recorded(self) -> view.Recorded:
        try:
            today = report.summary(self._folder.gateway.events_database, time.time()).today
        except StoreUnavailableError:
            return view.Recorded(0, 0, 0)
        return view.Recorded(today.packets, today.names, len(today.attempts) + today.attempts_left_out)

    def _shown(self, actors: Actors) -> view.Shown:
        elapsed = time.monotonic() - self._begun
        left = None if self._duration is None else max(self._duration - elapsed, 0.0)
        title = f"clinicgate demo: {self._resolved.site.clinic.label}"
        return view.Shown(
            title, self._page, program(), elapsed, left, actors.tallies, self._recorded(), self._suggestions(actors)
        )

    def _suggestions(self, actors: Actors) -> tuple[str, ...]:
        knocking = next((t.act for t in actors.tallies if t.act.kind == "knock"), None)
        browsing = next((t.act for t in actors.tallies if t.act.kind == "browse"), None)
        asking = next((t.act for t in actors.tallies if t.act.kind == "name"), None)
        site, spare = shlex.quote(str(self._site.absolute())), self._without_work(actors)
        found = [f"prove {site} --live"]
        if knocking is not None:
            target = f"--from {knocking.host} --to {knocking.address} --{knocking.protocol} {knocking.port}"
            found.append(f"explain {site} {target}")
        if asking is not None:
            found.append(f"lab exec gateway -- {program()} dns explain {asking.name} --from {asking.host}")
        if browsing is not None:
            found.append(f"lab exec {browsing.host} -- sh")
        if spare is not None:
            found.append(f"lab exec gateway -- {program()} quarantine add {spare} --reason rehearsal")
        return tuple(found)

    def _without_work(self, actors: Actors) -> str | None:
        """A device that can be isolated while the demo goes on: nothing that should pass begins or ends there."""
        working = [tally.act for tally in actors.tallies if tally.act.passes]
        busy = {act.host for act in working} | {str(act.address) for act in working}
        admins = {segment.name for segment in self._resolved.segments if segment.role == "mgmt"}
        return next(
            (
                host.name
                for host in self._resolved.hosts
                if host.zone not in admins and busy.isdisjoint({host.name, *map(str, host.addresses)})
            ),
            None,
        )
