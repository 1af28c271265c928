"""The enforcer's `status`, `generations` and `quarantine list` as text for a terminal.

May live here: values to sentences. May not: asking the enforcer, deciding what is wrong.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ruleset.problems import printable


def status_text(answer: dict[str, Any]) -> str:
    """What is loaded, what waits, what was changed by hand, what this kernel has, who is isolated, what went wrong."""
    return "\n".join(_status_lines(answer))


def _status_lines(answer: dict[str, Any]) -> Iterator[str]:
    number, state = answer.get("generation"), answer.get("state")
    if state == "closed":
        yield "No policy is applied: the gateway forwards nothing. `clinicgate apply SITE` begins."
    else:
        yield f"Generation {number} is loaded ({state})."
    yield _waiting(answer.get("pending"))
    yield from _listed("Changed by hand since it was loaded", answer.get("drift", []))
    if answer.get("drift"):
        same = f", or `clinicgate rollback {number}` for this very generation" if state == "confirmed" else ""
        yield f"  To have the whole policy again: `clinicgate apply SITE`{same}."
    yield from _listed("Tables of other programs", answer.get("other_tables", []), quiet=True)
    yield from _kernel(answer.get("features", {}))
    yield from _listed("Isolated", [isolated_line(row) for row in answer.get("quarantine", [])], none="nobody")
    yield from _listed("Names allowed for a while", [allowance_line(row) for row in answer.get("allowances", [])])
    ended = [f"{row.get('id')} since {moment(row.get('ended', 0))}" for row in answer.get("ended", [])]
    yield from _listed("Ended, so left out (remove it from the site file, or renew it)", ended, quiet=True)
    feeds = [f"{name}: {about.get('entries')} entries" for name, about in answer.get("feeds", {}).items()]
    yield from _listed("Feeds", feeds)
    yield f"Pinned addresses: {answer.get('pins', 0)}"
    yield from _listed("Troubles", [f"{moment(row['at'])} {row['what']}" for row in answer.get("errors", [])])


def _waiting(pending: dict[str, Any] | None) -> str:
    if not pending:
        return "Nothing waits for a confirm."
    left = float(pending.get("seconds_left", 0))
    who = printable(str(pending.get("actor", "?")))
    return f"Generation {pending.get('generation')} waits {left:.0f} s more for a confirm by {who}."


def _kernel(features: dict[str, Any]) -> Iterator[str]:
    there = [name.replace("_", " ") for name, has in features.items() if has]
    absent = [name.replace("_", " ") for name, has in features.items() if not has]
    yield f"This kernel has: {', '.join(there) or 'nothing special'}" + (
        f"; it has not: {', '.join(absent)}." if absent else "."
    )


def _listed(title: str, rows: list[str], *, none: str = "nothing", quiet: bool = False) -> Iterator[str]:
    if not rows and quiet:
        return
    yield f"{title}:" if rows else f"{title}: {none}."
    for row in rows:
        yield f"  - {printable(str(row))}"


def isolated_line(row: dict[str, Any]) -> str:
    """One isolated device."""
    name = row.get("device") or row.get("mac") or ", ".join(row.get("addresses", []))
    since = str(row.get("since", ""))[:16].replace("T", " ")
    return printable(f"{name} since {since} UTC, by {row.get('actor')}: {row.get('reason')}")


def allowance_line(row: dict[str, Any]) -> str:
    """One name that a person allowed for a while, with its number when it has one."""
    device, zone = row.get("device"), row.get("zone")
    whom = f"device {device}" if device else f"zone {zone}" if zone else "every zone"
    number = f"{row['id']}  " if row.get("id") else ""
    until = moment(float(row.get("until", 0)))
    return printable(f"{number}{row.get('name')} for {whom} until {until}, by {row.get('actor')}: {row.get('reason')}")


def generation_lines(answer: dict[str, Any]) -> Iterator[str]:
    """One line a generation, the newest first."""
    for row in answer.get("generations", []):
        mark = "*" if row.get("number") == answer.get("loaded") else " "
        what = printable(
            f"{row.get('state', ''):<10} {row.get('actor', ''):<16} {(row.get('summary') or ' ').splitlines()[0]}", 110
        )
        yield f"{mark}{row.get('number'):>5}  {moment(row.get('at', 0))}  {what}"
        if row.get("note"):
            yield f"        {printable(str(row['note']))}"


def moment(epoch: float) -> str:
    """Seconds since 1970 as local time, with its zone."""
    return f"{datetime.fromtimestamp(float(epoch)).astimezone():%Y-%m-%d %H:%M:%S %Z}"
