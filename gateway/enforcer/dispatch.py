"""One request of one peer: who is it, may it, do it, write it down, answer. The only way to a command.

Audited: every command that changes something, and every refusal; not reads, which change nothing, nor single pins,
which come with every DNS answer (`status` counts them).

May live here: that sequence. May not: sockets, what a command does.
"""

import time
from dataclasses import dataclass
from typing import Any

from gateway.access import Access, AccessError, Peer, Role
from gateway.arguments import Arguments
from gateway.enforcer import clock, gate, origin
from gateway.enforcer.call import Call
from gateway.enforcer.change import Who
from gateway.enforcer.commands import COMMANDS
from gateway.enforcer.confirm import Origin
from gateway.enforcer.core import Core
from gateway.enforcer.identity import person
from gateway.enforcer.kernel_nft import NftError
from gateway.enforcer.steps import Tell
from gateway.netlink import NetlinkError
from gateway.wire import BAD_REQUEST, INTERNAL, NOT_ALLOWED, CommandRefused, Request

UNRECORDED = {"pin", "log_fd"}
STRANGER_EVERY = 10.0  # seconds between audit records of refusals to one uid without a role


@dataclass(frozen=True, slots=True)
class Caller:
    """A peer as it was when it connected: later its processes may be gone."""

    peer: Peer
    actor: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Answer:
    """Values for the wire, and descriptors to hand over with them (the server closes them afterwards)."""

    values: dict[str, Any]
    descriptors: tuple[int, ...] = ()


class Dispatcher:
    """Safe for several threads: what must not happen at once has its locks in Core."""

    def __init__(self, core: Core, access: Access) -> None:
        self._core, self._access = core, access
        self._strangers: dict[int, float] = {}

    @staticmethod
    def identify(peer: Peer) -> Caller:
        return Caller(peer, person(peer), origin.of_process(peer.pid))

    def answer(self, caller: Caller, request: Request, tell: Tell) -> Answer:
        """Do the command. Raises CommandRefused; any other trouble becomes one, with its cause in `status`."""
        role = self.role_of(caller.peer)
        who = _who(caller, role, request)
        call = Call(self._core, who, Arguments(request.command, request.args), tell)
        try:
            gate.pass_through(role, request.command)
            _demand_actor(role, request)
            values = _run(call, request.command)
        except CommandRefused as refusal:
            self._record_refusal(caller.peer, role, who, request.command, call.plan, refusal)
            raise
        except (NftError, NetlinkError, OSError) as error:
            self._core.trouble(f"{request.command}: {error}")
            self._record(who, request.command, call.plan, f"failed: {error}")
            raise CommandRefused(INTERNAL, f"`{request.command}` failed: {error}", "see `clinicgate status`") from error
        if request.command in gate.WRITES and request.command not in UNRECORDED:
            self._record(who, request.command, call.plan, f"done: {_brief(values)}")
        return Answer(values, tuple(call.descriptors))

    def role_of(self, peer: Peer) -> Role | None:
        """None: a stranger, also to a file of roles that cannot be read."""
        try:
            return self._access.role_of(peer)
        except AccessError as error:
            self._core.trouble(str(error))
            return None

    def _record_refusal(
        self, peer: Peer, role: Role | None, who: Who, command: str, plan: str, refusal: CommandRefused
    ) -> None:
        """Strangers cannot fill the disk: one record a uid in STRANGER_EVERY seconds. Nor can the resolver's pins."""
        if role is None:
            now = time.monotonic()
            if now - self._strangers.get(peer.uid, float("-inf")) < STRANGER_EVERY:
                return
            self._strangers[peer.uid] = now
        if command not in UNRECORDED or role != "resolver":
            self._record(who, command[:64], plan, f"refused: {refusal.code}: {refusal.message}")

    def _record(self, who: Who, command: str, plan: str, outcome: str) -> None:
        try:
            self._core.audit.append(who.actor, who.origin.text, command, plan, outcome)
        except OSError as error:
            self._core.trouble(f"the audit log cannot be written: {error}")
            raise CommandRefused(
                INTERNAL, f"`{command}`: {outcome[:200]}; but the audit log cannot be written: {error}", "free the disk"
            ) from error


def _run(call: Call, command: str) -> dict[str, Any]:
    return COMMANDS[command](call)


def _who(caller: Caller, role: Role | None, request: Request) -> Who:
    """The webui is trusted to name the person and the age of the browser's connection; nobody else is."""
    if role == "webui":
        actor = f"web:{request.actor}" if request.actor else caller.actor
        return Who(actor, origin.of_web(request.connection_opened, clock.now()))
    return Who(caller.actor, caller.origin)


def _demand_actor(role: Role | None, request: Request) -> None:
    if role == "webui" and request.command in gate.WRITES and not request.actor:
        raise CommandRefused(BAD_REQUEST, "the page must say which person commands", "send `actor`")
    if role != "webui" and (request.actor is not None or request.connection_opened is not None):
        raise CommandRefused(NOT_ALLOWED, "only the page may speak for another person", "leave out `actor`")


def _brief(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())[:1000]
