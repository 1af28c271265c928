"""What was refused by name, as lines for a technician's terminal or a printed report.

May live here: those lines, escaped. May not: reading the store (report_names.py), colours, other languages.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from gateway.events import Label
from gateway.report_names import BlockedName, Names
from ruleset.problems import printable

Labels = Mapping[tuple[str, str], Label]


def names_lines(names: Names, labels: Labels, zone: tzinfo) -> list[str]:
    """The days of `names`, each refused name with list, reason, who asked; times in `zone`."""
    share = f", {names.share:.1f} %" if names.share is not None else ""
    asked = f"{names.asked} questions in {len(names.days)} days, "
    if names.blocked and not names.counted:
        asked, share = "", "; how many were asked in all is counted once a minute"
    lines = [f"{asked}{names.blocked} refused{share}"]
    if names.latency:
        lines.append(", ".join(f"within {ms} ms {names.within(ms)} %" for ms in (1, 5, 20, 100, 1000)))
    lines += [
        f"  {day.day}  {day.asked:>9} asked  {day.blocked:>7} refused" for day in names.days if asked and day.asked
    ]
    for one in names.names:
        lines += _name(one, labels, zone)
    if names.unlisted:
        lines.append(f"and {names.unlisted} refused that are counted, but not listed by name")
    lines += [f"list {hit.list} names {hit.name}, which is protected: answered ({hit.count})" for hit in names.hits]
    return [printable(line, 500) for line in lines]


def _name(one: BlockedName, labels: Labels, zone: tzinfo) -> Iterable[str]:
    last = datetime.fromtimestamp(one.last_seen, zone).isoformat(" ", "minutes")
    by = f"list {one.list}" if one.list else "the site"
    times = f"{one.count} times ({one.today} today), last {last}"
    yield f"{one.name}: {times}: {one.reason} by {by}, entry {one.rule or '-'}"
    asked = [f"{asker.source or asker.zone or 'nobody known'} {asker.count}" for asker in one.askers]
    named = [labels[key].label for asker in one.askers if (key := ("device", asker.source)) in labels]
    yield f"  by {', '.join(asked)}" + (f" ({', '.join(named)})" if named else "")
