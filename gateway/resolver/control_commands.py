"""What people may ask the running resolver: arguments in, plain values out. None of it changes anything.

May live here: one function a command, and who may use it. May not: sockets (control.py), telling it in words (the CLI).
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from dns.rdatatype import RdataType

from filters.dns_accounts import Snapshot
from filters.dns_explain import explanation
from filters.names import BadNameError, Name, from_text, to_text
from gateway.access import Role
from gateway.arguments import Arguments
from gateway.resolver.asker import Asker, UnknownAskerError, asker_of
from gateway.resolver.policy import moment_of
from gateway.resolver.service import Resolver
from gateway.resolver.trial import ask_as, type_of
from gateway.wire import BAD_REQUEST, NOT_FOUND, CommandRefused

MAX_NAME = 1024  # characters: an international name is longer than its octets
MAX_TOP = 500
LATEST = 1 << 34  # seconds since 1970: the year 2514

ASKERS: frozenset[Role] = frozenset({"technician", "owner", "webui"})
GATE: dict[str, frozenset[Role]] = {
    "ask": ASKERS,
    "explain": ASKERS | {"viewer"},
    "accounts": ASKERS | {"watcher"},
}


async def ask(resolver: Resolver, args: Arguments) -> dict[str, Any]:
    """Run a question through the session as that client, without a trace on it."""
    name, qtype, asker, about = _question(resolver, args)
    args.done()
    return about | await ask_as(resolver, asker, name, qtype)


async def explain(resolver: Resolver, args: Arguments) -> dict[str, Any]:
    """Why a question would be answered as it would be, now or `at` another moment (seconds since 1970)."""
    name, qtype, asker, about = _question(resolver, args)
    now = args.number("at", 0, LATEST) if args.has("at") else datetime.now(UTC).timestamp()
    args.done()
    when = moment_of(datetime.fromtimestamp(now, UTC), resolver.config.timezone)
    found = explanation(resolver.session.policy, asker.zone, asker.client, name, when, qtype)
    return about | {"zone": asker.zone, "client": str(asker.client), "at": now, **found.as_dict()}


async def accounts(resolver: Resolver, args: Arguments) -> dict[str, Any]:
    """What was asked and answered since the start, with the `top` names and clients."""
    top = args.whole("top", 1, MAX_TOP, 20)
    args.done()
    return accounts_dict(resolver.snapshot(top), top)


Command = Callable[[Resolver, Arguments], Awaitable[dict[str, Any]]]
COMMANDS: dict[str, Command] = {"ask": ask, "explain": explain, "accounts": accounts}


def accounts_dict(found: Snapshot, top: int) -> dict[str, Any]:
    """A snapshot as plain values."""
    clients = sorted(found.clients.items(), key=lambda item: -item[1])[:top]
    return {
        "views": dict(found.views),
        "verdicts": [
            {"view": view, "action": action, "reason": reason, "count": count}
            for (view, action, reason), count in sorted(found.verdicts.items())
        ],
        "lists": [{"view": view, "list": name, "count": count} for (view, name), count in sorted(found.lists.items())],
        "clients": [{"client": client, "count": count} for client, count in clients],
        "names": [{"name": name, "count": count, "error": error} for name, count, error in found.names],
        "blocked": [{"name": name, "count": count, "error": error} for name, count, error in found.blocked],
        "latency": list(found.latency),
        "lost": found.lost,
    }


def _question(resolver: Resolver, args: Arguments) -> tuple[Name, RdataType, Asker, dict[str, Any]]:
    """Name, type, asker, and all three as they are told back."""
    text, client = args.text("name", MAX_NAME), args.text("client", 64)
    kind = args.text("type", 16, "A")
    if not resolver.config.zones:
        raise CommandRefused(NOT_FOUND, "no site is applied, so no zone is served", "`clinicgate apply SITE`")
    try:
        name, qtype = from_text(text), type_of(kind)
        asker = asker_of(client, resolver.config, resolver.session.policy)
    except BadNameError as error:
        raise CommandRefused(BAD_REQUEST, f"{text[:80]!a} is no name: {error}", "write it as www.example.com") from None
    except UnknownAskerError as error:
        raise CommandRefused(NOT_FOUND, str(error), error.hint) from None
    except ValueError as error:
        raise CommandRefused(BAD_REQUEST, str(error), "for example A, AAAA, HTTPS, MX") from None
    return name, qtype, asker, {"name": to_text(name), "type": kind.upper(), "from": client, "kind": asker.kind}
