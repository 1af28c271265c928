"""What changes in the names policy: for zones, their hours and devices; lists, closed networks, the log.

May live here: comparing the `dns` parts of two sites. May not: granted and protected names (plan_changes.py).

Every field of model_dns.py is compared, so that no plan says "nothing changes" of a policy that does. A policy over
another one is compared by what it amounts to, with the zone's policy under it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ruleset.model_dns import Dns, DnsForward, DnsList, DnsOverlay, DnsZone, Schedule
from ruleset.plan_risk import Change, Weight
from ruleset.resolved import ResolvedSite

MORE: Weight = ("low", "more-protection")
LESS: Weight = ("medium", "less-protection")
DETAILS = ("off", "zone", "device")
NOTHING = DnsZone.model_validate({})
# What decides by whom, and with whose word, something is blocked; the rest of a list is words and timing.
SOURCE_FIELDS = ("path", "url", "category", "minisign", "sha256")


def dns_changes(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    """Everything under `dns` but `protected`, in the order of the file."""
    was, now = old.site.dns, new.site.dns
    if was.upstreams != now.upstreams:
        asked = {"old": tuple(map(str, was.upstreams)), "new": tuple(map(str, now.upstreams))}
        yield Change("dns-upstreams", asked, "medium", "way-out")
    yield from _forwards(was.forward, now.forward)
    yield from _lists(was.lists, now.lists)
    yield from _policies(old, new)
    yield from _schedules(was.schedules, now.schedules)
    yield from _whole(was, now)


def _forwards(old: Mapping[str, DnsForward], new: Mapping[str, DnsForward]) -> Iterator[Change]:
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name), new.get(name)
        if was != now:
            params = {"name": name, "old": _forward(was), "new": _forward(now)}
            yield Change("dns-forward", params, "medium", "way-out")


def _forward(entry: DnsForward | None) -> str:
    return f"{', '.join(entry.names)} by {', '.join(map(str, entry.servers))}" if entry else ""


def _lists(old: Mapping[str, DnsList], new: Mapping[str, DnsList]) -> Iterator[Change]:
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name), new.get(name)
        if was is None and now is not None:
            yield Change("dns-list-added", {"name": name, "path": now.path, "url": now.url or "no url"}, *MORE)
        elif was is not None and now is None:
            yield Change("dns-list-removed", {"name": name}, *LESS)
        elif was is not None and now is not None and was != now:
            fields = [f for f in DnsList.model_fields if getattr(was, f) != getattr(now, f)]
            told = tuple(f"{f} {_word(getattr(now, f))} instead of {_word(getattr(was, f))}" for f in fields)
            source: Weight = ("medium", "list-source")
            weight: Weight = source if set(fields) & set(SOURCE_FIELDS) else ("low", "bookkeeping")
            yield Change("dns-list-changed", {"name": name, "what": told}, *weight)


def _word(value: Any) -> str:
    return "none" if value is None else str(value)


def _policies(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    """Zones with their hours, then devices. What a zone's policy changes is not told again for what lies over it."""
    was, now = old.site.dns, new.site.dns
    for zone in new.site.zones:
        before, after = was.zones.get(zone, NOTHING), now.zones.get(zone, NOTHING)
        yield from _policy(f"zone {zone}", before, after)
        for hours in dict.fromkeys((*after.during, *before.during)):
            over = before.during.get(hours), after.during.get(hours)
            yield from _over(f"zone {zone} during {hours}", (before, after), over)
    for device, declared in new.site.devices.items():
        had = old.site.devices.get(device, declared)
        under = was.zones.get(had.zone, NOTHING), now.zones.get(declared.zone, NOTHING)
        yield from _over(f"device {device}", under, (was.devices.get(device), now.devices.get(device)))


def _over(
    who: str, under: tuple[DnsZone, DnsZone], over: tuple[DnsOverlay | None, DnsOverlay | None]
) -> Iterator[Change]:
    if over[0] == over[1]:
        return
    before, after = (_merged(zone, overlay) for zone, overlay in zip(under, over, strict=True))
    found = list(_policy(who, before, after))
    yield from found or [Change("dns-rewritten", {"who": who}, "low", "bookkeeping")]


def _merged(zone: DnsZone, overlay: DnsOverlay | None) -> DnsZone:
    """What an overlay makes of a zone's policy, as the filter does it (filters/dns_rules.py)."""
    if overlay is None:
        return zone
    given = {f: value for f in ("lists", "categories", "block", "only", "safe_search")
             if (value := getattr(overlay, f)) is not None}  # fmt: skip
    added = {"allow": (*zone.allow, *overlay.allow), "deny": (*zone.deny, *overlay.deny)}
    return zone.model_copy(update=given | added)


def _policy(who: str, old: DnsZone, new: DnsZone) -> Iterator[Change]:
    yield from _words(who, "lists", (old.lists, new.lists), ("dns-lists-added", *MORE), ("dns-lists-removed", *LESS))
    categories = old.categories, new.categories
    yield from _words(who, "lists", categories, ("dns-kinds-added", *MORE), ("dns-kinds-removed", *LESS))
    yield from _words(who, "names", (old.allow, new.allow), ("dns-allowed", *LESS), ("dns-allow-ended", *MORE))
    yield from _words(who, "names", (old.deny, new.deny), ("dns-denied", *MORE), ("dns-deny-ended", *LESS))
    yield from _only(who, old.only, new.only)
    if old.safe_search != new.safe_search:
        on = new.safe_search
        yield Change("dns-safe-on" if on else "dns-safe-off", {"who": who}, *(MORE if on else LESS))
    if old.block != new.block:
        params = {"who": who, "old": old.block, "new": new.block}
        yield Change("dns-answer", params, "low", "bookkeeping")


Told = tuple[str, Any, str]  # code, risk, why


def _words(
    who: str, key: str, values: tuple[tuple[str, ...], tuple[str, ...]], more: Told, less: Told
) -> Iterator[Change]:
    old, new = values
    for (code, risk, why), words in ((more, _not_in(new, old)), (less, _not_in(old, new))):
        if words:
            yield Change(code, {"who": who, key: words}, risk, why)


def _not_in(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    there = set(others)
    return tuple(dict.fromkeys(word for word in words if word not in there))


def _only(who: str, old: tuple[str, ...] | None, new: tuple[str, ...] | None) -> Iterator[Change]:
    if old is None and new is not None:
        yield Change("dns-only", {"who": who, "names": new}, *MORE)
    elif old is not None and new is None:
        yield Change("dns-only-ended", {"who": who}, *LESS)
    elif old is not None and new is not None:
        yield from _words(who, "names", (old, new), ("dns-only-wider", *LESS), ("dns-only-narrower", *MORE))


def _schedules(old: Mapping[str, Schedule], new: Mapping[str, Schedule]) -> Iterator[Change]:
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name), new.get(name)
        if was != now:
            params = {"name": name, "old": _hours(was), "new": _hours(now)}
            yield Change("dns-schedule", params, "medium", "by-the-clock")


def _hours(schedule: Schedule | None) -> str:
    return f"{', '.join(schedule.days)} {schedule.from_} to {schedule.to}" if schedule else ""


def _whole(was: Dns, now: Dns) -> Iterator[Change]:
    if was.remove_ech != now.remove_ech:
        yield Change("dns-ech-removed" if now.remove_ech else "dns-ech-kept", {}, *(MORE if now.remove_ech else LESS))
    old, new = was.log, now.log
    if old.detail != new.detail:
        coarser = DETAILS.index(new.detail) < DETAILS.index(old.detail)
        weight: Weight = ("medium", "erased-for-good") if coarser else ("medium", "personal-data")
        code = "dns-log-coarser" if coarser else "dns-log-finer"
        yield Change(code, {"old": old.detail, "new": new.detail}, *weight)
    if old.days != new.days:
        fewer: Weight = ("medium", "erased-for-good") if new.days < old.days else ("medium", "personal-data")
        yield Change("dns-log-days", {"old": str(old.days), "new": str(new.days)}, *fewer)
