"""Why a packet passes or not: the verdict, the rule, the line it came from, and the nearest permission.

May live here: asking the evaluator in every family and collecting the answer. May not: matching (evaluate.py), looking
up words (explain_ends.py), text for people (explain_text.py).

The gateway says only what it can see: packets inside one zone do not cross it, and the addresses behind a name are not
known offline. Both are part of the answer.
"""

from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Literal

from ruleset.evaluate import evaluate
from ruleset.explain_allow import Advice, advice
from ruleset.explain_ends import End, UnknownWord, source_end, target_end
from ruleset.explain_near import Asked, Near, nearest
from ruleset.explain_text import answer_text
from ruleset.packet import NOTHING_KNOWN, Facts, Outcome, Packet
from ruleset.resolved import GATEWAY, INTERNET, ResolvedSite, host_network
from ruleset.samples import Sample, hosts_of
from ruleset.tree import FAMILIES, Origin, Ruleset

Verdict = Literal["accept", "refuse", "mixed", "same-zone", "not-filtered", "unknown"]
KERNEL_WHY = {
    "kernel:no-route": "The gateway has no way to that address in this family",
    "kernel:martian": "No router forwards this address (RFC 1812)",
    "kernel:link-local": "Link-local addresses stay on their link (RFC 4291)",
    "kernel:not-a-member": "The gateway is in no such multicast group, and it routes no multicast",
    "kernel:no-chain": "No chain of the policy sees this packet",
    "kernel:jump-depth": "The policy calls itself",
}
MAX_PAIRS = 2000
NOT_ISOLATED = "computed from the site file; isolated devices are not considered"


@dataclass(frozen=True, slots=True)
class Question:
    """May `source` start a connection to `target`? Words as people write them; `port` is 0 for an echo request."""

    source: str
    target: str
    protocol: Literal["tcp", "udp", "echo"] = "tcp"
    port: int = 0

    @property
    def wire(self) -> str:
        """`tcp 443` or `ping`."""
        return "ping" if self.protocol == "echo" else f"{self.protocol} {self.port}"


@dataclass(frozen=True, slots=True)
class Check:
    """The answer in one family. `origin` says where the deciding rule came from."""

    packet: Packet
    outcome: Outcome
    origin: Origin
    effects: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        moved = self.outcome.translated
        return {
            "family": self.packet.family,
            "source": str(self.packet.src),
            "destination": str(self.packet.dst),
            "verdict": self.outcome.verdict,
            "rule": self.outcome.rule_id,
            "chain": self.outcome.chain,
            "path": list(self.outcome.path),
            "from": {
                "source": self.origin.source,
                "file": self.origin.file,
                "line": self.origin.line,
                "why": self.origin.why,
            },
            "translated_to": f"{moved[0]} {moved[1]}" if moved else None,
            "masqueraded": self.outcome.masqueraded,
            "effects": list(self.effects),
        }


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A device of the zone in question for which the answer is another one."""

    source: str
    target: str
    verdict: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that can be said of a question. `notes` are limits of the answer, `allow` is what would change it."""

    question: Question
    verdict: Verdict
    checks: tuple[Check, ...] = ()
    nearest: tuple[Near, ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    notes: tuple[str, ...] = ()
    allow: Advice | None = None

    def text(self) -> str:
        """For people."""
        return answer_text(self)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        question = self.question
        return {
            "from": question.source,
            "to": question.target,
            "protocol": question.protocol,
            "port": question.port,
            "verdict": self.verdict,
            "checks": [check.as_dict() for check in self.checks],
            "nearest": [near.as_dict() for near in self.nearest],
            "exceptions": [
                {"from": e.source, "to": e.target, "verdict": e.verdict, "rule": e.rule_id} for e in self.exceptions
            ],
            "notes": list(self.notes),
            "to_allow": self.allow.as_dict() if self.allow else None,
        }


def explain(resolved: ResolvedSite, ruleset: Ruleset, question: Question, facts: Facts = NOTHING_KNOWN) -> Answer:
    """Answers a question offline. A word that means nothing gives the verdict `unknown` and a note, never an error.

    `facts` are set elements that are known (quarantines, pins); without them nothing is isolated or learned."""
    try:
        source = source_end(resolved, question.source)
        target = target_end(resolved, question.target, source)
    except UnknownWord as error:
        return Answer(question, "unknown", notes=(str(error),))
    if source.zone == GATEWAY:
        note = "connections that the gateway itself starts are not filtered by this policy"
        return Answer(question, "not-filtered", notes=(note,))
    if source.zone == target.zone:
        return Answer(question, "same-zone", notes=(_same_zone(source.zone),))
    checks = tuple(_checks(resolved, ruleset, question, source, target, facts))
    notes = (*source.notes, *target.notes)
    if not checks:
        return Answer(question, "unknown", notes=(*notes, "the two have no address family in common"))
    if facts == NOTHING_KNOWN:
        notes = (*notes, NOT_ISOLATED)
    refused = [check for check in checks if not check.outcome.passed]
    asked = _asked(source, target, refused[0].packet) if refused else None
    return Answer(
        question,
        "mixed" if 0 < len(refused) < len(checks) else ("refuse" if refused else "accept"),
        checks,
        nearest(resolved, ruleset, asked) if asked else (),
        _exceptions(resolved, ruleset, question, source, target, checks, facts),
        notes,
        advice(resolved, source, target, asked, refused[0].outcome.rule_id) if asked else None,
    )


def _same_zone(zone: str) -> str:
    where = "outside" if zone == INTERNET else f"in zone {zone}"
    return f"both are {where}: their packets do not cross the gateway, which can neither stop nor see them"


def _asked(source: End, target: End, packet: Packet) -> Asked:
    return Asked(source.zone, target.zone, source.word, target.word, packet)


def _checks(
    resolved: ResolvedSite, ruleset: Ruleset, question: Question, source: End, target: End, facts: Facts
) -> list[Check]:
    found = []
    for family in FAMILIES:
        here, there = source.sample(family), target.sample(family)
        if here is not None and there is not None:
            packet = _packet(resolved, question, here, there)
            known = _learned(facts, packet) if target.learned_by else facts
            found.append(_check(ruleset, packet, evaluate(ruleset, resolved, packet, known)))
    return found


def _packet(resolved: ResolvedSite, question: Question, source: Sample, target: Sample) -> Packet:
    iif = next(iter(resolved.interfaces(source.zone)), "")
    echo: Literal["icmp", "icmpv6"] = "icmp" if target.address.version == 4 else "icmpv6"
    protocol = echo if question.protocol == "echo" else question.protocol
    return Packet(iif, source.address, target.address, protocol, question.port, mac=source.mac)


def _learned(facts: Facts, packet: Packet) -> Facts:
    return facts.with_elements(f"pin{packet.family}", [(host_network(packet.src), host_network(packet.dst))])


def _check(ruleset: Ruleset, packet: Packet, outcome: Outcome) -> Check:
    return Check(packet, outcome, origin_of(ruleset, outcome.rule_id), tuple(_effects(packet, outcome)))


def origin_of(ruleset: Ruleset, rule_id: str) -> Origin:
    """Where a deciding rule came from; policies and the kernel's routing count as the core's."""
    known = ruleset.origins.get(rule_id)
    if known is not None:
        return known
    why = KERNEL_WHY.get(rule_id, "What no rule decides, the chain's policy decides")
    return Origin("core", "", 0, why)


def _effects(packet: Packet, outcome: Outcome) -> list[str]:
    effects = []
    if outcome.translated is not None and outcome.translated != (packet.dst, packet.dport):
        address, port = outcome.translated
        who = "answered by the gateway itself" if outcome.oif == "" else "sent on"
        effects.append(f"{who}, at {address} port {port}")
    if outcome.masqueraded:
        effects.append("leaves under the gateway's own address")
    return effects


def _exceptions(
    resolved: ResolvedSite,
    ruleset: Ruleset,
    question: Question,
    source: End,
    target: End,
    checks: tuple[Check, ...],
    facts: Facts,
) -> tuple[Exceptional, ...]:
    """Where a whole zone was asked: its devices that get another answer."""
    found: dict[tuple[str, str], Exceptional] = {}
    for check in checks:
        family = check.packet.family
        here = hosts_of(resolved, source.zone, family) if source.kind == "zone" else []
        there = hosts_of(resolved, target.zone, family) if target.kind == "zone" else []
        asked = [s for s in (source.sample(family),) if s], [s for s in (target.sample(family),) if s]
        for one, other in islice(product([*here, *asked[0]], [*there, *asked[1]]), MAX_PAIRS):
            outcome = evaluate(ruleset, resolved, _packet(resolved, question, one, other), facts)
            if outcome.passed != check.outcome.passed and not target.learned_by:
                pair = (one.host or source.word, other.host or target.word)
                found.setdefault(pair, Exceptional(*pair, outcome.verdict, outcome.rule_id))
    return tuple(found.values())
