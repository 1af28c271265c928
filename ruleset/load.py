"""Loading a site: parse, check, resolve. The one door through which site.yaml comes in.

May live here: the order of the three. May not: any of them.
"""

from dataclasses import dataclass
from datetime import datetime

from ruleset.check import check_site
from ruleset.context import Context
from ruleset.document import Document
from ruleset.parse import parse_site
from ruleset.problems import Problem, by_place, errors
from ruleset.resolve import resolve
from ruleset.resolved import ResolvedSite
from ruleset.salvage import about_what_is_left, salvage


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`resolved` is None when any problem is an error; warnings do not stop it. `document` knows where things stand."""

    resolved: ResolvedSite | None
    problems: list[Problem]
    document: Document


def load_site(data: bytes, file: str, now: datetime, *, applied_before: bool = False) -> LoadResult:
    """Reads a site file whole. Never raises for any input.

    `now` must carry a time zone. With `applied_before`, expired permits are only warned of: a policy that was good when
    it was applied must load again at every boot (the compiler leaves out what has expired).
    """
    parsed = parse_site(data, file)
    if parsed.site is None:
        return LoadResult(None, by_place(parsed.problems + _in_the_rest(parsed.document, now)), parsed.document)
    context = Context(parsed.site, now)
    problems = check_site(context, parsed.document, "warning" if applied_before else "error")
    if errors(problems):
        return LoadResult(None, by_place(problems), parsed.document)
    return LoadResult(resolve(parsed.site, parsed.document, now), by_place(problems), parsed.document)


def _in_the_rest(document: Document, now: datetime) -> list[Problem]:
    """Problems between the entries whose own shape is right."""
    rest = salvage(document) if isinstance(document.data, dict) else None
    if rest is None:
        return []
    site, left_out = rest
    return about_what_is_left(check_site(Context(site, now), document, "error"), left_out)
