"""What was stopped and what was let through, in words that a doctor understands.

Every sentence is a text of the locale; this module only picks which one. Labels come from the site and from the
network: they are put into sentences as plain text and escaped by the templates.

May live here: choosing sentences for values of gateway.report. May not: markup, sentences of its own.
"""

from dataclasses import dataclass

from gateway.events import Kind, Label
from gateway.report import Attempt, Passed, Reason, Summary
from webui.i18n import Locale

INTERNET, GATEWAY = "internet", "gateway"
# Categories of lists that name what is unwanted, not what does harm; a list without a category may do either.
NUISANCE = frozenset(("ads", "adult", "doh", "gambling", "games", "social", "streaming", "tracking"))
WORTH_A_LOOK = {Reason.LISTED_NAME, Reason.SPOOFED, Reason.DANGEROUS_SERVICE}


@dataclass(frozen=True, slots=True)
class Story:
    """One attempt told: `what` happened, `why` it was stopped, the `advice`; `icon` is a device kind or a role."""

    what: str
    why: str
    advice: str
    calm: bool
    icon: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells the attempts of one summary in one language."""

    locale: Locale
    summary: Summary

    def story(self, attempt: Attempt) -> Story:
        advice = self._advice(attempt)
        return Story(
            what=self._what(attempt),
            why=self._why(attempt),
            advice=self.locale(f"advice.{advice}"),
            calm=advice == "nothing",
            icon=self._icon(attempt),
        )

    def who(self, zone: str, source: str) -> str:
        """The source of an attempt: a device by its label, else the place it is in."""
        if zone in (INTERNET, GATEWAY):
            return self.locale(f"who.{zone}")
        device = self.summary.label("device", source)
        if device is not None:
            return self.device(device)
        if not zone:
            return self.locale("who.nobody")
        if not source:
            return self.locale("who.zone", zone=self.zone(zone))
        return self.locale("who.unknown", address=source, zone=self.zone(zone))

    def device(self, label: Label, place: str = "") -> str:
        """A device by its kind and label; `place` is `.inside` for the middle of a sentence."""
        kind = f"kind.{label.role}{place}"
        known = kind if self.locale.has(kind) else f"kind.other{place}"
        return self.locale("who.device", kind=self.locale(known), label=label.label)

    def zone(self, zone: str) -> str:
        """What people call a zone."""
        label = self.summary.label("zone", zone)
        return label.label if label else zone

    def subject(self, name: str) -> str:
        """What an event is about: a device by its label, else what the event says."""
        label = self.summary.label("device", name)
        return self.device(label) if label else name

    def passed(self, row: Passed) -> str:
        """What connections that were let through were for."""
        key = f"through.{row.purpose}"
        return self.locale(key if self.locale.has(key) else "through.other", text=row.text)

    def _what(self, attempt: Attempt) -> str:
        times = self.locale("times.at_least" if attempt.at_least else "times", count=attempt.count)
        key = f"tried.{attempt.reason.value}"
        if attempt.reason is Reason.LISTED_ADDRESS and attempt.zone == INTERNET:
            key = "tried.listed_address_in"
        if attempt.reason is Reason.LISTED_NAME and not self._harmful(attempt):
            key = "tried.unwanted_name"
        who, where = self.who(attempt.zone, attempt.source), self._where(attempt)
        return self.locale(key, who=who, where=where, times=times, lists=self._via(attempt))

    def _via(self, attempt: Attempt) -> str:
        """The block lists, or the always refused services, in people's words."""
        return self.locale.listed(self._via_one(name) for name in attempt.via)

    def _via_one(self, name: str) -> str:
        label = self.summary.label("list", name)
        if label is not None:
            return label.label
        return self.locale(f"service.{name}") if self.locale.has(f"service.{name}") else name

    def _where(self, attempt: Attempt) -> str:
        if attempt.target in (INTERNET, GATEWAY):
            return self.locale(f"where.{attempt.target}")
        if not attempt.target:
            return self.locale("where.unknown")
        devices = {place.destination for place in attempt.places}
        only = self.summary.label("device", devices.pop()) if attempt.all_places == 1 and devices else None
        return self.device(only, ".inside") if only else self.locale("where.zone", zone=self.zone(attempt.target))

    def _why(self, attempt: Attempt) -> str:
        if attempt.reason is Reason.NOT_PERMITTED:
            return self._why_not_permitted(attempt)
        return self.locale(f"why.{attempt.reason.value}", lists=self._via(attempt))

    def _why_not_permitted(self, attempt: Attempt) -> str:
        role = self._role(attempt.zone)
        if attempt.target == INTERNET:
            key = f"why.internet.{role}"
            return self.locale(key if self.locale.has(key) else "why.internet.other")
        if attempt.target == GATEWAY:
            return self.locale("why.gateway", **{"from": self.locale(f"role.{role}")})
        if not attempt.target:
            return self.locale("why.internet.other")
        to = self.locale(f"role.{self._role(attempt.target)}.inside")
        return self.locale("why.zone", **{"from": self.locale(f"role.{role}"), "to": to})

    def _harmful(self, attempt: Attempt) -> bool:
        """Whether one of the lists behind it names what an honest device does not ask for."""
        labels = [self.summary.label("list", name) for name in attempt.via]
        return any(label is None or label.role not in NUISANCE for label in labels) or not labels

    def _role(self, zone: str) -> str:
        label = self.summary.label("zone", zone)
        return label.role if label and self.locale.has(f"role.{label.role}") else "other"

    def _advice(self, attempt: Attempt) -> str:
        if self._role(attempt.zone) == "guest":  # visitors' devices are not the technician's
            return "nothing"
        if attempt.reason is Reason.LISTED_ADDRESS and attempt.zone != INTERNET:
            return "call"
        if attempt.reason is Reason.LISTED_NAME and not self._harmful(attempt):
            return "nothing"
        if attempt.reason in WORTH_A_LOOK and attempt.zone != INTERNET:
            return "watch"
        unknown = bool(attempt.source) and self.summary.label("device", attempt.source) is None
        return "watch" if unknown and attempt.reason is Reason.NOT_PERMITTED else "nothing"

    def _icon(self, attempt: Attempt) -> str:
        if attempt.kind == Kind.NAME_BLOCKED or attempt.zone == INTERNET:
            return "globe"
        device = self.summary.label("device", attempt.source)
        return ICONS.get(device.role if device else "", "device")


ICONS = {
    **dict.fromkeys(("camera", "nvr"), "camera"),
    **dict.fromkeys(("printer", "mfp", "label-printer"), "printer"),
    **dict.fromkeys(("pc", "laptop", "admin-pc", "eligibility-terminal"), "computer"),
    **dict.fromkeys(("server", "emr", "orca", "file-server", "scan-share", "backup", "nas", "pacs"), "server"),
    **dict.fromkeys(("phone", "tablet"), "phone"),
    "modality": "heart",
}
