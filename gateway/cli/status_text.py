"""The enforcer's `status`, `generations` and `quarantine list` as text for a terminal.

May live here: values to sentences. May not: asking the enforcer, deciding what is wrong.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from ruleset.problems import printable


def status_text(answer: dict[str, Any], zone: tzinfo | None = None, troubles: Sequence[str] = ()) -> str:
    """What is loaded, what waits, what was changed by hand, what this kernel has, who is isolated, what went wrong.

    `troubles`: what others than the enforcer have to complain of. Times are of `zone`; None: this machine's."""
    return "\n".join(_status_lines(answer, zone, troubles))


def _status_lines(answer: dict[str, Any], zone: tzinfo | None, troubles: Sequence[str]) -> Iterator[str]:
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
    yield from _listed("Isolated", [isolated_line(row, zone) for row in answer.get("quarantine", [])], none="nobody")
    yield from _listed("Names allowed for a while", [allowance_line(row, zone) for row in answer.get("allowances", [])])
    ended = [f"{row.get('id')} since {moment(row.get('ended', 0), zone)}" for row in answer.get("ended", [])]
    yield from _listed("Ended, so left out (remove it from the site file, or renew it)", ended, quiet=True)
    feeds = [f"{name}: {about.get('entries')} entries" for name, about in answer.get("feeds", {}).items()]
    yield from _listed("Feeds", feeds)
    yield f"Pinned addresses: {answer.get('pins', 0)}"
    wrong = [f"{moment(row['at'], zone)} {row['what']}" for row in answer.get("errors", [])]
    yield from _listed("Troubles", [*wrong, *troubles])


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


def isolated_line(row: dict[str, Any], zone: tzinfo | None = None) -> str:
    """One isolated device."""
    name = row.get("device") or row.get("mac") or ", ".join(row.get("addresses", []))
    return printable(
        f"{name} since {_minute(str(row.get('since', '')), zone)}, by {row.get('actor')}: {row.get('reason')}"
    )


def allowance_line(row: dict[str, Any], zone: tzinfo | None = None) -> str:
    """One name that a person allowed for a while, with its number when it has one."""
    device, segment = row.get("device"), row.get("zone")
    whom = f"device {device}" if device else f"zone {segment}" if segment else "every zone"
    number = f"{row['id']}  " if row.get("id") else ""
    until = moment(float(row.get("until", 0)), zone)
    return printable(f"{number}{row.get('name')} for {whom} until {until}, by {row.get('actor')}: {row.get('reason')}")


def generation_lines(answer: dict[str, Any], zone: tzinfo | None = None) -> Iterator[str]:
    """One line a generation, the newest first."""
    for row in answer.get("generations", []):
        mark = "*" if row.get("number") == answer.get("loaded") else " "
        what = printable(
            f"{row.get('state', ''):<10} {row.get('actor', ''):<16} {(row.get('summary') or ' ').splitlines()[0]}", 110
        )
        yield f"{mark}{row.get('number'):>5}  {moment(row.get('at', 0), zone)}  {what}"
        if row.get("note"):
            yield f"        {printable(str(row['note']))}"


def moment(epoch: float, zone: tzinfo | None = None) -> str:
    """Seconds since 1970 as time of `zone` (None: this machine's), with its name."""
    return f"{datetime.fromtimestamp(float(epoch), UTC).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def _minute(text: str, zone: tzinfo | None) -> str:
    """A written moment, UTC unless it says otherwise, in `zone`; what is none as it is."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text[:16]
    return f"{(at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone):%Y-%m-%d %H:%M %Z}"
