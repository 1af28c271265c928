"""Why a name is answered as it is: the policy's own steps, one after the other, in words.

    explain(policy, zone, client, name, when) -> each step with what it says; the first that decides is the last
    explanation(...) -> that, what else is known of the name, and whether a person could allow it for a while

The steps run are `dns_policy.STEPS`, the ones that judge real questions, so the two cannot disagree.

May live here: telling. May not: deciding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from filters.dns_message import Type
from filters.dns_policy import STEPS, STRANGER, Case, DnsPolicy, Standing
from filters.dns_rules import Address, Allowance, Rules
from filters.dns_schedule import Moment
from filters.names import Name, suffixes, to_text
from filters.verdict import Action, Reason, Verdict

_ASKS = {
    "canary": "a name that software asks to find out whether it may leave this resolver",
    "local_name": "one of the clinic's own names",
    "stays_here": "a name that never leaves the site",
    "closed": "a closed network's name",
    "granted": "allowed by a person for a while",
    "protected": "protected, so that no list may block it",
    "own_entries": "named by the site's own allow or deny",
    "nothing_but": "outside the only names that are answered here",
    "encrypted_dns": "a public resolver for encrypted DNS, which goes around this filter",
    "safe_search": "a search engine that has a safe variant",
    "block_lists": "on a block list of this zone or device",
}
# Verdicts that an allowance of a person would change.
ALLOWABLE = frozenset(
    (Reason.LISTED, Reason.LISTED_LINK, Reason.DENIED, Reason.DENIED_LINK, Reason.NOT_ALLOWED, Reason.SAFE_SEARCH)
)


@dataclass(frozen=True, slots=True)
class Told:
    """One step. `verdict` is set for the step that decided; `text` is ASCII and safe to show."""

    step: str
    text: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The steps down to the verdict, and what stands beside them.

    `also`: what the steps behind the one that decided, and further rules of lists, say. `protected`: the name that
    protects it, "" for none.
    """

    steps: tuple[Told, ...]
    verdict: Verdict
    view: str = ""
    schedules: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    also: tuple[Told, ...] = ()
    protected: str = ""
    safe_search: bool = False
    allowances: tuple[Allowance, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values. `may_allow`: whether a person could let it through for a while."""
        return {
            "verdict": verdict_dict(self.verdict),
            "view": self.view,
            "schedules": list(self.schedules),
            "lists": list(self.lists),
            "safe_search": self.safe_search,
            "protected": self.protected,
            "steps": [{"step": one.step, "text": one.text} for one in self.steps],
            "also": [{"step": one.step, "text": one.text} for one in self.also],
            "allowances": [
                {"name": to_text(a.name), "device": a.device, "zone": a.zone, "until": a.until, "actor": a.actor,
                 "reason": a.reason}
                for a in self.allowances
            ],
        }  # fmt: skip


def verdict_dict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain values."""
    return {
        "action": str(verdict.action), "reason": str(verdict.reason), "list": verdict.list, "line": verdict.line,
        "rule": verdict.rule, "blocks": verdict.blocks, "may_allow": verdict.reason in ALLOWABLE,
    }  # fmt: skip


def explanation(
    policy: DnsPolicy, zone: str, client: Address | None, name: Name, when: Moment, qtype: int = Type.A
) -> Explanation:
    """What is done with a question for `name`, and what else is known of it."""
    steps = explain(policy, zone, client, name, when, qtype)
    verdict = steps[-1].verdict or STRANGER
    standing = policy.at(when)
    rules = standing.rules(zone, client)
    if rules is None:
        return Explanation(steps, verdict)
    case = Case(policy, rules, name, qtype, tuple(suffixes(name)), client)
    protecting = policy.protected.first(case.tails)
    return Explanation(
        steps,
        verdict,
        rules.view,
        tuple(sorted(standing.state[0])),
        rules.lists.names,
        _also(case, steps[-1]),
        "" if protecting is None else to_text(protecting),
        rules.safe_search,
        tuple(rules.granted.values()),
    )


def _also(case: Case, decided: Told) -> tuple[Told, ...]:
    """What did not get its turn."""
    names = list(STEPS)
    behind = names[names.index(decided.step) + 1 :] if decided.step in STEPS else []
    told = []
    for step in behind:
        found = STEPS[step](case)
        if step != "block_lists" and found is not None:
            told.append(Told(step, f"{_ASKS[step]} ({_words(found, case.rules)})"))
    first = decided.verdict
    for hit in case.rules.lists.every(case.tails, case.qtype, case.client, case.policy.key) if case.tails else ():
        if first is None or (hit.list, hit.line) != (first.list, first.line):
            what = "lets it through" if hit.allow else "blocks it"
            told.append(Told("block_lists", f"list {hit.list}, line {hit.line} {what}: {hit.rule}"))
    return tuple(told)


def explain(
    policy: DnsPolicy,
    zone: str,
    client: Address | None,
    name: Name,
    when: Moment,
    qtype: int = Type.A,
    links: Sequence[Name] = (),
) -> tuple[Told, ...]:
    """What is done with a question for `name`, step by step; the last one holds the verdict.

    `links`: the names an answer led through, when there was one.
    """
    standing = policy.at(when)
    rules = standing.rules(zone, client)
    if rules is None:
        return (Told("zone", "the client belongs to no zone: refused", STRANGER),)
    told = [Told("view", _view(rules, standing))]
    case = Case(policy, rules, name, qtype, tuple(suffixes(name)), client)
    verdict = Verdict(Action.FORWARD, Reason.NOT_LISTED)
    for step, judge in STEPS.items():
        found = judge(case)
        if found is not None and found.reason is Reason.NOT_LISTED:
            verdict = found  # no rule for this client, though there are some for others
        elif found is not None:
            verdict = found
            told.append(Told(step, f"yes: {_ASKS[step]} ({_words(found, rules)})", found))
            break
        told.append(Told(step, f"no: not {_ASKS[step]}"))
    else:
        told.append(Told("forward", "no rule is about it: asked upstream", verdict))
    if verdict.reason is Reason.NOT_LISTED:
        told += _links(case, standing, links)
    return tuple(told)


def _links(case: Case, standing: Standing, links: Sequence[Name]) -> list[Told]:
    told: list[Told] = []
    for link in links:
        found = standing.judge_link(case.rules, link, case.qtype, case.client)
        if found is not None and found.blocks:
            return [*told, Told("link", f"yes: it leads to {to_text(link)} ({_words(found, case.rules)})", found)]
        told.append(Told("link", f"no: it leads to {to_text(link)}, which may be asked for"))
    if told:
        told.append(Told("forward", "nothing it leads to is blocked", Verdict(Action.FORWARD, Reason.NOT_LISTED)))
    return told


def _view(rules: Rules, standing: Standing) -> str:
    hours = ", ".join(sorted(standing.state[0])) or "none"
    lists = ", ".join(rules.lists.names) or "none"
    return f"judged as {rules.view}; schedules on: {hours}; lists: {lists}"


def _words(verdict: Verdict, rules: Rules) -> str:
    parts = [f"answer: {verdict.action}"]
    if verdict.list:
        parts.append(f"list {verdict.list}, line {verdict.line}")
    if verdict.rule:
        parts.append(f"rule {verdict.rule}")
    if verdict.reason is Reason.GRANTED:
        found = next((one for one in rules.granted.values() if to_text(one.name) == verdict.rule), None)
        if found is not None:
            who, why = (ascii(text)[1:-1] for text in (found.actor, found.reason))
            parts.append(f"by {who}: {why}")
    return "; ".join(parts)
