"""Outcomes of a run gathered into a report as they come; knows no engine and runs nothing."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from parity.report.cells import Key, catalogue_version
from parity.report.document import Cell, CellStatus, Finding, Report
from parity.report.summary import PHASES, Outcome, Summary

#: A culprit's name where no operator is blamed.
NOBODY = "program"
#: Points that a curve keeps at most.
_POINTS = 200
#: What a cell's programs make of it: the first of these that one of them is.
_RANKS: tuple[tuple[str, CellStatus], ...] = (
    ("crash", "crash"),
    ("differs", "differs"),
    ("flaky", "flaky"),
    ("known", "known"),
    ("agrees", "passes"),
    ("undecided", "undecided"),
    ("unsupported", "unsupported"),
)


class Tally:
    """Counts cells, culprits, curves; takes outcomes in any order and from any number of processes."""

    def __init__(self) -> None:
        self.done = 0
        self._programs: defaultdict[Key, Counter[str]] = defaultdict(Counter)
        self._worst: defaultdict[Key, float] = defaultdict(float)
        self._reasons: dict[Key, str] = {}
        self._found: defaultdict[Key, set[tuple[str, str]]] = defaultdict(set)
        self._first: dict[tuple[str, str], Outcome] = {}
        self._dtypes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._conditions: defaultdict[str, dict[int, tuple[float, float]]] = defaultdict(dict)
        self._throughput: list[tuple[float, float]] = [(0.0, 0.0)]
        self._coverage: list[tuple[float, float]] = [(0.0, 0.0)]
        self._findings: list[tuple[float, float]] = [(0.0, 0.0)]

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Count an outcome that came `seconds` after the run began."""
        self.done += 1
        if outcome.op:
            self._add_cells(outcome)
        if outcome.key is not None:
            self._dtypes[outcome.key][outcome.dtype] += 1
            known = self._first.get(outcome.key)
            # Processes race: the lowest number makes the report the same in every run.
            if outcome.failure is not None and (known is None or outcome.number < known.number):
                self._first[outcome.key] = outcome
        self._throughput.append((seconds, self.done))
        self._coverage.append((self.done, len(self._programs)))
        self._findings.append((self.done, len(self._first)))
        if self.done % (10 * _POINTS) == 0:
            self._throughput, self._coverage, self._findings = (
                thinned(curve, 2 * _POINTS) for curve in (self._throughput, self._coverage, self._findings)
            )

    def _add_cells(self, outcome: Outcome) -> None:
        for check, (status, worst) in outcome.checks.items():
            key = Key(outcome.op, outcome.dtype, check)
            self._programs[key][outcome.nature if status == "differs" else status] += 1
            self._worst[key] = max(self._worst[key], worst if status != "undecided" else 0.0)
            if status in ("known", "unsupported") and (reason := outcome.note or ", ".join(outcome.missing)):
                self._reasons.setdefault(key, reason)
            if status == "differs" and outcome.key is not None:
                self._found[key].add(outcome.key)
        if outcome.moved is not None:
            self._add_condition(outcome.op, *outcome.moved)

    def _add_condition(self, op: str, condition: float, deviation: float) -> None:
        if math.isfinite(condition) and math.isfinite(deviation):
            decade = math.floor(math.log10(max(condition, 1.0)))
            worst = self._conditions[op].get(decade)
            if worst is None or deviation > worst[1]:
                self._conditions[op][decade] = condition, deviation

    def report(
        self, summary: Summary, program_of: Callable[[str], Mapping[str, Any] | None], *, partial: str = ""
    ) -> Report:
        """Everything counted so far; `program_of` gives the JSON of a found program by its id, None if it was lost."""
        catalogue, total = catalogue_version()
        return Report(
            target=summary.target,
            versions=summary.versions,
            catalogue=catalogue,
            cells_total=total,
            created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            profile=summary.profile,
            seed=summary.seed,
            jobs=summary.jobs,
            seconds=summary.seconds,
            partial=", ".join(filter(None, [partial, "interrupted" * summary.interrupted, summary.cut])),
            phases={
                phase: {"planned": summary.planned[phase], **dict(sorted(summary.statuses[phase].items()))}
                for phase in PHASES
                if summary.planned.get(phase)
            },
            cells=tuple(self._cells()),
            findings=tuple(self._findings_told(program_of)),
            conditions={
                op: tuple(points[d] for d in sorted(points)) for op, points in sorted(self._conditions.items())
            },
            curves={
                "throughput": tuple(thinned(self._throughput, _POINTS)),
                "coverage": tuple(thinned(self._coverage, _POINTS)),
                "findings": tuple(thinned(self._findings, _POINTS)),
            },
            inaccurate_reference=dict(sorted(summary.inaccurate.items())),
        )

    def _cells(self) -> Iterable[Cell]:
        for key in sorted(self._programs):
            programs = self._programs[key]
            yield Cell(
                *key,
                status=next(status for name, status in _RANKS if programs[name]),
                programs=dict(sorted(programs.items())),
                worst=self._worst.get(key, 0.0),
                reason=self._reasons.get(key, ""),
                findings=tuple(sorted({self._first[k].id for k in self._found.get(key, ()) if k in self._first})),
            )

    def _findings_told(self, program_of: Callable[[str], Mapping[str, Any] | None]) -> Iterable[Finding]:
        for (check, op), first in sorted(self._first.items(), key=lambda pair: pair[1].number):
            dtypes = self._dtypes[check, op]
            assert first.failure is not None
            yield Finding(
                id=first.id,
                status=first.nature,
                op=op or NOBODY,
                check=check,
                dtypes={first.dtype: dtypes[first.dtype], **dict(sorted(dtypes.items()))},
                phase=first.phase,
                label=first.label,
                failure=first.failure,
                program=program_of(first.id),
                text=first.report,
            )


def thinned(curve: list[tuple[float, float]], points: int) -> list[tuple[float, float]]:
    """The curve with so many of its points at most, the first and the last among them."""
    if len(curve) <= points:
        return curve
    return [curve[round(i * (len(curve) - 1) / (points - 1))] for i in range(points)]
