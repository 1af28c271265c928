"""Was what a demo showed what should have happened?

May live here: that judgement, pure. May not: showing or measuring.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.lab.scenario import Act
from gateway.lab.traffic import Tally
from gateway.lab.view import Recorded
from ruleset.explain_ends import below

TOLERATED = 0.1  # share of what should pass and may fail: a busy machine is no fault of the policy
ENOUGH = 3


def faults(tallies: Sequence[Tally], recorded: Recorded, page_ms: float | None, *, complete: bool = True) -> list[str]:
    """Sentences for everything that went wrong; empty when the demo kept its promises.

    `complete` is false for a demo that somebody stopped: then what has not happened yet is no fault."""
    found = [fault for tally in tallies if (fault := _fault(tally)) is not None]
    return found + missing(tallies, recorded, page_ms) if complete else found


def missing(tallies: Sequence[Tally], recorded: Recorded, page_ms: float | None) -> list[str]:
    """Sentences for what should have happened by the end and has not."""
    found = []
    if not any(tally.passed for tally in tallies if tally.act.passes):
        found.append("nothing that should pass has passed")
    stopped = [tally for tally in tallies if tally.stopped and not tally.act.passes]
    if not stopped:
        found.append("nothing was stopped")
    if any(tally.act.kind != "name" for tally in stopped) and recorded.packets == 0:
        found.append("packets were stopped, and the gateway has recorded none")
    if any(tally.act.kind == "name" for tally in stopped) and recorded.names == 0:
        found.append("names were blocked, and the gateway has recorded none")
    if page_ms is None:
        found.append("the owner's page does not answer")
    return found


def _fault(tally: Tally) -> str | None:
    if not tally.act.passes:
        return f"{tally.act.words}: got through {tally.wrong} times" if tally.wrong else None
    if tally.tried >= ENOUGH and tally.wrong > tally.tried * TOLERATED:
        return f"{tally.act.words}: failed {tally.wrong} of {tally.tried} times"
    return None


def excuse(act: Act, zone: str, answer: Mapping[str, Any], generation: int) -> str:
    """Why that act of a host of that zone is not judged any more; empty when it is.

    `answer` is the enforcer's to `site`, `generation` the policy with which the demo began."""
    if answer.get("generation") != generation:
        return "another policy was applied meanwhile"
    for allowance in answer.get("allowances", ()) if act.kind == "name" else ():
        meant = allowance.get("device", act.host) == act.host and allowance.get("zone", zone) == zone
        if meant and below(act.name, str(allowance.get("name"))):
            return f"a person allowed {allowance['name']} (allowance {allowance.get('id')})"
    return ""


def excused(tallies: Sequence[Tally]) -> list[str]:
    """Sentences for what somebody changed on purpose while the demo went on, and what came of it."""
    found = []
    for tally in tallies:
        if tally.excuse and (outcome := tally.unwanted - tally.wrong_before):
            happened = "failed" if tally.act.passes else "got through"
            found.append(f"{tally.act.words}: {happened} {outcome} times, because {tally.excuse}")
    return found
