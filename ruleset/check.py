"""Checks between the objects of a site: the table of contents.

May live here: the order of the checks and the collector they share. May not: the checks themselves (check_network.py,
check_policy.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from ruleset.context import Context
from ruleset.document import Document, Path
from ruleset.problems import Problem, Severity


@dataclass
class Checks:
    """What the checks see, and where they leave their findings."""

    context: Context
    document: Document
    expired_is: Severity = "error"
    problems: list[Problem] = field(default_factory=list)

    def error(self, path: Path, code: str, what: str, hint: str = "") -> None:
        """An error at the value of `path`."""
        self.problems.append(Problem(self.document.file, self.document.value_place(path), code, what, hint))

    def warn(self, path: Path, code: str, what: str, hint: str = "") -> None:
        """A warning at the value of `path`."""
        mark = self.document.value_place(path)
        self.problems.append(Problem(self.document.file, mark, code, what, hint, "warning"))

    def expiry(self, path: Path, expires: date) -> None:
        """Something that ended: an error when written, only a warning when an applied site is loaded again."""
        if self.context.expired(expires):
            mark = self.document.value_place((*path, "expires"))
            what = f"{path[-1]}: expired on {expires.isoformat()}"
            hint = "ask its owner whether it is still needed; then give a new day or delete it"
            self.problems.append(Problem(self.document.file, mark, "expired", what, hint, self.expired_is))


def known(checks: Checks, path: Path, names: Iterable[str], there: Iterable[str], what: str) -> None:
    """An error for each of `names` (a list at `path`) that is not `there`."""
    words = sorted(there)
    for index, name in enumerate(names):
        if name not in words:
            hint = "known: " + ", ".join(words) if words else f"declare a {what} first"
            checks.error((*path, index), "dangling", f"there is no {what} {name!r}", hint)


def check_site(context: Context, document: Document, expired_is: Severity) -> list[Problem]:
    """Every problem between the objects of a site that is well-formed by itself."""
    from ruleset.check_network import check_network
    from ruleset.check_policy import check_policy

    checks = Checks(context, document, expired_is)
    check_network(checks)
    check_policy(checks)
    return checks.problems
