"""The applied site, as the enforcer hands it out: for processes that need its names, zones and addresses.

The enforcer's `site` command gives the text and the generation; it is parsed here again. A permit that has expired
since is no reason to fail: the policy was good when it was applied.

May live here: that request and plain look-ups. May not: the kernel, files, what a process does with the answer.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.client import EnforcerClient
from gateway.events import Label
from ruleset.compile_page import PAGE_PORT
from ruleset.load import load_site
from ruleset.problems import printable
from ruleset.resolved import ResolvedSite

MANAGEMENT = "mgmt"


class SiteUnreadableError(Exception):
    """The enforcer's site text does not load here: another release, or a broken answer."""


@dataclass(frozen=True, slots=True)
class AppliedSite:
    """A site and the number of the generation it belongs to."""

    generation: int
    resolved: ResolvedSite

    @property
    def page_port(self) -> int:
        """The port at `page_addresses` to which the kernel leads HTTP."""
        return PAGE_PORT

    @property
    def timezone(self) -> ZoneInfo:
        """The clinic's time zone; UTC when this machine does not know it (package tzdata)."""
        try:
            return ZoneInfo(self.resolved.site.clinic.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")

    def labels(self) -> list[Label]:
        """What people call the zones, devices and block lists."""
        zones = self.resolved.site.zones
        named = [Label("zone", s.name, zones[s.name].label or s.name, s.role) for s in self.resolved.segments]
        named += [Label("device", h.name, h.label or h.name, h.kind, h.zone) for h in self.resolved.hosts]
        lists = self.resolved.site.dns.lists.items()
        return named + [Label("list", name, one.label or name, one.category or "") for name, one in lists]

    def facts(self) -> dict[str, str]:
        """What the owner's page needs to know of the clinic, as short texts."""
        clinic = self.resolved.site.clinic
        technician = clinic.contacts.technician
        return {
            "clinic": clinic.label,
            "languages": ",".join(clinic.languages),
            "timezone": self.timezone.key,
            "domain": clinic.domain,
            "technician": technician.label if technician else "",
            "technician_phone": (technician.phone or "") if technician else "",
            "dns_log": self.resolved.site.dns.log.detail,
            "dns_days": str(self.resolved.site.dns.log.days),
        }

    def page_addresses(self) -> dict[str, str]:
        """The gateway's own addresses that answer for a blocked name, each with the role of its zone."""
        zones = [s for s in self.resolved.segments if s.page]
        return {str(address): segment.role for segment in zones for address in segment.gateways}

    def management_addresses(self) -> list[str]:
        """The gateway's own addresses in the management zones, where the owner's page listens."""
        zones = [s for s in self.resolved.segments if s.role == MANAGEMENT]
        return [str(address) for segment in zones for address in segment.gateways]


def applied_site(client: EnforcerClient, now: datetime) -> AppliedSite | None:
    """The applied site, or None before the first policy. Raises EnforcerUnavailable, Refused, SiteUnreadableError."""
    return from_answer(client.call("site"), now)


def from_answer(answer: dict[str, Any], now: datetime) -> AppliedSite | None:
    """The answer of the `site` command as a value. Raises SiteUnreadableError."""
    text, generation = answer.get("site_text"), answer.get("generation")
    if not text or generation is None:
        return None
    if not isinstance(text, str) or not isinstance(generation, int):
        raise SiteUnreadableError("the enforcer's `site` answer has no text and number")
    loaded = load_site(text.encode("utf-8", "replace"), "applied/site.yaml", now, applied_before=True)
    if loaded.resolved is None:
        cause = loaded.problems[0].line() if loaded.problems else "no reason given"
        raise SiteUnreadableError(f"the applied site of generation {generation} does not load: {printable(cause)}")
    return AppliedSite(generation, loaded.resolved)
