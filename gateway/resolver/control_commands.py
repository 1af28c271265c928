"""What people may ask the running resolver: arguments in, plain values out. None of it changes anything.

May live here: one function a command, and who may use it. May not: sockets (control.py), telling it in words (the CLI).
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from filters.dns_accounts import Detail, Snapshot, zone_of
from gateway.access import Role
from gateway.arguments import Arguments
from gateway.resolver.explaining import explain_in, question_of
from gateway.resolver.service import Resolver
from gateway.resolver.trial import ask_as

MAX_TOP = 500

ASKERS: frozenset[Role] = frozenset({"technician", "owner", "webui"})
GATE: dict[str, frozenset[Role]] = {
    "ask": ASKERS,
    "explain": ASKERS | {"viewer"},
    "accounts": ASKERS | {"watcher"},
}


async def ask(resolver: Resolver, args: Arguments) -> dict[str, Any]:
    """Run a question through the session as that client, without a trace on it."""
    asked = question_of(resolver.config, resolver.session.policy, args)
    args.done()
    return {**asked.about, **await ask_as(resolver, asked.asker, asked.name, asked.type)}


async def explain(resolver: Resolver, args: Arguments) -> dict[str, Any]:
    """Why a question would be answered as it would be, now or `at` another moment (seconds since 1970)."""
    return explain_in(resolver.config, resolver.session.policy, args, time.time())


async def accounts(resolver: Resolver, args: Arguments) -> dict[str, Any]:
    """What was asked and answered since the start, with the `top` names and clients as far as the query log may."""
    top = args.whole("top", 1, MAX_TOP, 20)
    args.done()
    return accounts_dict(as_fine_as(resolver.config.log, resolver.snapshot(top)), top)


Command = Callable[[Resolver, Arguments], Awaitable[dict[str, Any]]]
COMMANDS: dict[str, Command] = {"ask": ask, "explain": explain, "accounts": accounts}


def as_fine_as(detail: Detail, found: Snapshot) -> Snapshot:
    """A snapshot without what the site's switch keeps from everybody: devices unless by device, names when off."""
    if detail == "device":
        return found
    views, lists = Counter[str](), Counter[tuple[str, str]]()
    verdicts = Counter[tuple[str, str, str]]()
    for view, count in found.views.items():
        views[zone_of(view)] += count
    for (view, action, reason), count in found.verdicts.items():
        verdicts[zone_of(view), action, reason] += count
    for (view, name), count in found.lists.items():
        lists[zone_of(view), name] += count
    coarse = replace(found, views=views, verdicts=verdicts, lists=lists, clients={})
    return coarse if detail == "zone" else replace(coarse, names=(), blocked=())


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
