"""Who gains and who loses access to what, compared by what is allowed in the end, not by how it is written down.

May live here: comparing grants, forwards and refusals of two sites. May not: devices, zones, names (plan_changes.py).

A permit that is renamed, or split into two, changes nothing here: for every pair of ends that either site names, the
ports allowed before and after are compared. What a whole zone gains is not said again of each of its devices.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from ruleset.coverage import TrafficSet, allowed, side_contains, traffic_set
from ruleset.plan_risk import ORDER, Change, Risk, Weight, gain_risk, loss_risk
from ruleset.resolved import GATEWAY, INTERNET, Grant, PortForward, ResolvedSite, Side

Ends = tuple[Side, Side]
Weigh = Callable[[ResolvedSite, Side, Side, TrafficSet], Weight]
_Row = tuple[str, str, TrafficSet, Weight]


def access_changes(old: ResolvedSite, new: ResolvedSite, now: datetime | None) -> Iterator[Change]:
    """Every gain and loss. With `now`, what has ended does not count on either side."""
    before, after = _in_force(old, now), _in_force(new, now)
    yield from _grouped("access-gained", _more(old, before, new, after, gain_risk, new))
    yield from _grouped("access-lost", _more(new, after, old, before, loss_risk, old))
    yield from _forwards(old, new, now)
    yield from _refusals(old, new)
    yield from _waivers(old, new)
    yield from _expiry(old, new)


def _in_force(resolved: ResolvedSite, now: datetime | None) -> list[Grant]:
    return [g for g in resolved.grants if now is None or g.expires is None or g.expires > now]


def _more(
    base: ResolvedSite,
    base_grants: list[Grant],
    site: ResolvedSite,
    grants: list[Grant],
    weigh: Weigh,
    judge: ResolvedSite,
) -> list[_Row]:
    """What `site` allows beyond `base`, for each pair of ends that its grants name."""
    found: dict[Ends, TrafficSet] = {}
    for source, target in dict.fromkeys((g.source, g.target) for g in grants):
        extra = allowed(site, source, target, grants) - allowed(base, source, target, base_grants)
        if extra:
            found[source, target] = extra
    rows = []
    for ends, extra in found.items():
        rest = extra
        for wider, known in found.items():
            if wider != ends and _contains(wider, ends) and not _contains(ends, wider):
                rest -= known
        if rest:
            rows.append((_who(ends[0]), _whom(ends[1]), rest, weigh(judge, *ends, rest)))
    return rows


def _contains(wider: Ends, narrower: Ends) -> bool:
    return side_contains(wider[0], narrower[0]) and side_contains(wider[1], narrower[1])


def _who(side: Side) -> str:
    return f"zone {side.zone}" if side.label == side.zone else side.label


def _whom(side: Side) -> str:
    if side.zone in (INTERNET, GATEWAY):
        place = f"the {side.zone}" if side.label == side.zone else f"{side.label} on the {side.zone}"
        return f"{place}, by names it was granted" if side.learned else place
    return _who(side)


def _grouped(code: str, rows: list[_Row]) -> Iterator[Change]:
    """Sources with the same gain share a sentence, and so do all gains of the same sources, risk by risk."""
    by_gain: dict[tuple[str, TrafficSet, Weight], dict[str, None]] = {}
    for who, whom, traffic, weight in rows:
        by_gain.setdefault((whom, traffic, weight), {})[who] = None
    by_sources: dict[tuple[tuple[str, ...], Weight], list[str]] = {}
    for (whom, traffic, weight), sources in by_gain.items():
        by_sources.setdefault((tuple(sources), weight), []).append(f"{whom} ({traffic.words()})")
    for (sources_, (risk, why)), gains in by_sources.items():
        yield Change(code, {"who": sources_, "what": tuple(gains)}, risk, why)


def _forwards(old: ResolvedSite, new: ResolvedSite, now: datetime | None) -> Iterator[Change]:
    before, after = ({_forward_key(f): f for f in s.forwards if now is None or f.expires > now} for s in (old, new))
    for key, forward in after.items():
        if key not in before:
            yield Change("forward-opened", _forward_params(forward), "critical", "from-internet")
    for key, forward in before.items():
        if key not in after:
            host = old.host(forward.host)
            hurts = host is not None and host.criticality == 1
            weight: Weight = ("medium", "critical-device") if hurts else ("low", "less-access")
            yield Change("forward-closed", _forward_params(forward), *weight)


def _forward_key(forward: PortForward) -> tuple[str, ...]:
    return (forward.uplink, forward.protocol, str(forward.port), forward.host, str(forward.to_port))


def _forward_params(forward: PortForward) -> dict[str, str]:
    port = f"{forward.protocol} {forward.port}"
    host = forward.host if forward.port == forward.to_port else f"{forward.host} port {forward.to_port}"
    return {"host": host, "port": port, "uplink": forward.uplink, "name": forward.id}


def _refusals(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    before, after = ({r.id: traffic_set(r.traffic) for r in s.refusals if not r.networks} for s in (old, new))
    for name, traffic in after.items():
        if more := traffic - before.get(name, TrafficSet()):
            yield Change("refusal-added", {"name": name, "traffic": more.words()}, "low", "more-protection")
    for name, traffic in before.items():
        if less := traffic - after.get(name, TrafficSet()):
            yield Change("refusal-removed", {"name": name, "traffic": less.words()}, "high", "less-protection")


def _waivers(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    for name in sorted(new.waived_invariants - old.waived_invariants):
        yield Change("waiver-added", {"name": name}, "high", "less-protection")
    for name in sorted(old.waived_invariants - new.waived_invariants):
        yield Change("waiver-removed", {"name": name}, "low", "more-protection")


def _expiry(old: ResolvedSite, new: ResolvedSite) -> Iterator[Change]:
    before, after = _ends(old), _ends(new)
    for name, end in after.items():
        known = before.get(name)
        if known is not None and known != end:
            params = {"name": name, "old": known.date().isoformat(), "new": end.date().isoformat()}
            longer = end > known
            risk: Risk = "low"
            yield Change("permit-extended" if longer else "permit-shortened", params, risk, "bookkeeping")


def _ends(resolved: ResolvedSite) -> dict[str, datetime]:
    items: Iterable[Grant | PortForward] = (*resolved.grants, *resolved.forwards)
    return {item.id: item.expires for item in items if item.expires is not None}


def by_risk(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The riskiest first; the order of finding within one class."""
    return tuple(sorted(changes, key=lambda change: -ORDER[change.risk]))
