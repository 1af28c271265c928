"""How risky a change is, and why: the weighing in one place.

May live here: the classes and the rules that choose one. May not: finding changes (plan_access.py, plan_changes.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ruleset.coverage import TrafficSet
from ruleset.plan_text import WHY, Params, sentence
from ruleset.resolved import GATEWAY, INTERNET, ResolvedSite, Side

Risk = Literal["low", "medium", "high", "critical"]
ORDER: Mapping[Risk, int] = {"low": 0, "medium": 1, "high": 2, "critical": 3}
NEVER_OUT = ("med", "cam", "prn")
STRANGERS = ("guest", "quar")
CARRIERS = ("srv", "backup", "elig", "pay")
ADMIN_PORTS = (22, 8080)
WIDE_PORTS = 1024


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that becomes different. `code` and `why` are stable, `params` are values for a sentence."""

    code: str
    params: Params
    risk: Risk
    why: str

    def text(self) -> str:
        """The sentence, in English."""
        return sentence(self.code, self.params)

    def as_dict(self) -> dict[str, Any]:
        """For machines and for other languages."""
        params = {key: list(value) if isinstance(value, tuple) else value for key, value in self.params.items()}
        return {
            "code": self.code,
            "risk": self.risk,
            "why": self.why,
            "params": params,
            "text": self.text(),
            "why_text": WHY[self.why],
        }


Weight = tuple[Risk, str]


def role_of(resolved: ResolvedSite, zone: str) -> str:
    """A zone's role; `internet` and `gateway` are their own, a zone that is gone has none."""
    segment = resolved.segment(zone)
    return segment.role if segment else zone


def gain_risk(resolved: ResolvedSite, source: Side, target: Side, traffic: TrafficSet) -> Weight:
    """What it means that `source` may do more than before. The first rule that fits decides."""
    here, there = role_of(resolved, source.zone), role_of(resolved, target.zone)
    steers = target.zone == GATEWAY and any(p in r for p in ADMIN_PORTS for r in traffic.tcp)
    whole = not source.networks and not target.networks and not target.learned
    rules: tuple[tuple[bool, Risk, str], ...] = (
        (here in STRANGERS and target.zone not in (INTERNET, GATEWAY), "critical", "stranger-inside"),
        (here in NEVER_OUT and target.zone == INTERNET, "high", "medical-internet"),
        (there == "mgmt", "high", "to-administration"),
        (steers and here != "mgmt", "high", "gateway-admin"),
        (traffic.size() > WIDE_PORTS, "high", "very-wide"),
        (here in CARRIERS and target.zone == INTERNET, "medium", "server-out"),
        (whole and target.zone != GATEWAY, "medium", "whole-zone"),
    )
    return next(
        ((risk, why) for fits, risk, why in rules if fits), ("low", "one-device" if not whole else "whole-zone")
    )


def loss_risk(resolved: ResolvedSite, source: Side, target: Side, traffic: TrafficSet) -> Weight:
    """What it means that `source` may do less than before; `resolved` is the old site."""
    steers = target.zone == GATEWAY and any(p in r for p in ADMIN_PORTS for r in traffic.tcp)
    if steers and role_of(resolved, source.zone) == "mgmt":
        return "critical", "admin-lost"
    if _holds_critical(resolved, source) or _holds_critical(resolved, target):
        return "medium", "critical-device"
    return "low", "less-access"


def _holds_critical(resolved: ResolvedSite, side: Side) -> bool:
    """Whether a device without which care stops is on that side; of a whole zone, any of its devices counts."""
    hosts = (h for h in resolved.hosts if h.zone == side.zone and h.criticality == 1)
    return any(not side.networks or h.name == side.label for h in hosts)


def highest(changes: tuple[Change, ...]) -> Risk:
    """The highest risk of any change; `low` when there is none."""
    return max((change.risk for change in changes), key=lambda risk: ORDER[risk], default="low")
