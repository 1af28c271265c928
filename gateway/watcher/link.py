"""The watcher's side of the enforcer's socket: short questions, a bounded back-off, one place that knows the answers.

The watcher is single-threaded and must keep reading the packet log, so a question waits briefly and a missing enforcer
is not asked again at once.

May live here: those questions. May not: what is done with the answers.
"""

import socket
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.applied import AppliedSite, SiteUnreadableError, applied_site
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.events import clean

TIMEOUT_SECONDS = 3.0
FIRST_BACKOFF, LAST_BACKOFF = 1.0, 15.0
REFUSED_COUNTERS = ("core.refused.", "core.quarantine", "core.source.forged", "core.forward.feed", "refuse.")
ACCEPTED_COUNTERS = ("pack.", "permit.", "video.", "forward.")


@dataclass(frozen=True, slots=True)
class Readings:
    """Running totals by rule id: packets refused, and connections begun (packets that a rule accepted as new)."""

    refused: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)


class EnforcerLink:
    """`up` is False after a failed question and until one succeeds; times are of the monotonic clock."""

    def __init__(self, path: Path) -> None:
        self._client = EnforcerClient(path, TIMEOUT_SECONDS)
        self._backoff = FIRST_BACKOFF
        self._not_before = 0.0
        self._said = ""
        self.up = False

    def ready(self, monotonic: float) -> bool:
        """Whether asking makes sense now."""
        return monotonic >= self._not_before

    def status(self, monotonic: float) -> dict[str, Any] | None:
        """The enforcer's status, or None (and a longer pause) when it does not answer."""
        try:
            status = self._client.call("status")
        except (EnforcerUnavailable, Refused) as error:
            self.up = False
            self._not_before = monotonic + self._backoff
            self._backoff = min(self._backoff * 2, LAST_BACKOFF)
            self._say(f"enforcer: {error}")
            return None
        self.up, self._backoff = True, FIRST_BACKOFF
        self._say("enforcer: answers")
        return status

    def site(self) -> AppliedSite | None:
        """The applied site, None when there is none or it cannot be had now."""
        try:
            return applied_site(self._client, datetime.now(UTC))
        except (EnforcerUnavailable, Refused, SiteUnreadableError) as error:
            self._say(f"applied site: {error}")
            return None

    def counters(self) -> Readings:
        """The kernel's counters now; empty when they cannot be had."""
        try:
            answer = self._client.call("counters").get("counters", {})
        except (EnforcerUnavailable, Refused) as error:
            self._say(f"counters: {error}")
            return Readings()
        return Readings(refused_packets(answer), accepted_connections(answer))

    def log_socket(self) -> socket.socket | None:
        """The packet log, or None when the enforcer does not give it (now)."""
        return self._handed_over("log_fd", "packet log")

    def flow_socket(self) -> socket.socket | None:
        """New connections, or None when the enforcer does not give them (now)."""
        return self._handed_over("flow_fd", "new connections")

    def close(self) -> None:
        self._client.close()

    def _handed_over(self, command: str, what: str) -> socket.socket | None:
        try:
            _, descriptors = self._client.call_with_descriptors(command)
        except (EnforcerUnavailable, Refused) as error:
            self._say(f"{what}: {error}")
            return None
        for extra in descriptors[1:]:
            socket.close(extra)
        if not descriptors:
            self._say(f"{what}: the enforcer sent no descriptor")
            return None
        handed = socket.socket(fileno=descriptors[0])
        handed.setblocking(False)
        return handed

    def _say(self, text: str) -> None:
        """Say it, but not the same thing twice in a row."""
        if text != self._said:
            self._said = text
            say(text)


def refused_packets(counters: Any) -> dict[str, int]:
    """Counters by name -> packets by rule id, only those that count refusals. Tolerates any shape."""
    return _packets(counters, REFUSED_COUNTERS)


def accepted_connections(counters: Any) -> dict[str, int]:
    """As `refused_packets`, only those that accept. Running connections pass before them, so each counts beginnings."""
    return _packets(counters, ACCEPTED_COUNTERS)


def _packets(counters: Any, wanted: tuple[str, ...]) -> dict[str, int]:
    if not isinstance(counters, dict):
        return {}
    found: dict[str, int] = {}
    for name, value in counters.items():
        packets = value.get("packets") if isinstance(value, dict) else value
        if str(name).startswith(wanted) and isinstance(packets, int) and packets >= 0:
            found[str(name).replace(".", ":")] = packets
    return found


def say(text: str) -> None:
    """One line for the journal, with nothing in it that a terminal would obey."""
    print(f"watcher: {clean(text, 400)}", file=sys.stderr, flush=True)
