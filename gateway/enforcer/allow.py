"""The commands `dns_allow`, `dns_disallow` and `dns_allowances`, and the end of an allowance by the clock.

What an allowance does is the resolver's affair: it lets one name through lists, the site's `deny` and `only`, and safe
search; never through closed networks, the clinic's own names, canaries or the guard against addresses inside.

May live here: their arguments, what the audit log is told. May not: the list itself (allowances.py), roles.
"""

from datetime import UTC, datetime
from typing import Any

from gateway.arguments import Arguments
from gateway.enforcer import clock
from gateway.enforcer.allowances import (
    LONGEST_MINUTES,
    MAX_ALLOWANCES,
    MAX_NAME,
    USUAL_MINUTES,
    Allowance,
    FullError,
    Wish,
    is_name,
)
from gateway.enforcer.call import Call
from gateway.enforcer.change import ITSELF
from gateway.enforcer.clock import Moment
from gateway.enforcer.core import Core
from gateway.wire import BAD_REQUEST, BUSY, NOT_FOUND, CommandRefused
from ruleset.resolved import ResolvedSite

LONGEST_WAIT = 300.0  # seconds between two looks; the wall clock may be set meanwhile
SHORTEST_MINUTES = 1 / 60


def dns_allow(call: Call) -> dict[str, Any]:
    """One name for a device, a zone or everybody, for some minutes, with a reason."""
    args = call.args
    name, reason = args.text("name", MAX_NAME), args.label("reason", 500).strip()
    minutes = args.number("minutes", SHORTEST_MINUTES, LONGEST_MINUTES, USUAL_MINUTES)
    aim, value = _aim(args)
    args.done()
    wish = Wish(
        name,
        value if aim == "zone" else "",
        value if aim == "device" else "",
        minutes * 60,
        reason,
        call.who.actor,
    )
    call.plan = f"allow {name[:MAX_NAME]!a} for {aim} {value[:40]!a} for {minutes:g} min: {reason}"
    if not is_name(name):
        raise CommandRefused(BAD_REQUEST, f"{name[:80]!a} is no name of a host", "write it as www.example.com")
    if not reason:
        raise CommandRefused(BAD_REQUEST, "`dns_allow` needs a reason", "say why, for whoever reads the journal later")
    _must_exist(call.core.site, aim, value)
    try:
        made, replaced = call.core.allowances.add(wish, clock.now())
    except FullError:
        hint = "`clinicgate dns disallow ID`, or write the name into `allow` of the site file"
        raise CommandRefused(BUSY, f"{MAX_ALLOWANCES} names are allowed for a while already", hint) from None
    call.plan = _plan(made)
    call.core.wake.set()
    return {**made.as_dict(), "replaced": [one.id for one in replaced]}


def dns_disallow(call: Call) -> dict[str, Any]:
    """Take one back before its time."""
    number = call.args.whole("id", 1, 1 << 31)
    call.args.done()
    call.plan = f"end allowance {number}"
    taken = call.core.allowances.remove(number)
    if taken is None:
        raise CommandRefused(NOT_FOUND, f"there is no allowance {number}", "see `clinicgate dns allowances`")
    call.plan = f"end {_plan(taken)}"
    return taken.as_dict()


def dns_allowances(call: Call) -> dict[str, Any]:
    """What holds now."""
    call.args.done()
    return {"allowances": told(call.core)}


def told(core: Core) -> list[dict[str, Any]]:
    """What holds now, for the wire."""
    return [one.as_dict() for one in core.allowances.in_force(clock.now())]


def tick(core: Core, now: Moment) -> float:
    """Forget what is over, and write that down; answer: seconds until the next end. Raises OSError."""
    for ended in core.allowances.drop_ended(now):
        core.audit.append(ITSELF, "", "dns_allow", _plan(ended), "ended: its time is over")
    return min((one.left(now) for one in core.allowances.in_force(now)), default=LONGEST_WAIT)


def _plan(one: Allowance) -> str:
    until = datetime.fromtimestamp(one.until, UTC).isoformat(timespec="seconds")
    return f"allowance {one.id} by {one.actor}: {one.name} for {one.whom} until {until}: {one.reason}"


def _aim(args: Arguments) -> tuple[str, str]:
    """For whom: ("device", id), ("zone", id) or ("all", "")."""
    given = [(name, args.text(name, 64)) for name in ("device", "zone") if args.has(name)]
    if args.flag("all"):
        given.append(("all", ""))
    if len(given) != 1:
        raise CommandRefused(BAD_REQUEST, "`dns_allow` needs one of `device`, `zone` and `all`", "say for whom")
    return given[0]


def _must_exist(site: ResolvedSite | None, aim: str, value: str) -> None:
    if site is None:
        raise CommandRefused(NOT_FOUND, "no site is applied, so no name is blocked", "`clinicgate apply SITE`")
    if aim == "zone" and site.segment(value) is None:
        zones = ", ".join(segment.name for segment in site.segments)
        raise CommandRefused(NOT_FOUND, f"no zone {value[:40]!a} in the applied site", f"its zones: {zones}")
    host = next((host for host in site.hosts if host.name == value), None) if aim == "device" else None
    if aim == "device" and host is None:
        hint = "see the site file; a device that is not declared gets it with its zone"
        raise CommandRefused(NOT_FOUND, f"no device {value[:40]!a} in the applied site", hint)
    if host is not None and not host.addresses:
        hint = f"allow it for zone {host.zone}, or give the device an address in the site file"
        raise CommandRefused(NOT_FOUND, f"{host.name} has no address in the site, so nobody can tell it apart", hint)
