"""What is done with a question, by zone: one function reads as the order of the rules.

    canaries -> own names -> names that stay here -> protected names -> block lists -> forward

A protected name (health services, eligibility, vendors, updates, approved video platforms) beats every list; a list
that names one is told in the verdict, so that it can be reported. Later sources (devices, schedules, allow entries)
become further steps of `decide`.

May live here: decisions as Verdicts. May not: answers' octets, caches, clients' addresses, the clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from filters.dns_local import LocalNames, single_label
from filters.dns_message import Type
from filters.dns_special import CANARIES, DESIGNATED, LOCALHOST, NEVER_UPSTREAM
from filters.lists import CompiledList, suffix_keys
from filters.names import Name, SuffixSet, is_within, suffixes, to_text
from filters.verdict import Action, Reason, Verdict

BLOCKS: dict[str, Action] = {"nxdomain": Action.NXDOMAIN, "nodata": Action.NODATA, "null": Action.NULL}

_FORWARD = Verdict(Action.FORWARD, Reason.NOT_LISTED)
_LOCAL = Verdict(Action.LOCAL, Reason.LOCAL_NAME)
_STAYS_HERE = Verdict(Action.NXDOMAIN, Reason.SPECIAL_USE)
_LOOPBACK = Verdict(Action.LOCAL, Reason.SPECIAL_USE)
_STRANGER = Verdict(Action.REFUSED, Reason.UNKNOWN_CLIENT)


@dataclass(frozen=True, slots=True)
class ZonePolicy:
    """Lists in the order they are asked, and how a blocked name is answered (a value of BLOCKS)."""

    lists: tuple[CompiledList, ...] = ()
    block: Action = Action.NXDOMAIN


@dataclass(frozen=True, slots=True)
class DnsPolicy:
    """The whole policy; immutable, so that a reload is one assignment. `key`: what the lists were compiled with."""

    zones: Mapping[str, ZonePolicy]
    local: LocalNames
    protected: SuffixSet = field(default_factory=SuffixSet)
    key: bytes = b"unkeyed"

    def decide(self, zone: str, name: Name, qtype: int) -> Verdict:
        """The verdict for a question of a client in `zone`."""
        policy = self.zones.get(zone)
        if policy is None:
            return _STRANGER
        special = self._special(name, qtype)
        if special is not None:
            return special
        protected = self.protected.find(name)
        hit = _listed(policy.lists, name, self.key)
        if protected is not None:
            listed = hit or Verdict(Action.FORWARD, Reason.PROTECTED)
            return Verdict(Action.FORWARD, Reason.PROTECTED, listed.list, listed.line, to_text(protected))
        if hit is not None:
            return Verdict(policy.block, Reason.LISTED, hit.list, hit.line, hit.rule)
        return _FORWARD

    def _special(self, name: Name, qtype: int) -> Verdict | None:
        canary = CANARIES.get(name)
        if canary is not None:
            return Verdict(canary, Reason.CANARY, rule=to_text(name))
        if DESIGNATED.find(name) is not None:
            return Verdict(Action.NODATA, Reason.CANARY, rule="resolver.arpa")
        if self.local.find(name, qtype) is not None:
            return _LOCAL
        if is_within(name, LOCALHOST):
            return _LOOPBACK
        if NEVER_UPSTREAM.find(name) is not None:
            return _STAYS_HERE
        # A plain word can only be a name of this network; asking the root servers would tell them what runs here.
        return _STAYS_HERE if single_label(name) and qtype in (Type.A, Type.AAAA) else None


def _listed(lists: Sequence[CompiledList], name: Name, key: bytes) -> Verdict | None:
    """The first hit, as a verdict whose action the caller replaces."""
    if not lists:
        return None
    keys = suffix_keys(name, key)
    for one in lists:
        found = one.find(keys)
        if found is not None:
            depth, line = found
            rule = next(suffix for at, suffix in enumerate(suffixes(name)) if at == depth)
            return Verdict(Action.NXDOMAIN, Reason.LISTED, one.name, line, to_text(rule))
    return None
