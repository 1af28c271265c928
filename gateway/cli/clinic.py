"""What a command about names takes from the applied site: the clinic's time, whom a word means, who may ask at all.

May live here: look-ups in a site. May not: printing, judging names or packets (ruleset does).
"""

import difflib
from datetime import UTC, datetime, tzinfo
from typing import Any

from gateway.applied import SiteUnreadableError, applied_site
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.paths import Paths
from ruleset.compile import compile_ruleset
from ruleset.context import zone_info
from ruleset.explain import Question, explain
from ruleset.live import NOTHING_LIVE
from ruleset.problems import printable
from ruleset.resolved import GATEWAY, ResolvedSite

DNS_PORT = 53


def applied_or_none() -> ResolvedSite | None:
    """The applied site; None when there is none, or nobody to ask: the command then says less."""
    try:
        with EnforcerClient(Paths.from_env().enforcer_socket) as client:
            found = applied_site(client, datetime.now(UTC))
    except (EnforcerUnavailable, Refused, SiteUnreadableError):
        return None
    return found.resolved if found else None


def time_of(site: ResolvedSite | None) -> tzinfo | None:
    """The clinic's time zone; None, this machine's own, without a site."""
    return None if site is None else zone_info(site.site.clinic.timezone) or UTC


def meant(site: ResolvedSite | None, word: str) -> str:
    """The declared device that a person means by its address or MAC; any other word as it is."""
    hosts = site.hosts if site else ()
    mac = word.lower().replace("-", ":")
    return next((h.name for h in hosts if mac == h.mac or word.lower() in map(str, h.addresses)), word)


def nearest(site: ResolvedSite | None, word: str) -> str:
    """What a person could have meant by a word that means nothing here, as a question; "" for nothing."""
    if site is None:
        return ""
    known = {h.label: h.name for h in site.hosts} | {s.name: s.name for s in site.segments}
    known |= {h.name: h.name for h in site.hosts}
    close = dict.fromkeys(known[one] for one in difflib.get_close_matches(word, known, 3))
    return f"did you mean {printable(' or '.join(close))}?" if close else ""


def refusal(site: ResolvedSite | None, told: dict[str, Any], now: datetime) -> str:
    """Why the asker of `told` cannot ask the gateway for names at all, as a sentence; "" when it can.

    Isolated devices are not considered."""
    zone = str(told.get("zone", ""))
    if site is None or site.segment(zone) is None:
        return ""
    policy = compile_ruleset(site, NOTHING_LIVE, now)
    who = str(told.get("from", zone))
    for word in (who, zone):  # a device without a fixed address is judged as its zone
        answer = explain(site, policy, Question(word, GATEWAY, "udp", DNS_PORT))
        if answer.verdict == "refuse":
            check = answer.checks[0]
            rule, why = printable(check.outcome.rule_id), printable(check.origin.why)
            what = f"{printable(who)} may not ask the gateway for names"
            return f"{what}: zone {printable(zone)}, refused by {rule} ({why})."
        if answer.verdict != "unknown":
            return ""
    return ""
