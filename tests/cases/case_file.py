"""A case: one file that says in a sentence what shall hold, then shows it. README.md describes the format.

May live here: reading a case, answering it, writing it back with the answers. May not: anything about one feature.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

from ruleset.compile import compile_ruleset
from ruleset.live import Features, LiveState, Quarantined
from ruleset.load import LoadResult, load_site
from ruleset.packet import Facts, quarantine_facts
from ruleset.problems import Problem
from ruleset.render import render
from ruleset.resolved import ResolvedSite, host_network
from ruleset.tree import Ruleset
from tests.cases.questions import answer

FOLDER = Path(__file__).parent
NOW = "2026-06-01T12:00+09:00"
BLOCKS = ("chain", "set", "flowtable")
ANSWERED = ("problems", "warnings", *BLOCKS, "packets", "counters", "names")


@dataclass(frozen=True)
class Section:
    """`--- head` and the lines below it, up to the next head."""

    head: str
    lines: tuple[str, ...]

    @property
    def word(self) -> str:
        return self.head.split()[0]

    @property
    def rest(self) -> str:
        return self.head.partition(" ")[2]


@dataclass(frozen=True)
class Case:
    """One case file, read."""

    path: Path
    sentence: tuple[str, ...]
    sections: tuple[Section, ...]

    def first(self, word: str) -> Section | None:
        return next((s for s in self.sections if s.word == word), None)


@dataclass(frozen=True)
class SiteText:
    """The bytes of a site file, and for each of its lines the line of the case's own snippet (0: the base's)."""

    data: bytes
    origin: tuple[int, ...]


def read_case(path: Path) -> Case:
    """Reads a case file. AssertionError when it is not one."""
    heads = re.split(r"^--- (.+)\n", path.read_text(), flags=re.MULTILINE)
    sections = tuple(
        Section(head.strip(), tuple(body.rstrip("\n").split("\n")) if body.strip() else ())
        for head, body in zip(heads[1::2], heads[2::2], strict=True)
    )
    case = Case(path, tuple(heads[0].strip().split("\n")), sections)
    assert case.sentence[0], f"{path.name} has no sentence"
    assert case.first("site"), f"{path.name} has no site"
    unknown = {s.word for s in sections} - {"site", "now", "live", *ANSWERED}
    assert not unknown, f"{path.name}: unknown sections {unknown}"
    return case


def site_text(case: Case) -> SiteText:
    """The whole site file: the base with the snippet's blocks merged in."""
    section = case.first("site")
    assert section is not None
    words = section.rest.split()
    if "alone" in words:
        text = "\n".join([*section.lines, ""])
        numbers = tuple(range(1, len(section.lines) + 1))
        data = text.encode()
        return SiteText(re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), data), numbers)
    base = (FOLDER / "bases" / f"{words[-1]}.yaml").read_text().rstrip("\n").split("\n")
    merged = list(_merge(_blocks([(0, line) for line in base]), _blocks(list(enumerate(section.lines, 1)))))
    return SiteText("".join(f"{line}\n" for _, line in merged).encode(), tuple(number for number, _ in merged))


Line = tuple[int, str]


def _blocks(lines: list[Line], indent: int = 0) -> dict[str, list[Line]]:
    """Lines by the key they stand under at that indentation; comments and blank lines go with what follows."""
    found: dict[str, list[Line]] = {}
    waiting: list[Line] = []
    key = ""
    for number, line in lines:
        match = re.match(rf" {{{indent}}}(\S[^:]*):", line)
        if match and match[1] not in found:
            key = match[1]
            found[key], waiting = waiting, []
        if not line.strip() or line.strip().startswith("#"):
            waiting.append((number, line))
        elif key:
            found[key].append((number, line))
        else:
            waiting.append((number, line))
    if waiting:
        found[f"#{key}"] = waiting
    return found


def _merge(base: dict[str, list[Line]], own: dict[str, list[Line]]) -> Iterator[Line]:
    """A key of both that is a block in both is merged entry by entry; any other key of the case replaces the base's."""
    for key, lines in base.items():
        if key not in own:
            yield from lines
        elif _is_block(lines) and _is_block(own[key]):
            yield own[key][0]
            kept = _blocks(lines[1:], 2)
            mine = _blocks(own[key][1:], 2)
            for name, entry in kept.items():
                yield from () if name in mine else entry
            yield from own[key][1:]
        else:
            yield from own[key]
    for key, lines in own.items():
        if key not in base:
            yield from lines


def _is_block(lines: list[Line]) -> bool:
    return lines[0][1].rstrip().endswith(":")


@dataclass(frozen=True)
class Answered:
    """What the product makes of a case."""

    now: datetime
    loaded: LoadResult
    live: LiveState
    facts: Facts
    ruleset: Ruleset | None
    nft: str


def work_out(case: Case) -> Answered:
    """Loads, compiles and renders the case's site."""
    when = case.first("now")
    now = datetime.fromisoformat(when.rest if when else NOW).astimezone(UTC)
    words = case.first("site").rest.split()  # type: ignore[union-attr]
    loaded = load_site(site_text(case).data, "site.yaml", now, applied_before="applied" in words)
    if loaded.resolved is None:
        return Answered(now, loaded, LiveState(), Facts(), None, "")
    live, facts = _live(case, loaded.resolved, now)
    ruleset = compile_ruleset(loaded.resolved, live, now)
    return Answered(now, loaded, live, facts, ruleset, render(ruleset))


def _live(case: Case, resolved: ResolvedSite, now: datetime) -> tuple[LiveState, Facts]:
    """`quarantine DEVICE`, `feed NETWORK`, `doh NETWORK`, `pin DEVICE ADDRESS`, `offload`."""
    section = case.first("live")
    lines = [line.split() for line in section.lines] if section else []
    isolated = [resolved.host(words[1]) for words in lines if words[0] == "quarantine"]
    interfaces = [s.ifname for s in resolved.segments] + [o.ifname for o in resolved.outsides]
    live = LiveState(
        tuple(Quarantined(h.name, h.mac, tuple(map(str, h.addresses)), "case", "case", now) for h in isolated if h),
        Features(True, tuple(interfaces)) if ["offload"] in lines else Features(),
    )
    facts = quarantine_facts(live)
    for words in lines:
        if words[0] in ("feed", "doh"):
            network = ip_network(words[1])
            facts = facts.with_elements(f"{words[0]}{network.version}", [(network,)])
        if words[0] == "pin":
            learned = ip_network(words[2])
            client = next(a for a in resolved.host(words[1]).addresses if a.version == learned.version)  # type: ignore[union-attr]
            facts = facts.with_elements(f"pin{learned.version}", [(host_network(client), learned)])
    return live, facts


def rewritten(case: Case, answered: Answered) -> str:
    """The case file as it would be if all its answers were right; equal to the file when they are."""
    problems = [_problem(p, site_text(case).origin) for p in answered.loaded.problems]
    sections = []
    for section in case.sections:
        if section.word in ("problems", "warnings"):
            continue
        if section.word not in ANSWERED:
            sections.append(section)
            if section.word == "site" and problems:
                kind = "problems" if answered.ruleset is None else "warnings"
                sections.append(Section(kind, tuple(problems)))
        elif answered.ruleset is not None:
            sections.append(Section(section.head, tuple(_answers(section, answered))))
    parts = ["\n".join(case.sentence), *("\n".join([f"--- {s.head}", *s.lines]) for s in sections)]
    return "\n\n".join(parts) + "\n"


def _answers(section: Section, answered: Answered) -> Iterator[str]:
    assert answered.ruleset is not None and answered.loaded.resolved is not None
    if section.word in BLOCKS:
        yield from block_lines(answered.nft, section.head)
    elif section.word == "counters":
        yield from answered.ruleset.counters
    elif section.word == "names":
        for names in answered.loaded.resolved.video_names:
            clients = " ".join(map(str, names.clients)) or "everybody"
            yield f"{names.grant} zone {names.zone}, {clients}: {' '.join(names.domains)}"
    else:
        for line in section.lines:
            question = line.partition(" = ")[0].strip()
            blank = not question or question.startswith("#")
            yield line if blank else f"{question} = {_fate(question, answered)}"


def _fate(question: str, answered: Answered) -> str:
    assert answered.ruleset is not None and answered.loaded.resolved is not None
    return answer(question, answered.ruleset, answered.loaded.resolved, answered.facts)


def block_lines(nft: str, head: str) -> list[str]:
    """The lines of one `chain NAME`, `set NAME` or `flowtable NAME` of the rendered text; what is not there says so."""
    bodies = re.findall(rf"^\t{re.escape(head)} {{\n((?:\t\t.*\n)*)\t}}$", nft, re.MULTILINE)
    return [line.strip() for body in bodies for line in body.splitlines()] if bodies else ["(there is none)"]


def _problem(problem: Problem, origin: tuple[int, ...]) -> str:
    """The line people read, with the line number of the case's own snippet in place of the whole file's."""
    _, line, column, rest = problem.line().split(":", 3)
    number = origin[int(line) - 1] if int(line) <= len(origin) else int(line)
    return f"{f'{number}' if number else f'base {line}'}:{column}:{rest}"
