"""A row of the benchmark table, and the table. Nothing is measured here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`figure` against `goal`; `detail` holds the absolute numbers, which say something of this machine only."""

    what: str
    figure: float
    unit: str
    goal: float
    at_least: bool
    detail: str

    @property
    def met(self) -> bool:
        return self.figure >= self.goal if self.at_least else self.figure <= self.goal


def table(rows: list[Row]) -> str:
    """Markdown, so that it can stand in the README as it is."""
    lines = ["| what | measured | goal | | on this machine |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        goal = f"{'at least' if row.at_least else 'at most'} {row.goal:g}{row.unit}"
        lines.append(
            f"| {row.what} | {row.figure:.3g}{row.unit} | {goal} | {'met' if row.met else 'MISSED'} | {row.detail} |"
        )
    return "\n".join(lines)
