"""An answer as text for people; everything that came from outside is made printable.

May live here: wording. May not: anything that decides (explain.py).
"""

from typing import TYPE_CHECKING

from ruleset.explain_near import Near
from ruleset.problems import printable
from ruleset.tree import Origin

if TYPE_CHECKING:
    from ruleset.explain import Answer, Check

VERDICTS = {
    "accept": "ALLOWED",
    "refuse": "REFUSED",
    "mixed": "ALLOWED IN ONE FAMILY ONLY",
    "same-zone": "NOT OBSERVABLE",
    "not-filtered": "NOT FILTERED",
    "unknown": "NO ANSWER",
}
DONE = {"accept": "accepted", "drop": "dropped without an answer", "reject": "refused with an answer"}
MAX_EXCEPTIONS = 12


def answer_text(answer: "Answer") -> str:
    """Several lines, the verdict first."""
    question = answer.question
    head = f"{question.source} -> {question.target}, {question.wire}: {VERDICTS[answer.verdict]}"
    lines = [head, *(line for check in answer.checks for line in _check(check))]
    if answer.verdict in ("refuse", "mixed"):
        lines += [line for near in answer.nearest for line in _near(near)] or ["  no permission comes near this"]
    lines += _exceptions(answer)
    lines += [f"  note: {note}" for note in answer.notes]
    lines += _allow(answer)
    return "\n".join(printable(line) for line in lines) + "\n"


def _allow(answer: "Answer") -> list[str]:
    if answer.allow is None:
        return []
    why = answer.allow.waiver
    head = f"  To allow it: a permit and a waiver, because {why}" if why else "  To allow it: a permit is enough"
    return [head, *(f"    {line}" for line in answer.allow.lines)]


def place(origin: Origin) -> str:
    """`site.yaml:40`, or `core` for what is in no file."""
    return f"{origin.file}:{origin.line}" if origin.file else "core"


def _check(check: "Check") -> list[str]:
    packet, outcome = check.packet, check.outcome
    head = f"  IPv{packet.family} {packet.src} -> {packet.dst}: {DONE[outcome.verdict]} by rule {outcome.rule_id}"
    return [
        head,
        f"    {check.origin.why} ({place(check.origin)})",
        *(f"    {effect}" for effect in check.effects),
    ]


def _near(near: Near) -> list[str]:
    return [
        f"  nearest: {near.grant_id} ({place(near.origin)}) allows {near.allows}",
        *(f"    {point}" for point in near.differs),
    ]


def _exceptions(answer: "Answer") -> list[str]:
    shown = [f"  but {e.source} -> {e.target}: {DONE[e.verdict]} by rule {e.rule_id}" for e in answer.exceptions]
    more = len(shown) - MAX_EXCEPTIONS
    return shown[:MAX_EXCEPTIONS] + ([f"  and {more} more such pairs"] if more > 0 else [])
