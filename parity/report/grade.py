"""What a grade says, as a line, as a row of a table and as a record; knows no engine and gives no grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

_HEADINGS = ("notebook", "class", "operators", "values", "gradients", "points", "mistakes")


@dataclass(frozen=True, slots=True)
class Grade:
    """One notebook's: what it has, how many programs had right values and right gradients, its mistakes by name."""

    notebook: str
    cls: str = ""
    #: The operators that count, and those of them that the class has.
    asked: tuple[str, ...] = ()
    supported: tuple[str, ...] = ()
    #: Right ones, and how many were compared.
    values: tuple[int, int] = (0, 0)
    gradients: tuple[int, int] = (0, 0)
    #: By number and name: those that count, then limits and others.
    mistakes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    points: float = 0.0
    #: Why it could not be graded, or what cut it short.
    error: str = ""
    seconds: float = 0.0

    @property
    def lacking(self) -> tuple[str, ...]:
        return tuple(op for op in self.asked if op not in self.supported)

    @property
    def flawless(self) -> bool:
        wrong = self.values[0] < self.values[1] or self.gradients[0] < self.gradients[1]
        return not (wrong or self.mistakes or self.error or self.lacking)

    def record(self) -> dict[str, Any]:
        return {"type": "grade", **asdict(self), "lacking": self.lacking}


def grades_text(grades: Sequence[Grade]) -> str:
    """A line for each notebook under their headings, as wide as its words."""
    rows = [_HEADINGS, *map(_cells, grades)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS) - 1)]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]).rstrip() for row in rows]
    return "\n".join(lines)


def grades_markdown(grades: Sequence[Grade]) -> str:
    rows = [_HEADINGS, ("---",) * len(_HEADINGS), *map(_cells, grades)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def _cells(grade: Grade) -> tuple[str, ...]:
    if not grade.cls:
        return grade.notebook, "-", "-", "-", "-", "0", grade.error
    operators = f"{len(grade.supported)} of {len(grade.asked)}"
    told = [*grade.mistakes]
    if grade.lacking:
        told.append(f"has no {', '.join(grade.lacking)}")
    if grade.error:
        told.append(grade.error)
    shares = (f"{right} of {whole}" for right, whole in (grade.values, grade.gradients))
    return grade.notebook, grade.cls, operators, *shares, f"{grade.points:.0f}", "; ".join(told) or "none"
