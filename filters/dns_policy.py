"""What is done with a question: the first step that has an opinion decides.

    stranger -> canaries -> own names -> names that stay here -> closed -> granted -> protected -> own entries
             -> nothing but -> encrypted DNS -> safe search -> block lists -> forward

A protected name (health services, vendors, updates, approved video platforms) beats every list, and a list that names
one is told in the verdict, so that it can be reported. What the site itself writes is no list: of its `allow`, `deny`
and the protected names the most specific one counts, and for a tie what lets through. `only` binds protected names
too; a closed network's names are never filtered at all. What a person allowed for a while beats lists, `deny`, `only`
and safe search, because the person meant this very name; it opens no way around, and what its answers point to inside
the clinic is refused as ever.

`decide` and `explain` (dns_explain.py) run the same STEPS. May live here: decisions as Verdicts. May not: answers'
octets, caches, the clock (`at` takes the moment).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from filters.dns_listed import Hit
from filters.dns_local import LocalNames, single_label
from filters.dns_message import Type
from filters.dns_rules import Address, Allowance, DevicePolicy, Rules, ZonePolicy, combine
from filters.dns_safe import safe_name
from filters.dns_schedule import Hours, Moment, active
from filters.dns_special import CANARIES, DESIGNATED, LOCALHOST, NEVER_UPSTREAM, OF_ZONES
from filters.names import Name, SuffixSet, suffixes, to_text
from filters.verdict import Action, Reason, Verdict

_FORWARD = Verdict(Action.FORWARD, Reason.NOT_LISTED)
_LOCAL = Verdict(Action.LOCAL, Reason.LOCAL_NAME)
_STAYS_HERE = Verdict(Action.NXDOMAIN, Reason.SPECIAL_USE)
_LOOPBACK = Verdict(Action.LOCAL, Reason.SPECIAL_USE)
STRANGER = Verdict(Action.REFUSED, Reason.UNKNOWN_CLIENT)
_LINKS = {
    Reason.LISTED: Reason.LISTED_LINK, Reason.DENIED: Reason.DENIED_LINK, Reason.NOT_LISTED: Reason.NOT_LISTED,
    Reason.ENCRYPTED_DNS: Reason.ENCRYPTED_DNS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DnsPolicy:
    """The whole policy; immutable, so that a reload is one assignment. `key`: what the lists were compiled with.

    `devices`: by each of their addresses; `named`: all of them by name, also those whose addresses are not known yet.
    `allowances`: what people allowed for a while. `resolvers`: public ones for encrypted DNS, past this filter.
    """

    zones: Mapping[str, ZonePolicy]
    local: LocalNames
    protected: SuffixSet = field(default_factory=SuffixSet)
    resolvers: SuffixSet = field(default_factory=SuffixSet)
    key: bytes = b"unkeyed"
    closed: SuffixSet = field(default_factory=SuffixSet)
    devices: Mapping[Address, DevicePolicy] = field(default_factory=dict)
    named: Mapping[str, DevicePolicy] = field(default_factory=dict)
    schedules: Mapping[str, Hours] = field(default_factory=dict)
    allowances: tuple[Allowance, ...] = ()

    def at(self, moment: Moment) -> "Standing":
        """The policy as it stands at a moment; it counts until `state` says something else."""
        return Standing(self, *self.state(moment))

    def state(self, moment: Moment) -> tuple[frozenset[str], tuple[Allowance, ...]]:
        """What of the moment matters: the schedules that are on, and the allowances that still hold."""
        return active(self.schedules, moment.minute), tuple(a for a in self.allowances if moment.epoch < a.until)


class Standing:
    """A policy at a moment. `rules(zone, client)` finds whose rules count, `decide` judges by them."""

    def __init__(self, policy: DnsPolicy, schedules: frozenset[str], allowances: tuple[Allowance, ...]) -> None:
        self.policy, self.state = policy, (schedules, allowances)
        self.mark = object()  # stands for this moment in what is remembered longer than it counts
        self._known: dict[str, Rules | None] = {}

    def rules(self, zone: str, client: Address | None = None) -> Rules | None:
        """The rules for a client in a zone; None: no zone of ours."""
        devices = self.policy.devices
        device = devices.get(client) if client is not None and devices else None
        if device is not None and device.zone != zone:
            device = None
        view = zone if device is None else f"{zone}/{device.name}"
        if view not in self._known:
            self._known[view] = self._combine(zone, device)
        return self._known[view]

    def decide(self, rules: Rules | None, name: Name, qtype: int, client: Address | None = None) -> Verdict:
        """The verdict for a question of a client under `rules`; lists may have rules for certain clients."""
        if rules is None:
            return STRANGER
        case = Case(self.policy, rules, name, qtype, tuple(suffixes(name)), client)
        for step in STEPS.values():
            verdict = step(case)
            if verdict is not None:
                return verdict
        return _FORWARD

    def judge_link(self, rules: Rules, link: Name, qtype: int, client: Address | None = None) -> Verdict | None:
        """The verdict on a name that an answer leads through; None: it may. The head was judged by `decide`.

        NOT_LISTED: it may for this client, and perhaps for no other.
        """
        case = Case(self.policy, rules, link, qtype, tuple(suffixes(link)), client)
        if self.policy.closed.first(case.tails) is not None:
            return None
        for step in (granted, protected, own_entries, encrypted_dns, block_lists):
            verdict = step(case)
            if verdict is not None:
                reason = _LINKS.get(verdict.reason)
                if reason is not None:
                    return replace(verdict, reason=reason)
                return replace(_FORWARD, personal=True) if verdict.personal else None
        return None

    def leads_inside(self, link: Name) -> bool:
        """Whether a name that an answer leads to is the site's own, or a closed network's: rebinding by a name."""
        tails = tuple(suffixes(link))
        inside = LOCALHOST in tails or self.policy.closed.first(tails) is not None
        return inside or self.policy.local.find(link, Type.A) is not None

    def _combine(self, zone: str, device: DevicePolicy | None) -> Rules | None:
        policy = self.policy.zones.get(zone)
        if policy is None:
            return None
        schedules, allowances = self.state
        name = "" if device is None else device.name
        holds = [one for one in allowances if one.zone == zone and one.device in ("", name)]
        return combine(zone, policy, schedules, device, holds)


@dataclass(frozen=True, slots=True)
class Case:
    """One question before the steps; `tails` are the suffixes of its name."""

    policy: DnsPolicy
    rules: Rules
    name: Name
    qtype: int
    tails: tuple[Name, ...]
    client: Address | None = None


def canary(case: Case) -> Verdict | None:
    action = CANARIES.get(case.name)
    if action is not None:
        return Verdict(action, Reason.CANARY, rule=to_text(case.name))
    if DESIGNATED.first(case.tails) is not None:
        return Verdict(Action.NODATA, Reason.CANARY, rule="resolver.arpa")
    return None


def local_name(case: Case) -> Verdict | None:
    return _LOCAL if case.policy.local.find(case.name, case.qtype) is not None else None


def stays_here(case: Case) -> Verdict | None:
    if LOCALHOST in case.tails:
        return _LOOPBACK
    if case.policy.closed.first(case.tails) is not None:
        return None
    # A plain word can only be a name of this network; asking the root servers would tell them what runs here.
    if NEVER_UPSTREAM.first(case.tails) is not None or (single_label(case.name) and case.qtype not in OF_ZONES):
        return _STAYS_HERE
    return None


def closed(case: Case) -> Verdict | None:
    found = case.policy.closed.first(case.tails)
    return None if found is None else Verdict(Action.FORWARD, Reason.CLOSED, rule=to_text(found))


def granted(case: Case) -> Verdict | None:
    if not case.rules.granted or case.policy.resolvers.first(case.tails) is not None:
        return None
    found = next((tail for tail in case.tails if tail in case.rules.granted), None)
    return None if found is None else Verdict(Action.FORWARD, Reason.GRANTED, rule=to_text(found))


def protected(case: Case) -> Verdict | None:
    found, rules = case.policy.protected.first(case.tails), case.rules
    if found is None or len(rules.deny.first(case.tails) or b"") > len(found):
        return None
    if rules.only is not None and rules.only.first(case.tails) is None:
        return None
    hit = _hit(case)
    if hit is None or hit.allow:
        return Verdict(Action.FORWARD, Reason.PROTECTED, rule=to_text(found))
    return Verdict(Action.FORWARD, Reason.PROTECTED, hit.list, hit.line, to_text(found))


def own_entries(case: Case) -> Verdict | None:
    rules = case.rules
    allow, deny = rules.allow.first(case.tails), rules.deny.first(case.tails)
    named = None if rules.only is None else rules.only.first(case.tails)
    best = max(allow or b"", named or b"", key=len)
    if deny is not None and len(deny) > len(best):
        return Verdict(rules.block, Reason.DENIED, rule=to_text(deny))
    return Verdict(Action.FORWARD, Reason.ALLOWED, rule=to_text(best)) if best else None


def nothing_but(case: Case) -> Verdict | None:
    return None if case.rules.only is None else Verdict(case.rules.block, Reason.NOT_ALLOWED)


def encrypted_dns(case: Case) -> Verdict | None:
    found = case.policy.resolvers.first(case.tails)
    return None if found is None else Verdict(case.rules.block, Reason.ENCRYPTED_DNS, rule=to_text(found))


def safe_search(case: Case) -> Verdict | None:
    target = safe_name(case.name, case.qtype) if case.rules.safe_search else None
    if target is None:
        return None
    return Verdict(Action.SAFE, Reason.SAFE_SEARCH, rule=to_text(target), target=target)


def block_lists(case: Case) -> Verdict | None:
    hit = _hit(case)
    if hit is None:
        return None
    if not hit.list:
        return replace(_FORWARD, personal=True)
    if hit.allow:
        return Verdict(Action.FORWARD, Reason.EXCEPTED, hit.list, hit.line, hit.rule, personal=hit.personal)
    return Verdict(case.rules.block, Reason.LISTED, hit.list, hit.line, hit.rule, personal=hit.personal)


Step = Callable[[Case], Verdict | None]
STEPS: dict[str, Step] = {
    "canary": canary, "local_name": local_name, "stays_here": stays_here, "closed": closed, "granted": granted,
    "protected": protected, "own_entries": own_entries, "nothing_but": nothing_but, "encrypted_dns": encrypted_dns,
    "safe_search": safe_search, "block_lists": block_lists,
}  # fmt: skip


def _hit(case: Case) -> Hit | None:
    return case.rules.lists.find(case.tails, case.qtype, case.client, case.policy.key) if case.tails else None
