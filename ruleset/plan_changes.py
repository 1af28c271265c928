"""What changes besides access: zones, devices, uplinks, granted names.

May live here: comparing the parts of two sites one by one. May not: grants and forwards (plan_access.py), the
names policy (plan_dns.py).
"""

from collections.abc import Iterator

from ruleset.plan_dns import dns_changes
from ruleset.plan_risk import Change, Risk, Weight
from ruleset.plan_text import Params
from ruleset.resolved import Host, ResolvedSite, Segment


def other_changes(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    """Everything that is not access, in the order of the site file."""
    yield from _uplinks(old, new)
    yield from _zones(old, new)
    yield from _devices(old, new)
    yield from dns_changes(old, new)
    yield from _names(old, new)


def _uplinks(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    before, after = {o.name: o for o in old.outsides}, {o.name: o for o in new.outsides}
    for name, uplink in after.items():
        if name not in before:
            yield Change("uplink-added", {"name": name, "ifname": uplink.ifname}, "medium", "way-out")
        elif (was := _uplink_words(old, name)) != (now := _uplink_words(new, name)):
            yield Change("uplink-changed", {"name": name, "old": was, "new": now}, "high", "way-out")
    for name in before.keys() - after.keys():
        yield Change("uplink-removed", {"name": name}, "high", "way-out")


def _uplink_words(resolved: ResolvedSite, name: str) -> str:
    uplink = resolved.site.uplinks[name]
    parts = [uplink.port]
    for version, value in (("IPv4", uplink.ipv4), ("IPv6", uplink.ipv6)):
        parts.append(f"{version} {value}" if isinstance(value, str) else f"{value.address} by {value.gateway}")
    return ", ".join(parts)


def _zones(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    before, after = {s.name: s for s in old.segments}, {s.name: s for s in new.segments}
    for name, zone in after.items():
        if name in before:
            yield from _zone(before[name], zone)
            yield from _dhcp(old, new, name)
        else:
            params = {"name": name, "role": zone.role, "ifname": zone.ifname}
            yield Change("zone-added", params, "low", "bookkeeping")
    for name, zone in before.items():
        if name not in after:
            risk: Weight = ("medium", "critical-device") if _critical(old, name) else ("low", "less-access")
            yield Change("zone-removed", {"name": name, "role": zone.role}, *risk)


def _zone(old: Segment, new: Segment) -> Iterator[Change]:
    admin = "mgmt" in (old.role, new.role)
    if old.role != new.role:
        yield Change("zone-role", {"name": new.name, "old": old.role, "new": new.role}, "high", "new-policy")
    weight: Weight = ("high", "admin-moves") if admin else ("medium", "moves-addresses")
    was, now = tuple(map(str, old.subnets)), tuple(map(str, new.subnets))
    if (was, old.gateways) != (now, new.gateways):
        yield Change("zone-addresses", {"name": new.name, "old": _places(old), "new": _places(new)}, *weight)
    if old.ifname != new.ifname:
        yield Change("zone-interface", {"name": new.name, "old": old.ifname, "new": new.ifname}, *weight)


def _places(segment: Segment) -> tuple[str, ...]:
    return tuple(f"{g}/{n.prefixlen}" for g, n in zip(segment.gateways, segment.subnets, strict=True))


def _dhcp(old: ResolvedSite, new: ResolvedSite, name: str) -> Iterator[Change]:
    was, now = (_range(r, name) for r in (old, new))
    if was != now:
        yield Change("zone-dhcp", {"name": name, "old": was, "new": now}, "low", "moves-addresses")


def _range(resolved: ResolvedSite, name: str) -> str:
    dhcp = resolved.site.zones[name].dhcp
    return f"{dhcp.first}-{dhcp.last}" if dhcp else ""


def _critical(resolved: ResolvedSite, zone: str) -> bool:
    return any(h.criticality == 1 for h in resolved.hosts if h.zone == zone)


def _devices(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    before, after = {h.name: h for h in old.hosts}, {h.name: h for h in new.hosts}
    for name, host in after.items():
        if name in before:
            yield from _device(before[name], host)
        else:
            yield Change("device-added", {"name": name, "kind": host.kind, "zone": host.zone}, "low", "bookkeeping")
    for name, host in before.items():
        if name not in after:
            params = {"name": name, "kind": host.kind, "zone": host.zone}
            yield Change("device-removed", params, *_device_weight(host))


def _device_weight(host: Host) -> Weight:
    return ("medium", "critical-device") if host.criticality == 1 else ("low", "bookkeeping")


def _device(old: Host, new: Host) -> Iterator[Change]:
    weight = _device_weight(new)
    if old.zone != new.zone:
        risk: Risk = "medium"
        yield Change("device-moved", {"name": new.name, "old": old.zone, "new": new.zone}, risk, "new-policy")
    if old.addresses != new.addresses:
        addresses = (tuple(map(str, host.addresses)) for host in (old, new))
        params: Params = {"name": new.name, **dict(zip(("old", "new"), addresses, strict=True))}
        yield Change("device-addresses", params, *weight)
    if old.mac != new.mac:
        yield Change("device-mac", {"name": new.name, "old": old.mac, "new": new.mac}, *weight)


def _names(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    before, after = _by_client(old), _by_client(new)
    for who in dict.fromkeys((*after, *before)):
        gained = tuple(sorted(after.get(who, set()) - before.get(who, set())))
        lost = tuple(sorted(before.get(who, set()) - after.get(who, set())))
        if gained:
            yield Change("names-added", {"who": who, "names": gained}, "low", "one-device")
        if lost:
            yield Change("names-removed", {"who": who, "names": lost}, "low", "less-access")
    if gained := tuple(n for n in new.protected_names if n not in old.protected_names):
        yield Change("names-protected", {"names": gained}, "low", "bookkeeping")
    if lost := tuple(n for n in old.protected_names if n not in new.protected_names):
        yield Change("names-unprotected", {"names": lost}, "medium", "critical-device")


def _by_client(resolved: ResolvedSite) -> dict[str, set[str]]:
    """Granted names by who may learn them: a zone, or the devices whose addresses are given."""
    found: dict[str, set[str]] = {}
    for names in resolved.video_names:
        hosts = [h.name for h in resolved.hosts if any(a in n for a in h.addresses for n in names.clients)]
        found.setdefault(", ".join(hosts) or f"zone {names.zone}", set()).update(names.domains)
    return found
