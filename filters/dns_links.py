"""What an answer leads to, judged: names by CNAME or service records, and whether any of it lies inside the clinic.

Who runs a domain chooses how many names an answer leads to, so their number is bounded, and what was found is kept with
the answer: a look-up of every name in every list is paid once a view, not once a question.

May live here: the verdict against a whole answer. May not: the verdict on one name (dns_policy.py), what is sent.
"""

from dataclasses import replace

from filters.dns_answer import Answer
from filters.dns_policy import Standing
from filters.dns_rules import Address, Rules
from filters.verdict import Reason, Verdict

MAX_LINKS = 32  # names one answer may lead to; honest ones have one to five, a large directory service some ten


def too_many(answer: Answer, head: Verdict) -> bool:
    """Whether this answer leads to more names than are judged; a closed network's answers are not judged at all."""
    return len(answer.links) > MAX_LINKS and head.reason is not Reason.CLOSED


def judge_answer(
    standing: Standing, rules: Rules, head: Verdict, answer: Answer, qtype: int, client: Address
) -> Verdict | None:
    """A verdict against an answer to a question judged as `head`; None: the client may have it.

    NOT_LISTED: this client may, and perhaps no other.
    """
    if head.reason is Reason.CLOSED:
        return None
    if answer.inside:
        return Verdict(rules.block, Reason.REBINDING)
    if not answer.links:
        return None
    allowed = head.reason is not Reason.NOT_LISTED  # an allowed head wins over what it leads to outside
    kept = answer.judged if answer.judged is not None and answer.judged[0] is standing.mark else (standing.mark, {})
    key = rules.view, allowed
    if key in kept[1]:
        found = kept[1][key]
    else:
        found = _found(standing, rules, answer, qtype, client, allowed=allowed)
        if found is None or not found.personal:
            kept[1][key] = found
            answer.judged = kept
    return replace(found, personal=True) if found is not None and head.personal else found


def _found(
    standing: Standing, rules: Rules, answer: Answer, qtype: int, client: Address, *, allowed: bool
) -> Verdict | None:
    if any(standing.leads_inside(link) for link in answer.links):
        return Verdict(rules.block, Reason.REBINDING)
    if allowed:
        return None
    found = [one for link in answer.links if (one := standing.judge_link(rules, link, qtype, client)) is not None]
    blocking = [one for one in found if one.blocks]
    # One that counts for everybody first: then what follows may be kept for everybody.
    return min(blocking, key=lambda one: one.personal) if blocking else found[0] if found else None
