"""What the checks and the resolver both look up: packs, services and expiry of one site.

May live here: look-ups derived from a Site alone. May not: complaints (check*.py) or results (resolve.py).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ruleset.model import Site
from ruleset.packs import ALWAYS, LoadedPack, load_pack, pack_names
from ruleset.resolved import GATEWAY, INTERNET
from ruleset.services import KnownService, Services, pack_services, traffic

ANY = "any"
FIRST, LAST = (edge.replace(tzinfo=UTC) for edge in (datetime.min, datetime.max))  # noqa: DTZ901


@dataclass(frozen=True)
class Context:
    """A site with its packs and services looked up; unknown ones are left out (the checks name them)."""

    site: Site
    now: datetime

    @cached_property
    def packs(self) -> tuple[LoadedPack, ...]:
        """Those that are always there, then the site's packs in their order."""
        known = pack_names()
        return tuple(load_pack(n) for n in (*ALWAYS, *(n for n in dict.fromkeys(self.site.packs) if n in known)))

    @cached_property
    def services(self) -> Services:
        """Every service by name; the site's own come last and never replace a pack's."""
        known = pack_services(self.packs)
        for name, service in self.site.services.items():
            if name in known:
                continue
            try:
                known[name] = KnownService(name, traffic(service.tcp, service.udp), "site")
            except ValueError:
                known[name] = KnownService(name, (), "site")
        return known

    @cached_property
    def zone_info(self) -> ZoneInfo:
        """The clinic's time zone, or UTC when it is not one (the checks say so)."""
        return zone_info(self.site.clinic.timezone) or ZoneInfo("UTC")

    def moment(self, expires: date) -> datetime:
        """When something ends, in UTC: a day ends at its last midnight in the clinic, a naive moment is the clinic's.

        A moment beyond the calendar's edges is the edge."""
        try:
            return self._moment(expires)
        except OverflowError:
            return FIRST if expires.year == 1 else LAST

    def _moment(self, expires: date) -> datetime:
        if isinstance(expires, datetime):
            return (expires if expires.tzinfo else expires.replace(tzinfo=self.zone_info)).astimezone(UTC)
        return datetime.combine(expires + timedelta(days=1), time(), self.zone_info).astimezone(UTC)

    def expired(self, expires: date) -> bool:
        """Whether that end has passed."""
        return self.moment(expires) <= self.now

    def waived(self, covers: str) -> bool:
        """Whether a waiver that is still in force covers this."""
        return any(w.covers == covers and not self.expired(w.expires) for w in self.site.waivers.values())

    def role(self, side: str) -> str:
        """The role behind a zone's name; `internet` and `gateway` are their own."""
        return side if side in (INTERNET, GATEWAY) else self.site.zones[side].role

    def permitted_services(self, source: str, target: str) -> frozenset[str]:
        """Services that a permit between these sides may name without a waiver; `any` stands for all of them."""
        pair = (self.role(source), self.role(target))
        allowed: set[str] = set()
        for loaded in self.packs:
            allowed.update(loaded.pack.exceptions.get(pair[0], {}).get(pair[1], ()))  # type: ignore[call-overload]
            for grant in loaded.pack.grants.values():
                if pair[0] in grant.from_ and grant.to == pair[1]:
                    allowed.add(ANY if pair[1] != GATEWAY else "")
                    allowed.update(grant.services)
        return frozenset(allowed - {""})


def zone_info(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name, or None."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
