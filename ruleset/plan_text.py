"""The sentences of a plan, and of why something is a risk: English, by code, so that other languages can follow.

May live here: templates and their filling. May not: finding changes or weighing them (plan_*.py).
"""

from collections.abc import Mapping, Sequence

from ruleset.problems import printable

Params = Mapping[str, str | tuple[str, ...]]
MAX_LISTED = 12

SENTENCES = {
    "access-gained": "{who} may now reach {what}",
    "access-lost": "{who} may no longer reach {what}",
    "forward-opened": "the internet may now reach {host} by {port} of uplink {uplink}",
    "forward-closed": "the internet may no longer reach {host} by {port} of uplink {uplink}",
    "refusal-added": "towards the internet, {traffic} is now always refused ({name})",
    "refusal-removed": "towards the internet, {traffic} is no longer always refused ({name})",
    "waiver-added": "a waiver now covers {name}",
    "waiver-removed": "no waiver covers {name} any more",
    "permit-extended": "{name} now ends on {new}, not on {old}",
    "permit-shortened": "{name} now ends on {new}, not on {old}",
    "zone-added": "zone {name} ({role}) is new, on {ifname}",
    "zone-removed": "zone {name} ({role}) is gone",
    "zone-role": "zone {name} changes its role from {old} to {new}",
    "zone-addresses": "zone {name} changes its addresses from {old} to {new}",
    "zone-interface": "zone {name} moves from {old} to {new}",
    "zone-dhcp": "zone {name} changes its dynamic addresses from {old} to {new}",
    "device-added": "device {name} ({kind}) is new in zone {zone}",
    "device-removed": "device {name} ({kind}) is gone from zone {zone}",
    "device-moved": "device {name} moves from zone {old} to zone {new}",
    "device-addresses": "device {name} changes its addresses from {old} to {new}",
    "device-mac": "device {name} changes its hardware address from {old} to {new}",
    "uplink-added": "uplink {name} is new, on {ifname}",
    "uplink-removed": "uplink {name} is gone",
    "uplink-changed": "uplink {name} changes from {old} to {new}",
    "dns-upstreams": "names are asked of {new}, no longer of {old}",
    "dns-forward": "closed network {name}: names asked there change from {old} to {new}, never filtered",
    "dns-list-added": "block list {name} is new (file {path}, {url}), in force once its file is there",
    "dns-list-removed": "block list {name} is gone",
    "dns-list-changed": "block list {name} changes: {what}",
    "dns-lists-added": "{who} is now filtered by {lists}, each once its file is there",
    "dns-lists-removed": "{who} is no longer filtered by {lists}",
    "dns-kinds-added": "{who} is now filtered by lists of the category {lists}, each once its file is there",
    "dns-kinds-removed": "{who} is no longer filtered by lists of the category {lists}",
    "dns-allowed": "no list blocks for {who} any more: {names}",
    "dns-allow-ended": "lists may again block for {who}: {names}",
    "dns-denied": "now blocked for {who}: {names}",
    "dns-deny-ended": "no longer blocked by the site file for {who}: {names}",
    "dns-only": "{who} may now ask for nothing but {names}",
    "dns-only-ended": "{who} may now ask for any name that is not blocked, no longer for a few only",
    "dns-only-wider": "{who} may now also ask for {names}",
    "dns-only-narrower": "{who} may no longer ask for {names}",
    "dns-safe-on": "search engines now answer {who} with their safe variant",
    "dns-safe-off": "search engines no longer answer {who} with their safe variant",
    "dns-answer": "blocked names of {who} are answered with {new}, no longer with {old}",
    "dns-rewritten": "the names policy of {who} is written in another way and amounts to the same",
    "dns-schedule": "hours {name} change from {old} to {new}",
    "dns-ech-removed": "encrypted hello keys are now removed from answers",
    "dns-ech-kept": "encrypted hello keys are no longer removed from answers: names may stay hidden",
    "dns-log-coarser": "WARNING: the names log now keeps detail {new}, not {old}; what is finer is erased at once",
    "dns-log-finer": "the names log now keeps detail {new}, no longer {old}",
    "dns-log-days": "the names log is kept for {new} days, no longer for {old}",
    "names-added": "{who} may now learn addresses for {names}",
    "names-removed": "{who} may no longer learn addresses for {names}",
    "names-protected": "names now protected from block lists: {names}",
    "names-unprotected": "names no longer protected from block lists: {names}",
}
WHY = {
    "from-internet": "a port open to the internet is the strongest exception there is",
    "admin-lost": "the administrator would be locked out of the gateway",
    "admin-moves": "the administrator's own connection changes: the confirmation must come over a new one",
    "medical-internet": "imaging, cameras and printers stay off the internet by the rules of the house",
    "stranger-inside": "guests and isolated devices have no business inside",
    "to-administration": "whoever reaches the administration may reach everything",
    "gateway-admin": "only the administration may steer the gateway",
    "very-wide": "no single program needs that many ports",
    "server-out": "servers that reach out can carry data out",
    "whole-zone": "it holds for every device of the zone, also for ones that come later",
    "one-device": "it holds for named devices only",
    "critical-device": "a device without which care stops depends on it",
    "less-access": "less is allowed than before",
    "less-protection": "something that was refused or filtered is not any more",
    "more-protection": "more is refused or filtered than before",
    "list-source": "it decides what the list blocks, and whose word that is",
    "by-the-clock": "what is blocked at some hour changes with it",
    "erased-for-good": "what was written down is erased and does not come back",
    "personal-data": "more personal data is written down, or kept for longer",
    "moves-addresses": "devices keep their old address until they ask for a new one",
    "way-out": "the clinic's way to the internet changes",
    "new-policy": "the default policy of another role applies from now on",
    "bookkeeping": "no access changes by this alone",
}


def sentence(code: str, params: Params) -> str:
    """The English sentence of a change. KeyError for a code that has none."""
    return printable(SENTENCES[code].format(**{key: listed(value) for key, value in params.items()}), 2000)


def listed(value: str | Sequence[str]) -> str:
    """`a, b and 3 more`; nothing is said as `none`."""
    if isinstance(value, str):
        return value or "none"
    shown = ", ".join(value[:MAX_LISTED])
    return f"{shown} and {len(value) - MAX_LISTED} more" if len(value) > MAX_LISTED else shown or "none"
