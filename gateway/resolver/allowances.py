"""What people allowed for a while, from the enforcer's words to the resolver's configuration.

An allowed device is followed by name, as one with a policy of its own: it counts whatever address it asks from.

May live here: that translation, which takes nothing for granted. May not: keeping allowances (the enforcer's), what
they do (filters/dns_policy.py).
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from filters.dns_rules import Allowance
from filters.names import BadNameError, Name, from_text
from gateway.resolver.config import DeviceConfig, ResolverConfig
from ruleset.model_dns import DnsOverlay
from ruleset.resolved import Host, ResolvedSite

MAX_ROWS = 1000
NOTHING_ELSE = DnsOverlay.model_validate({})


def with_allowances(config: ResolverConfig, site: ResolvedSite, rows: object) -> ResolverConfig:
    """The configuration with the enforcer's `allowances`. What is none, or for nobody here, is left out."""
    given = rows[:MAX_ROWS] if isinstance(rows, list) else []
    found = [one for row in given for one in _allowances(row, config, site)]
    known = {device.name for device in config.devices}
    wanted = {one.device for one in found if one.device} - known
    own = tuple(
        DeviceConfig(host.name, host.zone, host.addresses, NOTHING_ELSE) for host in site.hosts if host.name in wanted
    )
    return replace(config, allowances=tuple(found), devices=(*config.devices, *own))


def _allowances(row: Any, config: ResolverConfig, site: ResolvedSite) -> Iterator[Allowance]:
    if not isinstance(row, dict):
        return
    name, until = _name(row.get("name")), row.get("until")
    if name is None or isinstance(until, bool) or not isinstance(until, int | float) or not math.isfinite(until):
        return
    actor, reason = (str(row.get(key) or "") for key in ("actor", "reason"))
    zone, device = row.get("zone"), row.get("device")
    if device is not None:
        host = _host(site, device)
        if host is not None:
            yield Allowance(name, host.zone, float(until), actor, reason, host.name)
        return
    for one in config.zones:
        if zone in (None, one.name):
            yield Allowance(name, one.name, float(until), actor, reason)


def _host(site: ResolvedSite, device: object) -> Host | None:
    return next((host for host in site.hosts if host.name == device), None)


def _name(text: object) -> Name | None:
    try:
        return from_text(text) if isinstance(text, str) else None
    except BadNameError:
        return None
