"""What would allow a refused connection: the lines for site.yaml, tried against the checks before they are shown.

May live here: wording a permit for a question, and asking the checks whether it needs a waiver. May not: the rules for
that (check_policy.py), verdicts (explain.py).
"""

from dataclasses import dataclass
from typing import Any

from ruleset.check import Checks
from ruleset.check_policy import check_policy
from ruleset.context import FIRST, Context
from ruleset.document import Document
from ruleset.explain_ends import End
from ruleset.explain_near import Asked
from ruleset.model import Permit, Service, Site
from ruleset.problems import Mark
from ruleset.resolved import GATEWAY, INTERNET, ResolvedSite
from ruleset.services import KnownService

NAME, SERVICE = "new-permit", "new-service"
HERE = Mark(2, 1)  # not where a document starts: what the checks say of any other entry stands there
ACCOUNT = "reason: WHY, owner: WHO, expires: YYYY-MM-DD"
POLICY_REFUSED = ("core:refused:", "refuse:")


@dataclass(frozen=True, slots=True)
class Advice:
    """Lines for site.yaml. `waiver` says why a permit alone is not enough; empty when it is."""

    lines: tuple[str, ...]
    waiver: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {"lines": list(self.lines), "waiver": self.waiver}


def advice(resolved: ResolvedSite, source: End, target: End, asked: Asked, rule_id: str) -> Advice | None:
    """What to write so that the question's packet passes; None where no permit can help.

    That is so for what the policy did not refuse (routing, isolation, forged sources), and for what the checks refuse
    whatever is waived: connections that start outside, ends without an address in common. Single addresses of the
    gateway are no ends of a permit."""
    if not rule_id.startswith(POLICY_REFUSED) or (target.zone == GATEWAY and target.word != GATEWAY):
        return None
    ends = _permit_word(source), _permit_word(target)
    tried = [(name, _needs(resolved.site, ends, name, asked)) for name in _services(resolved.site, asked)]
    possible = [(name, needs) for name, needs in tried if needs is not None]
    if not possible:
        return None
    name, needs = min(possible, key=lambda one: bool(one[1]))  # the first that needs no waiver, else the first
    return Advice(tuple(_lines(ends, name, asked, bool(needs))), "; ".join(needs))


def _permit_word(end: End) -> str:
    """The end as a permit may name it: an address inside by its device, or its zone when no device is declared."""
    if end.zone == INTERNET:
        return end.word if end.kind == "address" else INTERNET
    if end.kind == "address":
        return next((s.host for s in end.samples if s.host), end.zone)
    return end.zone if end.kind != "device" else next((s.host for s in end.samples), end.word)


def _services(site: Site, asked: Asked) -> list[str]:
    """Services that carry the packet, the narrowest first; a new one last."""
    known = Context(site, FIRST).services.values()
    fitting = sorted((_width(s), s.name) for s in known if not s.wide and _carries(s, asked))
    return [name for _, name in fitting] + ([] if asked.echo else [SERVICE])


def _carries(service: KnownService, asked: Asked) -> bool:
    if asked.echo:
        return any(t.protocol == "echo" for t in service.traffic)
    packet = asked.packet
    return any(t.protocol == packet.protocol and any(packet.dport in p for p in t.ports) for t in service.traffic)


def _width(service: KnownService) -> int:
    return sum(r.last - r.first + 1 for t in service.traffic for r in t.ports)


def _needs(site: Site, ends: tuple[str, str], service: str, asked: Asked) -> tuple[str, ...] | None:
    """What the checks want waived for that permit; None when they refuse it for another cause."""
    fields = {"from": ends[0], "to": ends[1], "services": [service]}
    permit = Permit.model_validate({**fields, "reason": "-", "owner": "-", "expires": "9999-12-31"})
    services = dict(site.services)
    if service == SERVICE:
        services[SERVICE] = Service.model_validate({asked.packet.protocol: [asked.packet.dport]})
    changed = site.model_copy(update={"permits": {NAME: permit}, "services": services})
    place = ("permits", NAME)
    document = Document("", {"permits": {NAME: fields}}, {place: HERE}, {place: HERE})
    checks = Checks(Context(changed, FIRST), document)
    check_policy(checks)
    found = [problem for problem in checks.problems if problem.mark == HERE]
    if any(problem.code != "needs-waiver" for problem in found):
        return None
    return tuple(problem.what.removeprefix(f"{NAME}: ") for problem in found)


def _lines(ends: tuple[str, str], service: str, asked: Asked, waiver: bool) -> list[str]:
    lines = []
    if service == SERVICE:
        lines.append(f"services: {{{SERVICE}: {{{asked.packet.protocol}: [{asked.packet.dport}]}}}}")
    lines.append(f"permits: {{{NAME}: {{from: {ends[0]}, to: {_quoted(ends[1])}, services: [{service}], {ACCOUNT}}}}}")
    if waiver:
        lines.append(f"waivers: {{{NAME}: {{covers: {NAME}, {ACCOUNT}}}}}")
    return lines


def _quoted(word: str) -> str:
    return f'"{word}"' if ":" in word else word
