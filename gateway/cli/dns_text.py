"""What the resolver and the enforcer tell about names, as text for a terminal.

Everything from outside (names, lines of lists, reasons people typed) is escaped here.

May live here: values to sentences. May not: asking anybody, deciding.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from gateway.cli.status_text import allowance_line
from ruleset.context import zone_info
from ruleset.problems import printable

WHY = {
    "not_listed": "no rule is about it",
    "listed": "list {list} names it",
    "listed_link": "it leads to a name on list {list}",
    "denied": "the site's own `deny` names it ({rule})",
    "denied_link": "it leads to a name in the site's own `deny` ({rule})",
    "excepted": "an exception of list {list} lets it through",
    "allowed": "the site's own `allow` or `only` names it ({rule})",
    "not_allowed": "here nothing is answered but what the site's `only` names",
    "encrypted_dns": "it is a public resolver for encrypted DNS, a way around this filter ({rule})",
    "granted": "a person allowed it for a while ({rule})",
    "safe_search": "it is answered with the search engine's safe variant {rule}",
    "closed": "it is of a closed network ({rule}): asked there alone, never filtered",
    "rebinding": "its answer points into the clinic, which a public name must not",
    "protected": "{rule} is protected, so that no list may block it",
    "canary": "software asks for it to find out whether it may go around this resolver: it may not",
    "local_name": "it is one of the clinic's own names",
    "special_use": "it is a name that never leaves the site",
    "unknown_client": "the asking address belongs to no zone",
}
ANSWERED = {"nxdomain": "NXDOMAIN", "nodata": "no record", "null": "a null address", "page": "the block page's address"}
# Why an allowance would not help, where it is not plain that nothing is blocked.
NO_HELP = frozenset({"rebinding", "canary", "local_name", "special_use", "unknown_client", "encrypted_dns"})


def why(verdict: dict[str, Any]) -> str:
    """The reason of a verdict as half a sentence."""
    words = WHY.get(str(verdict.get("reason")), f"of the reason {verdict.get('reason')}")
    return printable(words.format(list=verdict.get("list", ""), rule=verdict.get("rule", "")))


def headline(verdict: dict[str, Any] | None) -> str:
    """What becomes of the question, and why."""
    if verdict is None:
        return "NOT TAKEN: this resolver does not answer questions of that type."
    action = str(verdict.get("action"))
    if verdict.get("blocks"):
        state = f"BLOCKED, answered with {ANSWERED.get(action, printable(action))}"
    elif action == "forward":
        state = "PASSES THE FILTER"
    elif action == "refused":
        state = "REFUSED"
    else:
        state = "ANSWERED HERE"
    return f"{state}: {why(verdict)}."


def explain_text(told: dict[str, Any], line: str = "") -> str:
    """The answer of `explain`; `line` is the text of the list's line, when it could be read."""
    return "\n".join(_explain_lines(told, line))


def _explain_lines(told: dict[str, Any], line: str) -> Iterator[str]:
    verdict = told.get("verdict", {})
    yield f"{_asked(told)}, {_at(told)}"
    yield from _not_asked(told)
    if undecided := told.get("undecided"):
        names = printable(", ".join(map(str, undecided)), 500)
        yield f"UNDECIDED: list {names} could not be read; without it: {why(verdict)}."
    else:
        yield headline(verdict)
    if verdict.get("list"):
        file = f" ({_safe(told, 'file')})" if told.get("file") else ""
        yield f"  list {_safe(verdict, 'list')}{file}, line {verdict.get('line')}, rule {_safe(verdict, 'rule')}"
    if line:
        yield f"  that line now reads: {printable(line, 200)}"
    yield "What was looked at, in this order:"
    yield from (f"  {_safe(step, 'step'):<14} {_safe(step, 'text')}" for step in told.get("steps", []))
    if told.get("also"):
        yield "What else is about it, and did not get its turn:"
        yield from (f"  {_safe(one, 'step'):<14} {_safe(one, 'text')}" for one in told["also"])
    yield f"Protected: {_safe(told, 'protected') or 'no'}. Safe search: {'on' if told.get('safe_search') else 'off'}."
    yield from (f"List not read: {printable(str(one))}" for one in told.get("missing", []))
    rows = told.get("allowances", [])
    yield "Allowed for a while here:" if rows else "Allowed for a while here: nothing."
    yield from (f"  {allowance_line(row, _zone(told))}" for row in rows)
    yield from _ways(told, verdict)


def _ways(told: dict[str, Any], verdict: dict[str, Any]) -> Iterator[str]:
    """What would let it through."""
    name = _safe(told, "name")
    if verdict.get("may_allow"):
        yield f"To allow it: clinicgate dns allow {name} --for 1h {_aim(told)} --reason '...'"
        yield f"  or for good, in the site file: {_for_good(name, told, verdict)}"
    elif verdict.get("reason") in NO_HELP:
        yield "Nobody can allow it for a while."
    elif verdict.get("reason") == "not_listed":
        yield f"What it leads to counts too: `clinicgate dns test {name} --from {_safe(told, 'from')}` asks."


def _for_good(name: str, told: dict[str, Any], verdict: dict[str, Any]) -> str:
    """What to write: a name of `deny` may not stand in `allow` too, and `only` alone widens an `only`."""
    place = f"dns.zones.{_safe(told, 'zone')}"
    reason = verdict.get("reason")
    if reason in ("denied", "denied_link"):
        return f"take {_safe(verdict, 'rule')} out of `deny` of {place} (or of its device or hours, if it stands there)"
    if reason == "not_allowed":
        return f"add {name} to `only` of {place} (or of its device or hours, if it stands there)"
    return f"add {name} to `allow` of {place}"


def _not_asked(told: dict[str, Any]) -> Iterator[str]:
    """The warning that this asker's questions never arrive."""
    if told.get("not_asked"):
        yield f"{printable(str(told['not_asked']), 500)} What it would get:"


def answer_text(told: dict[str, Any]) -> str:
    """The answer of `ask`."""
    took = f"{float(told.get('milliseconds', 0)):.1f} ms"
    where = "from the cache" if told.get("from_cache") else "not from the cache"
    lines = [*_not_asked(told), f"{_asked(told)}: {_safe(told, 'rcode')} after {took}, {where}"]
    lines += [f"  {printable(str(one))}" for one in told.get("answers", [])]
    for error in told.get("errors", []):
        lines.append(f"  extended error {error.get('code')} (RFC 8914) {_safe(error, 'text')}".rstrip())
    lines.append(headline(told.get("verdict")))
    verdict = told.get("verdict") or {}
    if verdict.get("list"):
        lines.append(f"  list {_safe(verdict, 'list')}, line {verdict.get('line')}, rule {_safe(verdict, 'rule')}")
    if verdict.get("may_allow"):
        lines += _ways(told, verdict)
    return "\n".join(lines)


def _asked(told: dict[str, Any]) -> str:
    zone = f"zone {_safe(told, 'zone')}" if told.get("zone") else "no zone"
    kind, who = told.get("kind"), _safe(told, "from")
    asker = {"zone": f"anybody in {zone}", "address": f"{who} ({zone})"}.get(
        str(kind), f"{who} ({_safe(told, 'client')}, {zone})"
    )
    return f"{_safe(told, 'name')} {_safe(told, 'type')}, asked by {asker}"


def _aim(told: dict[str, Any]) -> str:
    return f"--device {_safe(told, 'from')}" if told.get("kind") == "device" else f"--zone {_safe(told, 'zone')}"


def _at(told: dict[str, Any]) -> str:
    """The moment in the clinic's time, with the schedules that are on."""
    on = ", ".join(printable(str(name)) for name in told.get("schedules", [])) or "none"
    return f"{datetime.fromtimestamp(float(told.get('at', 0)), _zone(told)):%a %Y-%m-%d %H:%M %Z}; schedules on: {on}"


def _zone(told: dict[str, Any]) -> tzinfo:
    """The clinic's time zone as it was told."""
    return zone_info(str(told.get("timezone"))) or UTC


def _safe(values: dict[str, Any], key: str) -> str:
    return printable(str(values.get(key, "")))
