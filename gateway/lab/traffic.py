"""Doing the acts of a demo: real questions, handshakes, requests and calls from the devices' own sockets.

May live here: one attempt of each kind of act, the loop that repeats it, what came of it. May not: choosing acts.
"""

import asyncio
import contextlib
import secrets
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from gateway.lab import netns
from gateway.lab.scenario import Act

PATIENCE, IMPATIENCE = 4.0, 0.8  # seconds: for what should pass, and for what should not
CALL_PACKETS, CALL_INTERVAL, CALL_PAYLOAD = 50, 0.02, 160
CALL_ENOUGH, LATE_SECONDS = 0.9, 0.5
KEPT = 400


@dataclass(slots=True)
class Tally:
    """What came of one act so far. `took` are seconds of the latest successes.

    `excuse`: why a person changed meanwhile what should become of it; from then on nothing that comes of it is wrong,
    and `wrong_before` is how often something was."""

    act: Act
    tried: int = 0
    passed: int = 0
    took: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    lookups: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    excuse: str = ""
    wrong_before: int = 0

    @property
    def stopped(self) -> int:
        return self.tried - self.passed

    @property
    def wrong(self) -> int:
        """How often something else happened than should."""
        return self.wrong_before if self.excuse else self.unwanted

    @property
    def unwanted(self) -> int:
        """How often something else happened than the site wanted when the demo began."""
        return self.stopped if self.act.passes else self.passed


class Actors:
    """Repeats every act until it is cancelled. `namespaces` maps host -> descriptor."""

    def __init__(self, acts: list[Act], namespaces: Mapping[str, int], authority: str) -> None:
        self.tallies = [Tally(act) for act in acts]
        self._namespaces = namespaces
        self._trust = ssl.create_default_context(cafile=authority)

    async def play(self, changed: Callable[[Tally], None]) -> None:
        """Until cancelled; calls `changed` after every attempt."""
        async with asyncio.TaskGroup() as group:
            for number, tally in enumerate(self.tallies):
                group.create_task(self._repeat(tally, number / max(len(self.tallies), 1), changed))

    async def _repeat(self, tally: Tally, offset: float, changed: Callable[[Tally], None]) -> None:
        await asyncio.sleep(offset * tally.act.pause)  # so that not everything happens in the same moment
        while True:
            await self.attempt(tally)
            changed(tally)
            await asyncio.sleep(tally.act.pause)

    async def attempt(self, tally: Tally) -> None:
        """Does the act once and counts what came of it."""
        act = tally.act
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE if act.passes else IMPATIENCE):
                passed = await self._do(tally)
        except (OSError, TimeoutError, ssl.SSLError, dns.exception.DNSException, asyncio.IncompleteReadError):
            passed = False
        tally.tried += 1
        tally.passed += passed
        if passed:
            tally.took.append(time.perf_counter() - begun)

    async def _do(self, tally: Tally) -> bool:
        act = tally.act
        address = str(act.address)
        if act.name:
            begun = time.perf_counter()
            found = await self._look_up(act)
            tally.lookups.append(time.perf_counter() - begun)
            if found is None:
                return False
            address = found
        if act.kind == "name":
            return True
        if act.kind == "call":
            return await self._call(act, address)
        return await self._connect(act, address)

    async def _look_up(self, act: Act) -> str | None:
        query = dns.message.make_query(act.name, dns.rdatatype.A)
        with self._socket(act, socket.AF_INET, socket.SOCK_DGRAM) as sock:
            loop = asyncio.get_running_loop()
            server = next(a for a in act.servers if a.version == 4)
            await loop.sock_connect(sock, (str(server), 53))
            await loop.sock_sendall(sock, query.to_wire())
            reply = dns.message.from_wire(await loop.sock_recv(sock, 4096))
        if reply.rcode() != dns.rcode.NOERROR:
            return None
        addresses = [item.address for rrset in reply.answer if rrset.rdtype == dns.rdatatype.A for item in rrset]
        named = [str(address) for address in addresses if not ip_address(address).is_unspecified]
        return named[0] if named else None  # 0.0.0.0 is one of the ways in which a name is blocked

    async def _connect(self, act: Act, address: str) -> bool:
        """A TCP handshake; with a name TLS that trusts the lab's authority, and a page."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = self._socket(act, family, socket.SOCK_STREAM)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (address, act.port))
            if not act.name:
                return True
            reader, writer = await asyncio.open_connection(sock=sock, ssl=self._trust, server_hostname=act.name)
            writer.write(f"GET / HTTP/1.1\r\nHost: {act.name}\r\nConnection: close\r\n\r\n".encode())
            answered = (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()
            return answered
        finally:
            sock.close()

    async def _call(self, act: Act, address: str) -> bool:
        """A second of a call: 50 packets each way; it works when nearly all come back."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self._socket(act, family, socket.SOCK_DGRAM) as sock:
            await loop.sock_connect(sock, (address, act.port))
            heard = 0

            async def listen() -> None:
                nonlocal heard
                while heard < CALL_PACKETS:
                    await loop.sock_recv(sock, 2048)
                    heard += 1

            listener = asyncio.create_task(listen())
            try:
                for _ in range(CALL_PACKETS):
                    await loop.sock_sendall(sock, secrets.token_bytes(CALL_PAYLOAD))
                    await asyncio.sleep(CALL_INTERVAL)  # the pace of speech
                await asyncio.wait([listener], timeout=LATE_SECONDS)
            finally:
                listener.cancel()
                await asyncio.wait([listener])
            return heard >= CALL_PACKETS * CALL_ENOUGH

    def _socket(self, act: Act, family: int, kind: int) -> socket.socket:
        sock = netns.open_socket(self._namespaces[act.host], family, kind)
        sock.setblocking(False)
        return sock
