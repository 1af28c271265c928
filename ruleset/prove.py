"""The proof: what the site wants, what the compiled ruleset does and what real packets saw, side by side.

May live here: asking, comparing, the report as a value and as text. May not: the choice of questions
(prove_questions.py), the reading of the site (prove_wanted.py), the page (prove_html.py), sending packets (the lab).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ruleset.evaluate import evaluate
from ruleset.packet import NOTHING_KNOWN, Facts, Outcome
from ruleset.problems import printable
from ruleset.prove_questions import Question, questions
from ruleset.prove_wanted import Wanted, wanted
from ruleset.resolved import GATEWAY, INTERNET, Grant, ResolvedSite, host_network
from ruleset.tree import Ruleset

Extent = Literal["all", "some", "none", "same"]
SYMBOLS: Mapping[Extent, str] = {"all": "#", "some": "+", "none": ".", "same": "="}
MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One question with its answers; `seen` is None where no packet was sent. `rule_id` decided the computed one."""

    question: Question
    wanted: Wanted
    computed: Wanted
    rule_id: str
    seen: Wanted | None = None

    @property
    def differs(self) -> bool:
        """Whether two of the columns contradict each other."""
        return self.wanted != self.computed or not _compatible(self.computed, self.seen)

    def line(self) -> str:
        """One line for people."""
        question = self.question
        ends = " -> ".join(_end(*end) for end in _ends(question))
        seen = self.seen or "not sent"
        return f"{ends} {question.wire}: wanted {self.wanted}, computed {self.computed}, seen {seen} [{self.rule_id}]"

    def as_dict(self) -> dict[str, Any]:
        """The same for machines."""
        question = self.question
        return {
            "id": question.id,
            "from": question.source,
            "to": question.target,
            "from_host": question.source_host,
            "to_host": question.target_host,
            "source": str(question.packet.src),
            "destination": str(question.packet.dst),
            "family": question.packet.family,
            "traffic": question.wire,
            "learned": question.learned,
            "wanted": self.wanted,
            "computed": self.computed,
            "seen": self.seen,
            "rule": self.rule_id,
            "differs": self.differs,
        }


def _compatible(computed: Wanted, seen: Wanted | None) -> bool:
    """A client cannot always tell who answered: `pass` was seen where the gateway answered in another's name."""
    return seen is None or seen == computed or (computed, seen) == ("redirect", "pass")


def _ends(question: Question) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    packet = question.packet
    source = (question.source, question.source_host, str(packet.src))
    return source, (question.target, question.target_host, str(packet.dst))


def _end(zone: str, host: str, address: str) -> str:
    return f"{zone}/{host} ({address})" if host else f"{zone} ({address})"


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of the matrix: what the site allows between two sides, and what the proof found there.

    A service with `*` is only for some devices or addresses."""

    source: str
    target: str
    extent: Extent
    services: tuple[str, ...]
    asked: int
    sent: int
    differences: int


@dataclass(frozen=True, slots=True)
class Report:
    """The whole proof. `label` is the clinic's name, as written by people: escape it. `drift`: sentences on how
    what is loaded differs from what was computed here, whether or not a packet met it."""

    label: str
    made: datetime
    rows: tuple[Row, ...]
    cells: tuple[Cell, ...]
    drift: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts the site."""
        return not self.differences and not self.drift

    @property
    def differences(self) -> tuple[Row, ...]:
        """Rows in which two columns contradict each other."""
        return tuple(row for row in self.rows if row.differs)

    @property
    def sent(self) -> int:
        """How many questions were also asked with a real packet."""
        return sum(row.seen is not None for row in self.rows)

    def cell(self, source: str, target: str) -> Cell:
        """The field of a pair. KeyError when there is none."""
        for cell in self.cells:
            if (cell.source, cell.target) == (source, target):
                return cell
        raise KeyError(f"no field {source} -> {target}")

    def summary(self) -> str:
        """One sentence with the figures."""
        live = f"{self.sent} of them sent as real packets" if self.sent else "no packets sent"
        drift = "; what is loaded is not what was computed" if self.drift else ""
        return f"{len(self.rows)} questions, {live}: {_count(len(self.differences))}{drift}"

    def text(self) -> str:
        """Summary, differences and the matrix, for a terminal."""
        lines = [f"Proof for {printable(self.label)}, {self.made.isoformat(timespec='seconds')}", self.summary(), ""]
        lines += [f"loaded: {printable(one)}" for one in self.drift]
        lines += [row.line() for row in self.differences[:MAX_SHOWN]]
        if len(self.differences) > MAX_SHOWN:
            lines.append(f"... and {len(self.differences) - MAX_SHOWN} more (all of them in the JSON report)")
        return "\n".join([*lines, *([] if self.holds else [""]), *_matrix(self.cells)]) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """Everything, for machines."""
        return {
            "clinic": self.label,
            "made": self.made.isoformat(),
            "questions": len(self.rows),
            "sent": self.sent,
            "drift": list(self.drift),
            "differences": [row.as_dict() for row in self.differences],
            "rows": [row.as_dict() for row in self.rows],
        }


def _count(differences: int) -> str:
    return {0: "no difference", 1: "1 difference"}.get(differences, f"{differences} differences")


def prove(
    resolved: ResolvedSite,
    ruleset: Ruleset,
    now: datetime,
    asked: list[Question] | None = None,
    seen: Mapping[str, Wanted] | None = None,
    facts: Facts = NOTHING_KNOWN,
    drift: tuple[str, ...] = (),
) -> Report:
    """Answers every question twice, and compares.

    `asked` defaults to all offline questions. `seen` maps question ids to what real packets did; ids that are not asked
    are ignored. `facts` are the known set elements; questions about learned addresses add their own pin. `drift`: as in
    the report."""
    rows = []
    for question in questions(resolved) if asked is None else asked:
        outcome = evaluate(ruleset, resolved, question.packet, _pinned(question, facts))
        rows.append(
            Row(
                question,
                wanted(resolved, question.packet, now, learned=question.learned),
                _computed(resolved, question, outcome),
                outcome.rule_id,
                (seen or {}).get(question.id),
            )
        )
    return Report(resolved.site.clinic.label, now, tuple(rows), tuple(_cells(resolved, rows, now)), drift)


def _computed(resolved: ResolvedSite, question: Question, outcome: Outcome) -> Wanted:
    if not outcome.passed:
        return "refuse"
    moved = outcome.translated is not None and not resolved.is_gateway(question.packet.dst)
    return "redirect" if moved and outcome.oif == "" else "pass"


def _pinned(question: Question, facts: Facts) -> Facts:
    if not question.learned:
        return facts
    packet = question.packet
    pin = (host_network(packet.src), host_network(packet.dst))
    return facts.with_elements(f"pin{packet.family}", [pin])


def _cells(resolved: ResolvedSite, rows: list[Row], now: datetime) -> list[Cell]:
    by_pair: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_pair.setdefault((row.question.source, row.question.target), []).append(row)
    zones = [segment.name for segment in resolved.segments]
    cells = []
    for source in (*zones, INTERNET):
        for target in (*zones, INTERNET, GATEWAY):
            here = by_pair.get((source, target), [])
            extent, services = _allowed(resolved, source, target, now)
            sent = sum(row.seen is not None for row in here)
            cells.append(
                Cell(source, target, extent, services, len(here), sent, sum(row.differs for row in here)),
            )
    return cells


def _allowed(resolved: ResolvedSite, source: str, target: str, now: datetime) -> tuple[Extent, tuple[str, ...]]:
    if source == target:
        return "same", ()
    if source == INTERNET:
        return _forwarded(resolved, target, now)
    grants = [g for g in resolved.grants if (g.source.zone, g.target.zone) == (source, target)]
    grants = [g for g in grants if g.expires is None or g.expires > now]
    if not grants:
        return "none", ()
    whole = dict.fromkeys(name for grant in grants if _is_whole(grant) for name in _services(grant))
    narrow = dict.fromkeys(name for grant in grants for name in _services(grant) if name not in whole)
    return ("all" if whole else "some"), (*whole, *(f"{name}*" for name in narrow))


def _forwarded(resolved: ResolvedSite, target: str, now: datetime) -> tuple[Extent, tuple[str, ...]]:
    hosts = {host.name: host.zone for host in resolved.hosts}
    into = [f for f in resolved.forwards if hosts.get(f.host) == target and f.expires > now]
    services = tuple(f"{f.protocol} {f.port}*" for f in into)
    return ("some" if services else "none"), services


def _services(grant: Grant) -> tuple[str, ...]:
    if grant.services:
        return grant.services
    return tuple(f"{t.protocol} {ports}" for t in grant.traffic for ports in t.ports)


def _is_whole(grant: Grant) -> bool:
    return not (grant.source.networks or grant.target.networks or grant.target.learned)


def _matrix(cells: tuple[Cell, ...]) -> list[str]:
    sources = list(dict.fromkeys(cell.source for cell in cells))
    targets = list(dict.fromkeys(cell.target for cell in cells))
    width = max(len(name) for name in targets)
    fields = {(cell.source, cell.target): cell for cell in cells}
    lines = [" " * (width + 2) + " ".join(target.rjust(width) for target in targets)]
    for source in sources:
        marks = [_mark(fields[source, target]).rjust(width) for target in targets]
        lines.append(f"{source.ljust(width)}  " + " ".join(marks))
    return [
        *lines,
        "",
        "# zone to zone   + some devices or addresses   . nothing   = same zone, not observable   ! differs",
    ]


def _mark(cell: Cell) -> str:
    return SYMBOLS[cell.extent] + ("!" if cell.differences else "")
