"""Every command as a function: checked arguments in, plain values out. The gate and the audit log are in dispatch.py.

May live here: one function a command and the table of them. May not: sockets, roles, waiting.
"""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

from gateway import audit
from gateway.arguments import Arguments
from gateway.attribution import interface_name
from gateway.enforcer import allow, change, clock, feeds, flow_events, nflog, pending, status
from gateway.enforcer.addresses import never_outside
from gateway.enforcer.call import Call, Command
from gateway.enforcer.change import Order
from gateway.enforcer.core import Core
from gateway.enforcer.elements import mac_key
from gateway.enforcer.pins import NO_MAC
from gateway.enforcer.quarantine import MAX_RECORDS, as_dict
from gateway.neighbours import neighbours
from gateway.netlink import NetlinkError
from gateway.wire import BAD_REQUEST, BUSY, MAX_FRAME, NOT_FOUND, PROTECTED, CommandRefused
from ruleset.live import Quarantined
from ruleset.model_dns import ADDRESSES, DOH_ADDRESSES
from ruleset.resolved import Host, ResolvedSite

Address = IPv4Address | IPv6Address
MAX_TAIL = 500
MAX_PINNED = 64


def _status(call: Call) -> dict[str, Any]:
    call.args.done()
    return status.status(call.core)


def _site(call: Call) -> dict[str, Any]:
    call.args.done()
    return status.site(call.core)


def _counters(call: Call) -> dict[str, Any]:
    call.args.done()
    return status.counters(call.core)


def _generations(call: Call) -> dict[str, Any]:
    call.args.done()
    return status.generations(call.core)


def _audit_tail(call: Call) -> dict[str, Any]:
    count = call.args.whole("count", 1, MAX_TAIL, 50)
    call.args.done()
    return {"records": audit.tail(call.core.paths.audit, count)}


def _apply(call: Call) -> dict[str, Any]:
    text = call.args.text("site_text", MAX_FRAME)
    path = call.args.label("site_path", 4096, "site.yaml")
    within = call.args.number("confirm_within", pending.SHORTEST, pending.LONGEST, pending.USUAL)
    call.args.done()
    call.plan = f"apply {path}, confirm within {within:g} s"
    waiting = change.apply(call.core, Order(text.encode("utf-8", "replace"), path, call.who, within), call.tell)
    left = waiting.seconds_left(clock.now())
    meta = call.core.store.meta(waiting.generation)
    plan = meta.summary if meta else ""
    call.plan = f"{call.plan}: {plan}"
    told = {"generation": waiting.generation, "previous": waiting.previous, "seconds_left": round(left, 1)}
    return told | {"plan": plan}


def _confirm(call: Call) -> dict[str, Any]:
    call.args.done()
    call.plan = f"confirm generation {call.core.pending.generation}" if call.core.pending else "confirm"
    number = change.confirm(call.core, call.who)
    return {"generation": number, "origin": call.who.origin.text}


def _rollback(call: Call) -> dict[str, Any]:
    wanted = call.args.whole("generation", 1, 1 << 31) if call.args.has("generation") else None
    call.args.done()
    call.plan = f"rollback to {wanted or 'the previous generation'}"
    return {"generation": change.rollback(call.core, wanted, call.who)}


def _quarantine_add(call: Call) -> dict[str, Any]:
    record = _new_record(call)
    call.plan = f"isolate {record.device or record.mac or ', '.join(record.addresses)}: {record.reason}"
    if len(call.core.quarantine.records) >= MAX_RECORDS:
        raise CommandRefused(BUSY, f"{MAX_RECORDS} devices are isolated already", "`clinicgate quarantine remove`")
    kept, killed = call.core.isolate(record)
    return _unsaved(call.core, "isolated") | {"quarantined": as_dict(kept), "flows_ended": killed}


def _quarantine_remove(call: Call) -> dict[str, Any]:
    which, value = _subject(call.args)
    call.args.done()
    call.plan = f"release {value}"
    matching = [r for r in call.core.quarantine.records if value in _named(r, which)]
    if not matching:
        raise CommandRefused(NOT_FOUND, f"{value} is not isolated", "see `clinicgate quarantine list`")
    call.core.release(matching)
    return _unsaved(call.core, "free") | {"released": [as_dict(record) for record in matching]}


def _unsaved(core: Core, now: str) -> dict[str, Any]:
    """First in the answer, so that the journal has it too."""
    words = f"{now} now, but a restart would forget it: {core.unsaved}; free the disk, it is saved again by itself"
    return {"warning": words} if core.unsaved else {}


def _quarantine_list(call: Call) -> dict[str, Any]:
    call.args.done()
    return {"quarantine": [as_dict(record) for record in call.core.quarantine.records]}


def _pin(call: Call) -> dict[str, Any]:
    client = call.args.address("client")
    addresses = call.args.addresses("addresses", MAX_PINNED)
    ttl = call.args.whole("ttl", 0, 1 << 31)
    call.args.label("name", 255, "-")
    call.args.done()
    site = call.core.site
    if site is None or site.segment_of(client) is None or site.is_gateway(client):
        raise CommandRefused(PROTECTED, f"{client} is no client of a zone")
    if call.core.quarantine.holds(client):
        raise CommandRefused(PROTECTED, f"{client} is isolated")
    pinned = call.core.pins.pin(client, addresses, ttl)
    return {"pinned": pinned.pairs, "refused": [str(address) for address in pinned.refused]}


def _feed_load(call: Call) -> dict[str, Any]:
    name, file = call.args.text("name", 31), Path(call.args.text("path", 4096))
    call.args.done()
    call.plan = f"load feed {name} from {file}"
    if not name.replace("-", "").isalnum() or not name.isascii() or not name[0].isalpha() or name != name.lower():
        raise CommandRefused(BAD_REQUEST, "`name` must be lower-case letters, digits and `-`, a letter first")
    try:
        if not file.is_file() or file.stat().st_size > feeds.MAX_BYTES:
            raise CommandRefused(BAD_REQUEST, f"{file} is no file of at most {feeds.MAX_BYTES} bytes")
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CommandRefused(BAD_REQUEST, f"{file} cannot be read: {error.strerror or error}") from None
    site = call.core.site
    declared = site.site.dns.lists.get(name) if site else None
    category = DOH_ADDRESSES if declared and declared.category == DOH_ADDRESSES else ADDRESSES
    return call.core.feeds.load(name, feeds.parse(text, never_outside(site)), category)


def _log_fd(call: Call) -> dict[str, Any]:
    call.args.done()
    try:
        log = nflog.open_log()
    except NetlinkError as error:
        if nflog.is_taken(error):
            raise CommandRefused(BUSY, "another process reads the log already", "end the other watcher") from None
        raise
    call.descriptors.append(log.detach())
    return {"group": nflog.GROUP, "copy_range": nflog.COPY_RANGE}


def _flow_fd(call: Call) -> dict[str, Any]:
    call.args.done()
    call.descriptors.append(flow_events.open_flows().detach())
    return {"group": flow_events.GROUP_NEW}


COMMANDS: dict[str, Command] = {
    "status": _status,
    "site": _site,
    "counters": _counters,
    "generations": _generations,
    "audit_tail": _audit_tail,
    "apply": _apply,
    "confirm": _confirm,
    "rollback": _rollback,
    "quarantine_add": _quarantine_add,
    "quarantine_remove": _quarantine_remove,
    "quarantine_list": _quarantine_list,
    "pin": _pin,
    "feed_load": _feed_load,
    "log_fd": _log_fd,
    "flow_fd": _flow_fd,
    "dns_allow": allow.dns_allow,
    "dns_disallow": allow.dns_disallow,
    "dns_allowances": allow.dns_allowances,
}


def _named(record: Quarantined, which: str) -> tuple[str, ...]:
    """What a record can be called by; a stranger has no device name, and an empty word names nobody."""
    return {"address": record.addresses, "mac": (record.mac,), "device": (record.device,)}[which]


def _subject(args: Arguments) -> tuple[str, str]:
    """Which of device, mac and address was given, in its usual spelling."""
    given = [name for name in ("device", "mac", "address") if args.has(name)]
    if len(given) != 1:
        raise CommandRefused(BAD_REQUEST, "give one of `device`, `mac` and `address`")
    if given[0] == "address":
        return "address", str(args.address("address"))
    value = args.label(given[0], 64).lower()
    if not value:
        raise CommandRefused(BAD_REQUEST, f"`{given[0]}` is empty", "name one device")
    if given[0] == "mac":
        try:
            value = mac_key(value.replace("-", ":")).hex(":")
        except ValueError:
            raise CommandRefused(BAD_REQUEST, "`mac` must look like 02:00:00:20:00:11") from None
    return given[0], value


def _new_record(call: Call) -> Quarantined:
    which, value = _subject(call.args)
    reason = call.args.label("reason", 500, "-")
    call.args.done()
    host = _host(call.core.site, which, value)
    if which == "device" and host is None:
        raise CommandRefused(NOT_FOUND, f"no device {value} in the applied site", "give its `mac` or `address`")
    if which == "address":
        _refuse_own(call.core.site, value)
    if which == "mac":
        _refuse_router(call.core.site, value)
    addresses = tuple(map(str, host.addresses)) if host else ()
    extra = (value,) if which == "address" else ()
    mac = host.mac if host else value if which == "mac" else ""
    name = host.name if host else ""
    return Quarantined(name, mac, tuple(sorted({*addresses, *extra})), reason, call.who.actor, datetime.now(UTC))


def _host(site: ResolvedSite | None, which: str, value: str) -> Host | None:
    for host in site.hosts if site else ():
        names = {"device": {host.name}, "mac": {host.mac}, "address": set(map(str, host.addresses))}
        if value in names[which]:
            return host
    return None


def _refuse_router(site: ResolvedSite | None, mac: str) -> None:
    """Isolating the provider's router would cut off everybody; a group address (IEEE 802) belongs to no device."""
    if int(mac[:2], 16) & 1 or mac == NO_MAC:
        raise CommandRefused(PROTECTED, f"{mac} is no address of one device", "give the device's own MAC")
    outside = {outside.ifname for outside in site.outsides} if site else set()
    if any(n.mac == mac and interface_name(n.interface) in outside for n in neighbours()):
        raise CommandRefused(PROTECTED, f"{mac} is the provider's router", "isolating it would cut off everybody")


def _refuse_own(site: ResolvedSite | None, value: str) -> None:
    """Isolating the gateway, or an address outside the clinic, would cut off everybody or nobody."""

    address = ip_address(value)
    if site is not None and (
        site.is_gateway(address) or (site.segment_of(address) is None and not address.is_link_local)
    ):
        raise CommandRefused(PROTECTED, f"{value} is not a device's address in a zone", "give the device's own address")
