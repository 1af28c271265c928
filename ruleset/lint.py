"""What is not wrong and still not good: warnings at their line of site.yaml.

May live here: checks of a resolved site that a technician should look at. May not: errors (check*.py), rules of the
house (invariants.py), anything about packs, which are ours.

Shadowing is judged by what is allowed in the end (coverage.py): a permit is of no use when everything it allows is
allowed without it, by however many other grants.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from ruleset.coverage import TrafficSet, allowed, side_contains, traffic_set
from ruleset.document import Document, Path
from ruleset.model_dns import ADDRESS_CATEGORIES, Dns, DnsOverlay, DnsZone
from ruleset.problems import START, Mark, Problem, by_place
from ruleset.resolved import GATEWAY, Grant, PortForward, ResolvedSite, Side, host_network
from ruleset.tree import PortRange

SOON = timedelta(days=30)
WIDE_PORTS, ANY_PORTS = 64, 60000
FILE_KINDS = ("file-server", "nas", "backup", "scan-share")
PC_KINDS = ("pc", "laptop")
DNS = TrafficSet(tcp=(PortRange(53, 53),), udp=(PortRange(53, 53),))


def lint(resolved: ResolvedSite, now: datetime, document: Document | None = None) -> list[Problem]:
    """Every warning, in the order of the file. `document` gives lines to what has no origin of its own."""
    places = _Places(resolved, document)
    permits = _permits(resolved)
    found = [
        *_useless(resolved, permits, places),
        *_wide(permits, places),
        *_without_effect(permits, places),
        *_ending(resolved, now, places),
        *_unused(resolved, places),
        *_unasked(resolved, places),
        *_blind(resolved, places),
    ]
    return by_place(found)


class _Places:
    """Where things stand in the site file."""

    def __init__(self, resolved: ResolvedSite, document: Document | None) -> None:
        self.document = document
        files = [g.origin.file for g in resolved.grants if g.origin.source == "site"]
        self.file = document.file if document else next(iter(files), "site.yaml")

    def at(self, path: Path, code: str, what: str, hint: str) -> Problem:
        """A warning at a path of the document, or at its start where there is no document."""
        mark = self.document.place(path) if self.document else START
        return Problem(self.file, mark, code, what, hint, "warning")

    def of(self, item: Grant | PortForward, code: str, what: str, hint: str) -> Problem:
        """A warning at the line of a grant or forward."""
        return Problem(item.origin.file, Mark(item.origin.line, 1), code, what, hint, "warning")


def _permits(resolved: ResolvedSite) -> dict[str, list[Grant]]:
    """The site's own permits; one name may stand for several pairs of ends."""
    found: dict[str, list[Grant]] = {}
    for grant in resolved.grants:
        if grant.kind == "permit":
            found.setdefault(grant.id, []).append(grant)
    return found


def _useless(resolved: ResolvedSite, permits: dict[str, list[Grant]], places: _Places) -> Iterator[Problem]:
    """Duplicates first; of the rest, each permit that is not needed, until only needed ones are left."""
    doubled = _duplicates(permits)
    for name, twin in doubled.items():
        what = f"{_short(name)}: allows exactly what {_short(twin)} allows"
        yield places.of(permits[name][0], "duplicate", what, "delete one of the two")
    kept = [g for g in resolved.grants if g.id not in doubled]
    for name in (name for name in permits if name not in doubled):
        grants, others = permits[name], [g for g in kept if g.id != name]
        default = [g for g in others if g.kind == "matrix"]
        if _covered(resolved, grants, default):
            what = f"{_short(name)}: the default policy already allows all of it ({_by(grants, default)})"
            yield places.of(grants[0], "already-granted", what, "delete it")
        elif _covered(resolved, grants, others):
            what = f"{_short(name)}: everything it allows is allowed without it ({_by(grants, others)})"
            yield places.of(grants[0], "shadowed", what, "delete it, or narrow the wider one")
            kept = others


def _duplicates(permits: dict[str, list[Grant]]) -> dict[str, str]:
    """Later permits that allow exactly what an earlier one does, with that one."""
    seen: dict[frozenset[tuple[Side, Side, TrafficSet, bool]], str] = {}
    found = {}
    for name, grants in permits.items():
        shape = frozenset((g.source, g.target, traffic_set(g.traffic), g.waived) for g in grants)
        twin = seen.setdefault(shape, name)
        if twin != name:
            found[name] = twin
    return found


def _covered(resolved: ResolvedSite, grants: list[Grant], others: list[Grant]) -> bool:
    return all(not traffic_set(g.traffic) - allowed(resolved, g.source, g.target, others) for g in grants)


def _by(grants: list[Grant], others: Iterable[Grant]) -> str:
    """The grants that take part in covering, for the message."""
    found = dict.fromkeys(
        _short(other.id)
        for other in others
        for grant in grants
        if side_contains(other.source, grant.source)
        and side_contains(other.target, grant.target)
        and traffic_set(other.traffic) & traffic_set(grant.traffic)
    )
    return ", ".join(list(found)[:4])


def _short(name: str) -> str:
    return name.removeprefix("permit:")


def _wide(permits: dict[str, list[Grant]], places: _Places) -> Iterator[Problem]:
    for name, grants in permits.items():
        for grant in grants:
            size = traffic_set(grant.traffic).size()
            whole = not grant.source.networks and not grant.target.networks and not grant.target.learned
            ends = f"{grant.source.label} to {grant.target.label}"
            if size >= ANY_PORTS:
                what = f"{_short(name)}: allows every port from {ends}"
                yield places.of(grant, "over-wide", what, "name the ports that the program really uses")
            elif whole and size > WIDE_PORTS:
                what = f"{_short(name)}: {size} ports between whole zones, {ends}"
                yield places.of(grant, "over-wide", what, "name the devices, or fewer ports")


def _without_effect(permits: dict[str, list[Grant]], places: _Places) -> Iterator[Problem]:
    """Names are always answered by the gateway, so no other resolver is ever reached."""
    for name, grants in permits.items():
        for grant in grants:
            if grant.target.zone != GATEWAY and traffic_set(grant.traffic) & DNS:
                what = f"{_short(name)}: port 53 towards {grant.target.label} never gets there, the gateway answers it"
                hint = "configure that resolver as an upstream of the gateway, for its names only"
                yield places.of(grant, "no-effect", what, hint)
                break


def _ending(resolved: ResolvedSite, now: datetime, places: _Places) -> Iterator[Problem]:
    seen: set[str] = set()
    items: tuple[Grant | PortForward, ...] = (*resolved.grants, *resolved.forwards)
    for item in items:
        if item.expires is None or item.origin.source != "site" or item.id in seen:
            continue
        seen.add(item.id)
        left = item.expires - now
        if timedelta() < left <= SOON:
            what = f"{_short(item.id)}: ends in {_days(left)}"
            yield places.of(item, "expires-soon", what, "ask its owner whether it is still needed")


def _days(left: timedelta) -> str:
    days = left.days
    return "less than a day" if days == 0 else "1 day" if days == 1 else f"{days} days"


def _unused(resolved: ResolvedSite, places: _Places) -> Iterator[Problem]:
    site = resolved.site
    named = {service for permit in site.permits.values() for service in permit.services}
    for name in site.services:
        if name not in named:
            yield places.at(("services", name), "unused", f"service {name!r} is in no permit", "delete it")
    applied, categories = _chosen(site.dns)
    for name, entry in site.dns.lists.items():
        if name not in applied and entry.category not in categories:
            hint = "name it under dns.zones, or delete it"
            yield places.at(("dns", "lists", name), "unused", f"block list {name!r} is applied to no zone", hint)


def _chosen(dns: Dns) -> tuple[set[str], set[str]]:
    """Lists and categories that some zone, device or hour uses; lists of addresses count everywhere."""
    hours = (overlay for zone in dns.zones.values() for overlay in zone.during.values())
    policies: list[DnsZone | DnsOverlay] = [*dns.zones.values(), *dns.devices.values(), *hours]
    lists = {name for policy in policies for name in policy.lists or ()}
    return lists, {*ADDRESS_CATEGORIES, *(name for policy in policies for name in policy.categories or ())}


def _unasked(resolved: ResolvedSite, places: _Places) -> Iterator[Problem]:
    """Names policies of those who may not ask the gateway for names at all."""
    dns, asking = resolved.site.dns, [g.source for g in resolved.grants if _grants_names(g)]
    for zone in dns.zones:
        if not any(side.zone == zone for side in asking):
            yield _no_names(places, ("dns", "zones", zone), f"zone {zone}")
    hosts = {host.name: host for host in resolved.hosts}
    for name in dns.devices:
        host = hosts.get(name)
        own = tuple(map(host_network, host.addresses)) if host else ()
        if host and not any(_overlaps(side, Side(host.zone, name, own)) for side in asking):
            yield _no_names(places, ("dns", "devices", name), f"device {name}")


def _grants_names(grant: Grant) -> bool:
    return grant.target.zone == GATEWAY and bool(traffic_set(grant.traffic) & DNS)


def _overlaps(side: Side, host: Side) -> bool:
    """Whether some grant's source means that device, or may: one without a fixed address is in any part of its zone."""
    if side.zone != host.zone or not side.networks or not host.networks:
        return side.zone == host.zone
    return any(o.version == i.version and o.overlaps(i) for o in side.networks for i in host.networks)


def _no_names(places: _Places, path: Path, who: str) -> Problem:
    what = f"{who} has a names policy and may not ask the gateway for names: nothing of it takes effect"
    word = f"clinicgate explain SITE --from {path[-1]} --to gateway --udp 53"
    return places.at(path, "no-names", what, f"`{word}` says what a permit takes; or delete the policy")


def _blind(resolved: ResolvedSite, places: _Places) -> Iterator[Problem]:
    """What shares a segment with PCs is reached by them without the gateway: a worm that has one PC has it too."""
    for host in resolved.hosts:
        if host.kind not in FILE_KINDS:
            continue
        if any(other.zone == host.zone and other.kind in PC_KINDS for other in resolved.hosts):
            what = f"{host.name} ({host.kind}) and PCs are in one zone, {host.zone}: the gateway is blind between them"
            hint = "give servers and backups a zone of their own"
            yield places.at(("devices", host.name), "blind", what, hint)
