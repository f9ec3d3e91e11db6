"""What a page says, from one report and others beside it: plain rows for its template; knows no markup but pictures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from parity.catalogue import CATALOGUE
from parity.emit.history import history_script
from parity.emit.script import script
from parity.errors import ProgramError
from parity.page.drawing import curve, graph
from parity.program import Program, decoded
from parity.report.cells import Key, checks_of, dtypes_of
from parity.report.cells import cells as all_cells
from parity.report.document import Cell, Finding, Report, Table
from parity.strategies.dtypes import KIND

#: Letter of each status of a cell, the worst first: a cell of the matrix has the worst of its checks.
LETTERS: Mapping[str, str] = {
    "crash": "C",
    "differs": "D",
    "flaky": "F",
    "known": "K",
    "unsupported": "U",
    "undecided": "?",
    "absent": "·",
    "passes": "P",
}
MEANINGS: Mapping[str, str] = {
    "crash": "ends the process",
    "differs": "differs from torch",
    "flaky": "differs now and then",
    "known": "differs, with a reason",
    "unsupported": "not there",
    "undecided": "no program was stable enough to judge",
    "absent": "not run",
    "passes": "passes",
}
CHECKS = ("value", "gradient", "second")
_RANK = {status: rank for rank, status in enumerate(LETTERS)}


@dataclass(frozen=True, slots=True)
class Square:
    """A cell of the matrix: an operator in one dtype, all checks together."""

    dtype: str
    status: str
    #: Deviations in percent of what is allowed, of values and of the worse of both derivatives.
    forward: int
    backward: int
    #: Of each check that there is: status, programs, deviation, reason, link, findings.
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Row:
    op: str
    orders: int
    #: A square or None by dtype.
    squares: Mapping[str, Square | None]
    counts: Mapping[str, int]
    condition: Markup


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    rows: tuple[Row, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with what is drawn and written of its program."""

    finding: Finding
    graph: Markup
    script: str

    @property
    def rule(self) -> str:
        return str(self.finding.failure.get("rule", ""))


def dtypes() -> list[str]:
    """The columns of the matrix."""
    used = {name for spec in CATALOGUE.values() for name in dtypes_of(spec)}
    return [name for name in KIND if name in used]


def families(report: Report) -> list[Family]:
    """The matrix, by family; every cell of the catalogue is in it, run or not."""
    cells = {cell.key: cell for cell in report.cells}
    listed = sorted(CATALOGUE.values(), key=lambda spec: (spec.family, spec.name))
    found = []
    for name, specs in groupby(listed, key=lambda spec: spec.family):
        rows = []
        for spec in specs:
            squares: dict[str, Square | None] = dict.fromkeys(dtypes())
            counts: Counter[str] = Counter()
            for dtype in dtypes_of(spec):
                keys = [Key(spec.name, dtype, check) for check in checks_of(spec, dtype)]
                there = {key.check: cells.get(key) or Cell(*key, status="undecided") for key in keys}
                counts.update(map(status_of, there.values()))
                squares[dtype] = _square(dtype, there)
            points = report.conditions.get(spec.name, ())
            picture = curve(
                points, "condition", "deviation, roundings", width=300, height=110, joined=False, logarithmic=True
            )
            rows.append(Row(spec.name, spec.orders, squares, ranked(counts), picture))
        whole = sum((Counter(row.counts) for row in rows), Counter[str]())
        found.append(Family(name, tuple(rows), ranked(whole)))
    return found


def status_of(cell: Cell) -> str:
    """The status of a cell, "absent" for one that no program met."""
    return cell.status if cell.programs else "absent"


def _square(dtype: str, cells: Mapping[str, Cell]) -> Square:
    # What was not run says nothing about what was.
    met = [status_of(cell) for cell in cells.values() if cell.programs] or ["absent"]
    backward = [cell.worst for check, cell in cells.items() if check != "value"]
    return Square(
        dtype=dtype,
        status=min(met, key=_RANK.__getitem__),
        forward=_percent(cells["value"].worst),
        backward=_percent(max(backward, default=0.0)),
        cells=cells,
    )


def _percent(worst: float) -> int:
    return 100 if not math.isfinite(worst) else min(100, round(100 * worst))


def findings(report: Report) -> list[Told]:
    """What was found, the most telling first: what fails before what is known, and what most programs showed."""
    order = sorted(report.findings, key=lambda f: (f.status == "known", f.status == "flaky", -f.programs, f.id))
    return [told(finding) for finding in order]


def told(finding: Finding) -> Told:
    """A finding's program drawn, and written as a script; neither where the program was lost or is none."""
    if finding.program is None:
        return Told(finding, Markup(""), "")
    try:
        program = decoded(finding.program, finding.id)
    except ProgramError:
        return Told(finding, Markup(""), "")
    return Told(finding, graph(program, {finding.op}), written(program, finding))


def written(program: Program, finding: Finding) -> str:
    title = f"{finding.check} of {finding.op}"
    return history_script(program, title=title) if program.history else script(program, title=title)


def heat(table: Table) -> tuple[list[tuple[str, list[tuple[str, int]]]], str]:
    """A table's rows, operators by family: of each level the count and how dark it is, 0 to 5; and a caption."""
    rows: dict[str, list[int | None]] = {}
    gathered: dict[str, list[Sequence[int | None]]] = {}
    for level, counts in zip(table.row_levels, table.counts):
        spec = CATALOGUE.get(level) if table.rows == "op" else None
        gathered.setdefault(spec.family if spec else level, []).append(counts)
    for name, lists in sorted(gathered.items()) if table.rows == "op" else gathered.items():
        rows[name] = [_total(column) for column in zip(*lists)]
    met = sum(bool(count) for counts in table.counts for count in counts)
    possible = sum(count is not None for counts in table.counts for count in counts)
    shown = [(name, [(_short(count), _darkness(count)) for count in counts]) for name, counts in rows.items()]
    return shown, f"{table.rows} × {table.columns}: {met} of {possible} pairs met"


def _total(counts: Iterable[int | None]) -> int | None:
    there = [count for count in counts if count is not None]
    return sum(there) if there else None


def _darkness(count: int | None) -> int:
    return 0 if not count else min(5, 1 + int(math.log10(count)))


def _short(count: int | None) -> str:
    return "" if count is None else str(count) if count < 10_000 else f"{count / 1000:.0f}k"


def matrix(report: Report) -> tuple[Table, ...]:
    """The tables of a campaign, or else how many programs each family saw in each dtype."""
    if report.matrix:
        return report.matrix
    columns = dtypes()
    programs: Counter[tuple[str, str]] = Counter()
    for cell in report.cells:
        if cell.check == "value":
            programs[cell.op, cell.dtype] += sum(cell.programs.values())
    accepted = {name: set(dtypes_of(spec)) for name, spec in CATALOGUE.items()}
    counts = tuple(tuple(programs[op, d] if d in accepted[op] else None for d in columns) for op in CATALOGUE)
    return (Table("op", "dtype", tuple(CATALOGUE), tuple(columns), counts),)


def engines(reports: Sequence[Report]) -> list[tuple[str, list[tuple[int, int]]]]:
    """Of each family, how many cells of it pass in each report, of how many."""
    there = set(all_cells())
    totals = Counter(CATALOGUE[key.op].family for key in there)
    passing = [
        Counter(CATALOGUE[cell.op].family for cell in report.cells if cell.status == "passes" and cell.key in there)
        for report in reports
    ]
    return [(family, [(count[family], totals[family]) for count in passing]) for family in sorted(totals)]


def trend(reports: Sequence[Report]) -> Markup:
    """The score of each report in the order in which they were made."""
    return curve(
        [(float(n), 100 * report.score) for n, report in enumerate(reports)], "reports, oldest first", "score, %"
    )


def throughput(report: Report) -> Markup:
    return curve(report.curves.get("throughput", ()), "seconds", "programs")


def growth(report: Report) -> Markup:
    return curve(report.curves.get("coverage", ()), "programs", "cells met" if not report.matrix else "pairs met")


def found_growth(report: Report) -> Markup:
    return curve(report.curves.get("findings", ()), "programs", "findings")


def ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts that are there, the best status first."""
    return {status: counts[status] for status in reversed(list(LETTERS)) if counts.get(status)}


def counted(cells: Iterable[Cell], total: int) -> dict[str, int]:
    """Cells by status, those that were not run among them."""
    counts: Counter[str] = Counter(cell.status for cell in cells)
    counts["absent"] = total - sum(counts.values())
    return ranked(counts)


def facts(report: Report) -> list[tuple[str, Any]]:
    """The lines of a report's head."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    rows: list[tuple[str, Any]] = [
        ("versions", versions),
        ("catalogue", f"{report.catalogue}: {report.cells_total} cells of {len(CATALOGUE)} operators"),
        ("run", f"profile {report.profile}, seed {report.seed}, {report.jobs} processes, {report.seconds:.0f} s"),
        ("made", report.created),
    ]
    return [*rows, *([("partial", report.partial)] if report.partial else [])]
