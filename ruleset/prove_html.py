"""The proof as one printable page: the matrix as a picture, then the same in words.

May live here: HTML and SVG text from a Report. May not: anything that decides. The page loads nothing, and
every value in it is escaped: labels come from people, ids from the site file.

What a field means is never told by colour alone: each extent has its own mark and its own hatching, which survive black
and white print and colour-blind eyes; a difference has a thick frame and its own sign.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from ruleset.prove import MAX_SHOWN, Cell, Extent, Report, Row

CELL_W, CELL_H, LEFT, TOP = 96, 56, 120, 40
SERVICE_LINES, SERVICE_CHARS = 2, 14
MARKS: Mapping[Extent, str] = {"all": "●", "some": "◐", "none": "–", "same": "="}
WORDS: Mapping[Extent, str] = {
    "all": "the whole zone may, on the services named; with * only some devices or addresses",
    "some": "only some devices or addresses may",
    "none": "nothing is allowed",
    "same": "same zone: does not cross the gateway, not observable",
}
EXTENT_NAMES: Mapping[Extent, str] = {"all": "whole zone", "some": "some", "none": "nobody", "same": "same zone"}
STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #111; background: #fff; margin: 1.5rem; max-width: 90rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
.result { font-size: 1.1rem; font-weight: 600; border-left: .5rem solid #111; padding: .3rem .8rem; }
svg { width: 100%; height: auto; } svg text { font-family: inherit; fill: #111; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { border: 1px solid #777; padding: .2rem .45rem; text-align: left; vertical-align: top;
  overflow-wrap: break-word; }
th, td.figure { white-space: nowrap; } td.id { overflow-wrap: anywhere; }
tr { break-inside: avoid; } thead { display: table-header-group; }
.frame { overflow-x: auto; } .frame svg { min-width: 46rem; }
@page { size: A4 landscape; margin: 12mm; }
@media print { body { margin: 0; font-size: 11px; } .frame svg { min-width: 0; } }
"""
PATTERNS = """<defs>
<pattern id="some" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="8" height="8" fill="#fff"/><rect width="3" height="8" fill="#cfe2f3"/></pattern>
<pattern id="same" width="6" height="6" patternUnits="userSpaceOnUse">
<rect width="6" height="6" fill="#fff"/><circle cx="3" cy="3" r=".9" fill="#888"/></pattern>
</defs>"""
FILLS: Mapping[Extent, str] = {"all": "#cfe2f3", "some": "url(#some)", "none": "#fff", "same": "url(#same)"}


def html(report: Report) -> str:
    """The whole page, UTF-8 text."""
    label = escape(report.label)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Proof: {label}</title><style>{STYLE}</style></head><body>",
        f"<h1>Who may reach whom: {label}</h1>",
        f"<p>Made {_moment(report)}. Rows start connections, columns receive them.</p>",
        f'<p class="result">{_result(report)}</p>',
        f'<div class="frame">{_picture(report)}</div>',
        _legend(),
        _drift(report.drift),
        _differences(report.differences),
        _allowed(report.cells),
        _method(report),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _moment(report: Report) -> str:
    return escape(report.made.isoformat(sep=" ", timespec="minutes"))


def _result(report: Report) -> str:
    sign = "✓" if report.holds else "≠"
    return f"{sign} {escape(report.summary())}"


def _picture(report: Report) -> str:
    sources = list(dict.fromkeys(cell.source for cell in report.cells))
    targets = list(dict.fromkeys(cell.target for cell in report.cells))
    width, height = LEFT + CELL_W * len(targets) + 2, TOP + CELL_H * len(sources) + 2
    title = f"Matrix of {len(sources)} sources and {len(targets)} destinations"
    parts = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}" xmlns="http://www.w3.org/2000/svg">']
    parts.append(PATTERNS)
    for column, name in enumerate(targets):
        x = LEFT + CELL_W * column + CELL_W // 2
        parts.append(_text(x, TOP - 12, _short(name, 14), "middle", 13, bold=True))
    for row, name in enumerate(sources):
        parts.append(_text(LEFT - 8, TOP + CELL_H * row + CELL_H // 2 + 5, _short(name, 15), "end", 13, bold=True))
    fields = [_field(c, sources.index(c.source), targets.index(c.target)) for c in report.cells]
    frames = [f for c in report.cells if (f := _frame(c, sources.index(c.source), targets.index(c.target)))]
    return "\n".join([*parts, *fields, *frames, "</svg>"])


def _field(cell: Cell, row: int, column: int) -> str:
    x, y = LEFT + CELL_W * column, TOP + CELL_H * row
    services = ", ".join(cell.services) or WORDS[cell.extent]
    lines = [
        f"<g><title>{escape(cell.source)} to {escape(cell.target)}: {escape(services)}</title>",
        f'<rect x="{x}" y="{y}" width="{CELL_W}" height="{CELL_H}" fill="{FILLS[cell.extent]}" stroke="#777"/>',
        _text(x + CELL_W // 2, y + 16, MARKS[cell.extent], "middle", 14),
    ]
    for index, line in enumerate(_service_lines(cell.services)):
        lines.append(_text(x + CELL_W // 2, y + 32 + 13 * index, line, "middle", 11))
    return "".join([*lines, "</g>"])


def _frame(cell: Cell, row: int, column: int) -> str:
    if not cell.differences:
        return ""
    x, y = LEFT + CELL_W * column, TOP + CELL_H * row
    box = f'<rect x="{x + 2}" y="{y + 2}" width="{CELL_W - 4}" height="{CELL_H - 4}" fill="none" stroke="#111" '
    return f'{box}stroke-width="4"/>{_text(x + CELL_W - 14, y + 20, "≠", "middle", 18, bold=True)}'


def _service_lines(services: tuple[str, ...]) -> list[str]:
    """At most two lines of names, the last one says how many are left out."""
    lines: list[str] = []
    used = 0
    for name in services:
        joined = f"{lines[-1]} {name}" if lines else name
        if lines and len(joined) <= SERVICE_CHARS:
            lines[-1] = joined
        elif len(lines) < SERVICE_LINES:
            lines.append(_short(name, SERVICE_CHARS))
        else:
            break
        used += 1
    if used < len(services):
        more = f" +{len(services) - used}"
        lines[-1] = _short(lines[-1], SERVICE_CHARS - len(more)) + more
    return lines


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _text(x: int, y: int, text: str, anchor: str, size: int, *, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}"{weight}>{escape(text)}</text>'


CLASSES = {"rule": "id", "who": "figure", "questions": "figure", "sent": "figure", "differences": "figure"}


def _legend() -> str:
    items = "".join(f"<li>{MARKS[extent]} {escape(WORDS[extent])}</li>" for extent in MARKS)
    return f"<ul>{items}<li>≠ in a thick frame: two columns of the proof contradict each other</li></ul>"


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Columns are as wide as their longest word; only a rule's id, which has no words, may break anywhere."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    cells = [f'<td class="{CLASSES[name]}">' if name in CLASSES else "<td>" for name in head]
    body = "".join(
        "<tr>" + "".join(f"{cell}{escape(value)}</td>" for cell, value in zip(cells, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _drift(drift: tuple[str, ...]) -> str:
    if not drift:
        return ""
    items = "".join(f"<li>{escape(one)}</li>" for one in drift)
    return f"<h2>What is loaded is not what was computed</h2><ul>{items}</ul>"


def _differences(rows: tuple[Row, ...]) -> str:
    if not rows:
        return "<h2>Differences</h2><p>None: every question has the same answer in every column.</p>"
    head = ("from", "to", "traffic", "wanted", "computed", "seen", "rule")
    shown = [
        (_who(r, "source"), _who(r, "target"), r.question.wire, r.wanted, r.computed, r.seen or "not sent", r.rule_id)
        for r in rows[:MAX_SHOWN]
    ]
    more = f"<p>and {len(rows) - MAX_SHOWN} more</p>" if len(rows) > MAX_SHOWN else ""
    return f"<h2>Differences</h2>{_table(head, shown)}{more}"


def _who(row: Row, end: str) -> str:
    question = row.question
    if end == "source":
        return f"{question.source} {question.source_host} {question.packet.src}"
    return f"{question.target} {question.target_host} {question.packet.dst}"


def _allowed(cells: tuple[Cell, ...]) -> str:
    head = ("from", "to", "who", "services", "questions", "sent", "differences")
    rows = [
        (
            c.source,
            c.target,
            EXTENT_NAMES[c.extent],
            ", ".join(c.services),
            str(c.asked),
            str(c.sent),
            str(c.differences),
        )
        for c in cells
        if c.services or c.differences
    ]
    return f"<h2>What is allowed</h2>{_table(head, rows)}"


def _method(report: Report) -> str:
    sent = "Real packets were sent for some questions (column sent)." if report.sent else "No packets were sent."
    return (
        "<h2>How this was made</h2><p>Wanted: read from the site file and its packs. Computed: by evaluation of the "
        "compiled rules, packet by packet. Seen: what real packets did in the virtual clinic. "
        f"{sent} What stays inside one zone does not cross the gateway and is not observable. The proof covers the "
        "questions it asked and nothing else.</p>"
    )
