"""What a rule that lets something through is for, in a closed list that a page has words for.

The product's own rules are told by their id. What this clinic allows besides (permits, video, port forwards) is told in
the site's own words. Rules towards the gateway itself (names, time, this page) let nothing through it and are left out.

May live here: that table and look-ups over the applied site. May not: counts, texts for people.
"""

from enum import StrEnum

from gateway.events import Label
from ruleset.platforms import load_platform
from ruleset.resolved import GATEWAY, Grant, ResolvedSite


class Purpose(StrEnum):
    """Why a connection is allowed: every value has a text in every language."""

    WEB = "web"
    GUEST_WEB = "guest_web"
    MAIL = "mail"
    SOFTWARE = "software"
    RECEIPT = "receipt"
    FILES = "files"
    SCANS = "scans"
    IMAGES = "images"
    RESULTS = "results"
    PRINTING = "printing"
    BACKUP = "backup"
    UPDATES = "updates"
    VIDEO = "video"
    PERMIT = "permit"
    FORWARD = "forward"
    OTHER = "other"


PURPOSE_OF_RULE = {
    "pack:base:mgmt-internet-update": Purpose.UPDATES,
    "pack:base:pc-internet-web": Purpose.WEB,
    "pack:base:pc-internet-mail": Purpose.MAIL,
    "pack:base:pc-srv-web": Purpose.SOFTWARE,
    "pack:base:pc-srv-files": Purpose.FILES,
    "pack:base:pc-srv-pacs": Purpose.IMAGES,
    "pack:base:pc-prn-print": Purpose.PRINTING,
    "pack:base:staffwifi-internet-web": Purpose.WEB,
    "pack:base:staffwifi-internet-mail": Purpose.MAIL,
    "pack:base:guest-internet-web": Purpose.GUEST_WEB,
    "pack:base:srv-med-back": Purpose.IMAGES,
    "pack:base:srv-prn-print": Purpose.PRINTING,
    "pack:base:srv-internet-updates": Purpose.UPDATES,
    "pack:base:backup-srv-pull": Purpose.BACKUP,
    "pack:base:med-srv-store": Purpose.IMAGES,
    "pack:base:med-srv-hl7": Purpose.RESULTS,
    "pack:base:prn-srv-scan": Purpose.SCANS,
    "pack:imaging:pc-srv-imaging-web": Purpose.IMAGES,
    "pack:jp:pc-srv-orca": Purpose.RECEIPT,
}


def purposes(site: ResolvedSite) -> list[Label]:
    """One label for each rule id that lets something through the gateway: `role` is the purpose, `label` the words."""
    told = {grant.id: _of_grant(grant) for grant in site.grants if grant.target.zone != GATEWAY}
    forwards = [Label("rule", forward.id, forward.origin.why, Purpose.FORWARD) for forward in site.forwards]
    return [*told.values(), *forwards]


def _of_grant(grant: Grant) -> Label:
    if grant.kind == "video":
        return Label("rule", grant.id, load_platform(grant.services[0]).label, Purpose.VIDEO)
    if grant.kind == "permit":
        return Label("rule", grant.id, grant.origin.why, Purpose.PERMIT)
    return Label("rule", grant.id, "", PURPOSE_OF_RULE.get(grant.id, Purpose.OTHER))
