"""What the enforcer tells people and programs about itself: plain values, ready for the wire.

May live here: gathering. May not: changing anything.
"""

from typing import Any

from gateway.enforcer import allow, clock
from gateway.enforcer.core import Core
from gateway.enforcer.generations import CLOSED
from gateway.enforcer.kernel_nft import NftError
from gateway.enforcer.quarantine import as_dict
from gateway.wire import NOT_FOUND, CommandRefused
from ruleset.compile_parts import TABLE

MAX_SUMMARY = 3000  # characters of each of some fifty generations: the answer must fit one message


def status(core: Core) -> dict[str, Any]:
    """`state` is closed, pending, confirmed, or stand-in (a saved text instead of a compiled policy); times in epoch
    seconds; `drift` lists what somebody else changed in the kernel."""
    now = clock.now()
    differences, others = _drift(core)
    return {
        "generation": core.loaded.number,
        "confirmed_generation": core.store.current().current,
        "state": _state(core),
        "pending": _pending(core),
        "drift": differences,
        "other_tables": others,
        "features": core.features,
        "quarantine": [as_dict(record) for record in core.quarantine.records],
        "pins": core.pins.count(),
        "allowances": allow.told(core),
        "ended": _ended(core),
        "feeds": core.feeds.status(),
        "errors": [{"at": trouble.at, "what": trouble.what} for trouble in core.troubles],
        "started_at": core.started.wall,
        "uptime": round(now.boot - core.started.boot, 1),
    }


def generations(core: Core) -> dict[str, Any]:
    known = core.store.current()
    return {
        "current": known.current,
        "previous": known.previous,
        "loaded": core.loaded.number,
        "generations": [
            {
                "number": meta.number,
                "at": meta.at,
                "actor": meta.actor,
                "origin": meta.origin,
                "site_path": meta.site_path,
                "summary": meta.summary[:MAX_SUMMARY],
                "state": meta.state,
                "sha256": meta.sha256,
                "note": meta.note,
            }
            for meta in core.store.metas()
        ],
    }


def site(core: Core) -> dict[str, Any]:
    """The text whose policy is loaded, and what people allowed meanwhile.

    Raises CommandRefused when the closed policy is."""
    number = core.loaded.number
    meta = core.store.meta(number)
    if number == CLOSED or meta is None:
        raise CommandRefused(NOT_FOUND, "no site is applied", "`clinicgate apply SITE`")
    text = core.store.site(number).decode("utf-8", errors="replace")
    told = {"generation": number, "site_text": text, "site_path": meta.site_path, "applied_at": meta.at}
    return told | {"allowances": allow.told(core)}


def counters(core: Core) -> dict[str, Any]:
    """Named counters: packets and bytes since each was made (they survive a change of rules, not a boot)."""
    found = core.nft.counters(TABLE)
    return {
        "generation": core.loaded.number,
        "counters": {name: {"packets": packets, "bytes": size} for name, (packets, size) in sorted(found.items())},
    }


def _state(core: Core) -> str:
    if core.loaded.number == CLOSED:
        return "closed"
    if core.pending is not None:
        return "pending"
    return "confirmed" if core.loaded.policy else "stand-in"


def _pending(core: Core) -> dict[str, Any] | None:
    waiting = core.pending
    if waiting is None:
        return None
    return {
        "generation": waiting.generation,
        "previous": waiting.previous,
        "actor": waiting.actor,
        "confirm_within": waiting.confirm_within,
        "applied_at": waiting.applied_wall,
        "seconds_left": round(waiting.seconds_left(clock.now()), 1),
    }


def _ended(core: Core) -> list[dict[str, Any]]:
    """Permits, video grants and forwards of the loaded site that are past their last day, and so left out."""
    site, now = core.site, core.sensible_now(clock.now())
    if site is None:
        return []
    granted = {one.id: one.expires for one in site.grants if one.expires is not None}
    ends = granted | {one.id: one.expires for one in site.forwards}
    return [{"id": name, "ended": end.timestamp()} for name, end in sorted(ends.items()) if end <= now]


def _drift(core: Core) -> tuple[list[str], list[str]]:
    try:
        differences, found = core.loader.drift()
    except NftError as error:
        return [f"the kernel's table cannot be read: {error}"], []
    return differences, list(found.other_tables)
