"""`parity-report.json`: a run as one JSON document with a version; written, and read with every field checked.

Documented in docs/report.md; `schema.json` beside this module is the same as a JSON Schema. Knows no engine.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from parity.errors import UsageError
from parity.reading import Reader
from parity.report.cells import Key, respect

FORMAT, VERSION = "parity-report", 1
SCHEMA = Path(__file__).with_name("schema.json")

CellStatus: TypeAlias = Literal["passes", "known", "differs", "flaky", "crash", "unsupported", "undecided"]
FindingStatus: TypeAlias = Literal["differs", "flaky", "crash", "known"]
#: Points of a curve: (x, y), by growing x.
Curve: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One operator in one dtype in one respect, and what all its programs came to."""

    op: str
    dtype: str
    check: str
    status: CellStatus
    #: Programs by what became of them: agrees, differs, known, undecided, unsupported.
    programs: Mapping[str, int] = field(default_factory=dict)
    #: The largest deviation of its programs, in units of what was allowed there; inf where no number says it.
    worst: float = 0.0
    #: Of what is known, flaky or unsupported: why.
    reason: str = ""
    #: Where that is discussed.
    link: str = ""
    #: Ids of the findings that its programs showed.
    findings: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return Key(self.op, self.dtype, self.check)


@dataclass(frozen=True, slots=True)
class Finding:
    """What differs, once for each culprit: the shrunken program and everything that is known about it."""

    id: str
    status: FindingStatus
    #: The culprit: an operator, a mechanism of the tape, or "program" where nobody is blamed.
    op: str
    #: The check of the first mismatch, as the comparison names it.
    check: str
    #: So many programs showed it, by their dtype; the dtype of the one that was shrunk comes first.
    dtypes: Mapping[str, int]
    #: Of the first of them: part of the run, and name.
    phase: str
    label: str
    #: `parity.report.record.failure_record`.
    failure: Mapping[str, Any]
    #: `Program.to_json`; read it with `parity.program.decoded`.
    program: Mapping[str, Any] | None
    #: The report for a person.
    text: str
    reason: str = ""
    link: str = ""

    @property
    def keys(self) -> tuple[Key, ...]:
        """The names under which a baseline knows it, a dtype each."""
        return tuple(Key(self.op, dtype, respect(self.check)) for dtype in self.dtypes)

    @property
    def programs(self) -> int:
        return sum(self.dtypes.values())


@dataclass(frozen=True, slots=True)
class Table:
    """How often the levels of two factors met, say operators and dtypes."""

    rows: str
    columns: str
    row_levels: tuple[str, ...]
    column_levels: tuple[str, ...]
    #: A row of numbers for each of `row_levels`; None where the two can never meet.
    counts: tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    target: str
    #: By name: of the engines, NumPy, Python.
    versions: Mapping[str, str]
    #: Of the list of cells, which is the score's denominator, and its length.
    catalogue: str
    cells_total: int
    #: UTC, ISO 8601.
    created: str
    profile: str
    seed: int
    jobs: int
    seconds: float
    #: Why it is no report about everything ("--ops", "interrupted", ...); empty if it is.
    partial: str = ""
    #: Programs by part of the run, and there by what became of them; "planned" is how many there were to be.
    phases: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    findings: tuple[Finding, ...] = ()
    #: Deviation against condition, both in roundings, by operator: of each decade of condition the worst.
    conditions: Mapping[str, Curve] = field(default_factory=dict)
    #: "throughput": programs by seconds; "coverage": cells or pairs by programs; "findings": findings by programs.
    curves: Mapping[str, Curve] = field(default_factory=dict)
    #: What programs exercised, two factors at a time.
    matrix: tuple[Table, ...] = ()
    #: An estimate of what was left undiscovered, in a sentence.
    undiscovered: str = ""
    #: Names of the operators at which the reference itself was inaccurate, with the number of programs.
    inaccurate_reference: Mapping[str, int] = field(default_factory=dict)
    #: Seconds, or ratios, of workloads; by name (`parity bench`).
    speed: Mapping[str, float] = field(default_factory=dict)

    @property
    def passing(self) -> int:
        return sum(cell.status == "passes" for cell in self.cells)

    @property
    def score(self) -> float:
        """The share of all cells of the catalogue that pass, whether they were run or not."""
        return self.passing / self.cells_total if self.cells_total else 0.0

    def to_json(self) -> dict[str, Any]:
        """The document; what has no value is left out of cells and findings, which are many."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "target": self.target,
            "versions": dict(self.versions),
            "catalogue": {"version": self.catalogue, "cells": self.cells_total},
            "score": {"passes": self.passing, "share": round(self.score, 6)},
            "created": self.created,
            "run": {
                "profile": self.profile,
                "seed": self.seed,
                "jobs": self.jobs,
                "seconds": round(self.seconds, 1),
                "partial": self.partial,
            },
            "phases": {phase: dict(counts) for phase, counts in self.phases.items()},
            "cells": [_written(cell) for cell in self.cells],
            "findings": [_written(finding) for finding in self.findings],
            "conditions": {op: _points(curve) for op, curve in self.conditions.items()},
            "curves": {name: _points(curve) for name, curve in self.curves.items()},
            "matrix": [_written(table) for table in self.matrix],
            "undiscovered": self.undiscovered,
            "inaccurate_reference": dict(self.inaccurate_reference),
            "speed": dict(self.speed),
        }

    def dumps(self) -> str:
        """The document as text, with a line for each cell and each finding."""
        lines = []
        for key, value in self.to_json().items():
            if isinstance(value, list) and value:
                rows = ",\n  ".join(json.dumps(item, allow_nan=False) for item in value)
                lines.append(f' "{key}": [\n  {rows}\n ]')
            else:
                lines.append(f' "{key}": {json.dumps(value, allow_nan=False)}')
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def write(self, path: Path) -> None:
        """Replace the file as a whole. UsageError where that cannot be; what was there before stays then."""
        replace_file(path, self.dumps())


def replace_file(path: Path, text: str) -> None:
    """Write a file beside `path` and put it in its place, so that there is a whole one at any moment."""
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as stream:
            partial = Path(stream.name)
            stream.write(text)
        partial.chmod(0o666 & ~_umask())
        partial.replace(path)
    except OSError as error:
        if partial is not None:
            partial.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}; what was there before is untouched") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _written(record: Cell | Finding | Table) -> dict[str, Any]:
    """The fields that hold something, by their names."""
    found = {name: getattr(record, name) for name in record.__slots__}
    return {
        name: json_number(value) if isinstance(value, float) else value
        for name, value in found.items()
        if value not in ("", 0.0, (), {}, None)
    }


def _points(curve: Curve) -> list[list[Any]]:
    return [[json_number(x), json_number(y)] for x, y in curve]


def json_number(value: float) -> Any:
    """A float as JSON has it: with three digits, or as a string where it is not finite."""
    # Three digits tell everything about a deviation; counts stay whole. JSON has no infinity.
    return repr(value) if not math.isfinite(value) else value if value == int(value) else float(f"{value:.3g}")


def read(path: Path) -> Report:
    """The report in a file. UsageError or ProgramError, which name the file and the place, for anything else."""
    return decoded(read_json(path), str(path))


def decoded(record: Any, source: str = "<report>") -> Report:
    """The report that `to_json` made this of."""
    return _Reports(source).report(record)


def read_json(path: Path) -> Any:
    """What a file of JSON holds. UsageError where it cannot be read or is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise UsageError(f"{path} cannot be read: {reason}") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON: {error}") from None


class _Reports(Reader):
    """Documents as reports."""

    def text(self, record: Any, key: str, default: Any = "") -> Any:
        return self.field(record, key, self.kind(str), default)

    def curve(self, value: Any) -> Curve:
        points = self.each(self.each(self.number))(value)
        if any(len(point) != 2 for point in points):
            raise self.fail("expected pairs of numbers")
        return tuple((x, y) for x, y in points)

    def cell(self, record: Any) -> Cell:
        return Cell(
            op=self.text(record, "op", ...),
            dtype=self.text(record, "dtype"),
            check=self.text(record, "check", ...),
            status=self.field(record, "status", self.one_of(get_args(CellStatus))),
            programs=self.field(record, "programs", self.mapping(self.natural), {}),
            worst=self.field(record, "worst", self.number, 0.0),
            reason=self.text(record, "reason"),
            link=self.text(record, "link"),
            findings=self.field(record, "findings", self.each(self.kind(str)), ()),
        )

    def finding(self, record: Any) -> Finding:
        return Finding(
            id=self.text(record, "id", ...),
            status=self.field(record, "status", self.one_of(get_args(FindingStatus))),
            op=self.text(record, "op", ...),
            check=self.text(record, "check", ...),
            dtypes=self.field(record, "dtypes", self.mapping(self.natural), {}),
            phase=self.text(record, "phase"),
            label=self.text(record, "label"),
            failure=self.field(record, "failure", self.kind(dict), {}),
            program=self.field(record, "program", self.kind(dict), None),
            text=self.text(record, "text"),
            reason=self.text(record, "reason"),
            link=self.text(record, "link"),
        )

    def table(self, record: Any) -> Table:
        count = lambda value: None if value is None else self.natural(value)
        table = Table(
            rows=self.text(record, "rows", ...),
            columns=self.text(record, "columns", ...),
            row_levels=self.field(record, "row_levels", self.each(self.kind(str)), ()),
            column_levels=self.field(record, "column_levels", self.each(self.kind(str)), ()),
            counts=self.field(record, "counts", self.each(self.each(count)), ()),
        )
        if len(table.counts) != len(table.row_levels) or {len(row) for row in table.counts} - {
            len(table.column_levels)
        }:
            raise self.fail(f"counts must be {len(table.row_levels)} rows of {len(table.column_levels)}")
        return table

    def report(self, record: Any) -> Report:
        self.document(record, FORMAT, VERSION)
        run = self.field(record, "run", self.kind(dict))
        catalogue = self.field(record, "catalogue", self.kind(dict))
        counts = self.mapping(self.natural)
        return Report(
            target=self.text(record, "target", ...),
            versions=self.field(record, "versions", self.mapping(self.kind(str)), {}),
            catalogue=self.text(catalogue, "version", ...),
            cells_total=self.field(catalogue, "cells", self.natural),
            created=self.text(record, "created", ...),
            profile=self.text(run, "profile", ...),
            seed=self.field(run, "seed", self.kind(int)),
            jobs=self.field(run, "jobs", self.natural),
            seconds=self.field(run, "seconds", self.number),
            partial=self.text(run, "partial"),
            phases=self.field(record, "phases", self.mapping(counts), {}),
            cells=self.field(record, "cells", self.each(self.cell), ()),
            findings=self.field(record, "findings", self.each(self.finding), ()),
            conditions=self.field(record, "conditions", self.mapping(self.curve), {}),
            curves=self.field(record, "curves", self.mapping(self.curve), {}),
            matrix=self.field(record, "matrix", self.each(self.table), ()),
            undiscovered=self.text(record, "undiscovered"),
            inaccurate_reference=self.field(record, "inaccurate_reference", counts, {}),
            speed=self.field(record, "speed", self.mapping(self.number), {}),
        )
