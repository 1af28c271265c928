"""A refused name, a list, an allowance in words that a doctor understands.

Names come from any device and anybody's servers: they are put into sentences as plain text and escaped by the
templates; an international name is always shown in its plain ASCII form first, because only that cannot deceive.

May live here: choosing sentences for values of gateway.report. May not: markup, sentences of its own.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from gateway.events import clean
from gateway.report import BlockedName, ListFacts, Summary
from webui.i18n import Locale
from webui.observe import Allowed
from webui.words import NUISANCE, Teller

IDN = "xn--"
LIST_REASONS = ("listed", "listed_link")
NEVER_ALLOWED = ("rebinding", "encrypted_dns")  # an allowance opens no way around the filter


@dataclass(frozen=True, slots=True)
class NameTeller:
    """Tells names in one language; `lists` are the known facts of lists, by id."""

    locale: Locale
    summary: Summary | None
    lists: Mapping[str, ListFacts]

    def reason(self, reason: str) -> str:
        """A way of answering, for a table."""
        return self.locale(f"answer.{reason}")

    def seen_as(self, name: str) -> str:
        """An international name in its own letters; empty when it has none, or none that can be shown."""
        try:
            shown = ".".join(
                label.encode("ascii").decode("idna") if label.startswith(IDN) else label for label in name.split(".")
            )
        except UnicodeError:
            return ""
        return "" if shown == name else clean(shown)

    def asked(self, one: BlockedName, zone: tzinfo) -> str:
        last = self.locale.moment(datetime.fromtimestamp(one.last_seen, zone))
        times = self.locale("times", count=one.count)
        if one.today:
            return self.locale("names.asked.today", times=times, today=one.today, last=last)
        return self.locale("names.asked", times=times, last=last)

    def by(self, one: BlockedName) -> str:
        """Who asked, each with how often."""
        told = (
            self.locale("names.by.one", who=self.place(asker.zone, asker.source), count=asker.count)
            for asker in one.askers
        )
        return self.locale.listed(told)

    def place(self, zone: str, source: str = "") -> str:
        """A device by its label, else the place it is in."""
        if self.summary is None:
            return source or zone
        teller = Teller(self.locale, self.summary)
        device = self.summary.label("device", source) if source else None
        if device is not None:
            return teller.device(device)
        if source:
            return self.locale("names.by.unknown", address=source, zone=teller.zone(zone))
        return self.locale("names.by.zone", zone=teller.zone(zone)) if zone else self.locale("names.by.nobody")

    def list(self, list_: str) -> str:
        """What people call a list; empty: the site's own rules."""
        if not list_:
            return self.locale("names.own")
        label = self.summary.label("list", list_) if self.summary else None
        return label.label if label else list_

    def why(self, one: BlockedName) -> str:
        return self.locale(f"names.why.{one.reason}", list=self.list(one.list))

    def harmful(self, one: BlockedName) -> bool:
        """Whether somebody should look at who asked."""
        label = self.summary.label("list", one.list) if self.summary else None
        known = self.lists.get(one.list)
        category = known.category if known else label.role if label else ""
        return one.reason in LIST_REASONS and category not in NUISANCE

    def advice(self, one: BlockedName) -> str:
        if self.harmful(one):
            return self.locale("names.advice.look")
        if one.reason == "encrypted_dns":
            return self.locale("advice.nothing")
        kind = "list" if one.reason in LIST_REASONS else "rebinding" if one.reason == "rebinding" else "own"
        return self.locale(f"names.advice.{kind}")

    def facts(self, one: BlockedName) -> tuple[tuple[str, str], ...]:
        """(what, value) for those who want to know more."""
        known = self.lists.get(one.list)
        rows = [("list", self.list(one.list) if one.list else "")]
        if known is not None:
            rows += [("category", self._category(known)), ("publisher", known.publisher), ("licence", known.licence)]
        rows.append(("rule", one.rule))
        return tuple((self.locale(f"names.fact.{what}"), value) for what, value in rows if value)

    def commands(self, one: BlockedName) -> tuple[str, ...]:
        """What the technician may type: why it is refused, and to allow it for an hour where it was asked for."""
        asker = next((asker for asker in one.askers if asker.zone), None)
        if asker is None or one.name.startswith("-"):
            return ()
        device = self.summary.label("device", asker.source) if self.summary and asker.source else None
        whom = f"--device {shlex.quote(asker.source)}" if device else f"--zone {shlex.quote(asker.zone)}"
        name = shlex.quote(one.name)
        explain = f"clinicgate dns explain {name} --from {shlex.quote(asker.source if device else asker.zone)}"
        if one.reason in NEVER_ALLOWED:
            return (explain,)
        return explain, f"clinicgate dns allow {name} {whom} --for 1h --reason '…'"

    def contact(self) -> tuple[str, str] | None:
        """Whom to ask, as text and as a `tel:` link."""
        facts = self.summary.facts if self.summary else {}
        phone = facts.get("technician_phone", "")
        digits = "".join(c for c in phone if c in "0123456789")
        if not digits:
            return None
        link = f"tel:{'+' if phone.startswith('+') else ''}{digits}"
        return self.locale("contact.call", label=facts.get("technician", ""), phone=phone), link

    def kept(self) -> str:
        """What is written down, and for how long."""
        facts = self.summary.facts if self.summary else {}
        days = facts.get("dns_days", "")
        detail = facts.get("dns_log", "")
        key = f"names.kept.{detail if detail in ('off', 'device') else 'zone'}"
        return self.locale(key, count=int(days) if days.isascii() and days.isdigit() else 30)

    def terms(self, one: ListFacts) -> str:
        """What a list is for, who publishes it, under which terms."""
        said = []
        if one.category:
            said.append(self.locale("names.list.category", category=self._category(one)))
        if one.publisher:
            said.append(self.locale("names.list.publisher", publisher=one.publisher))
        if one.licence:
            said.append(self.locale("names.list.licence", licence=one.licence))
        return self.locale.listed(said)

    def list_state(self, one: ListFacts, zone: tzinfo) -> str:
        if one.since is None:
            return self.locale("names.list.missing")
        day = self.locale.day(datetime.fromtimestamp(one.since, zone).date())
        return self.locale("names.list.in_use", count=one.rules, day=day)

    def list_in_force(self, rules: int) -> str:
        """Of a list that only the resolver has looked at."""
        return self.locale("names.list.in_force", count=rules) if rules else self.locale("names.list.unrecorded")

    def list_warnings(self, one: ListFacts) -> tuple[str, ...]:
        said = []
        if one.held:
            said.append(self.locale("names.list.held"))
        elif one.trouble:
            said.append(self.locale("names.list.trouble"))
        if one.old:
            said.append(self.locale("names.list.old"))
        if one.protected:
            hit = self.locale.listed(one.protected)
            said.append(self.locale("names.list.protected", count=len(one.protected), names=hit))
        return tuple(said)

    def allowed(self, one: Allowed, zone: tzinfo) -> tuple[str, str, str]:
        """Which name until when, for whom, and why by whom."""
        if one.zone or one.device:
            whom = self.locale("names.allowed.for", who=self.place(one.zone, one.device))
        else:
            whom = self.locale("names.allowed.everybody")
        until = self.locale.moment(datetime.fromtimestamp(one.until, zone))
        why = [self.locale("quarantine.reason", reason=one.reason)] if one.reason else []
        why += [self.locale("happened.by", actor=one.actor)] if one.actor else []
        return self.locale("names.allowed.one", name=one.name, until=until), whom, self.locale.listed(why)

    def _category(self, one: ListFacts) -> str:
        key = f"category.{one.category}"
        return self.locale(key) if self.locale.has(key) else one.category
