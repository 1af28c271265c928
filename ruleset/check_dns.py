"""Checks of the `dns` part: names of zones, devices, lists and schedules, and what contradicts itself.

May live here: complaints about DNS policy. May not: the policy's meaning (filters/dns_policy.py).
"""

from ruleset.check import Checks, known
from ruleset.document import Path
from ruleset.model_dns import ADDRESS_CATEGORIES, DnsOverlay, DnsUpstream, DnsZone

NEEDS_NAME = ("tls", "https", "quic")


def check_dns(checks: Checks) -> None:
    """Everything under `dns`, in the order of the file."""
    dns = checks.context.site.dns
    _upstreams(checks)
    for name, entry in dns.lists.items():
        if ".." in entry.path.split("/"):
            checks.error(
                ("dns", "lists", name, "path"), "path", f"{name}: {entry.path!r} leaves the lists folder", "no '..'"
            )
        if entry.url is None and (entry.minisign or entry.sha256):
            checks.error(("dns", "lists", name), "no-url", f"{name}: a signature without a url", "add the url")
    for name, policy in dns.zones.items():
        _zone(checks, name, policy)
    for name, overlay in dns.devices.items():
        _device(checks, name, overlay)


def _upstreams(checks: Checks) -> None:
    for index, upstream in enumerate(checks.context.site.dns.upstreams):
        path: Path = ("dns", "upstreams", index)
        if isinstance(upstream, DnsUpstream) and upstream.transport in NEEDS_NAME and upstream.name is None:
            checks.error(
                path,
                "no-name",
                f"{upstream.server} over {upstream.transport}: no name to check its certificate",
                "add `name: dns.example.net`",
            )
        server = upstream.server if isinstance(upstream, DnsUpstream) else upstream
        if any(
            server in i.network for z in checks.context.site.zones.values() for i in (z.ipv4, z.ipv6) if i is not None
        ):
            checks.error(
                path,
                "upstream-inside",
                f"{server} lies inside a zone: names would go round in a circle",
                "name a resolver outside, or use `forward` for inside names",
            )


def _zone(checks: Checks, name: str, policy: DnsZone) -> None:
    site, path = checks.context.site, ("dns", "zones", name)
    if name not in site.zones:
        checks.error(path, "dangling", f"there is no zone {name!r}", "zones: " + ", ".join(site.zones))
    _policy(checks, path, policy)
    for schedule, overlay in policy.during.items():
        where = (*path, "during", schedule)
        if schedule not in site.dns.schedules:
            checks.error(where, "dangling", f"there is no schedule {schedule!r}", "declare it under dns.schedules")
        _policy(checks, where, overlay)


def _device(checks: Checks, name: str, overlay: DnsOverlay) -> None:
    site, path = checks.context.site, ("dns", "devices", name)
    if name not in site.devices:  # one without a fixed address is told by its MAC
        checks.error(path, "dangling", f"there is no device {name!r}", "declare it under devices")
    _policy(checks, path, overlay)


def _policy(checks: Checks, path: Path, policy: DnsZone | DnsOverlay) -> None:
    dns = checks.context.site.dns
    known(checks, (*path, "lists"), policy.lists or (), dns.lists, "list")
    categories = {entry.category for entry in dns.lists.values() if entry.category}
    known(checks, (*path, "categories"), policy.categories or (), categories, "category")
    for name in [*(policy.lists or ()), *(policy.categories or ())]:
        if name in ADDRESS_CATEGORIES or (name in dns.lists and dns.lists[name].category in ADDRESS_CATEGORIES):
            checks.error(
                path,
                "no-names",
                f"{path[2]}: {name!r} holds addresses, which the kernel refuses in every zone, and no names",
                "leave it out here",
            )
    for name in set(policy.allow) & set(policy.deny):
        checks.error(path, "contradiction", f"{path[2]}: {name!r} is both allowed and denied", "delete one of the two")
