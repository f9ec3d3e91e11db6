"""A report held against a baseline: what fails a gate, what a baseline need not list any more. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from parity.errors import UsageError
from parity.gate.baseline import RECORDED, Baseline, Entry, whole
from parity.report.cells import Key
from parity.report.document import Cell, Finding, Report

#: A deviation below this share of what is allowed is never worse: another CPU gives other bits.
HARMLESS = 0.5
#: What fails the gate, the worst first.
ProblemKind: TypeAlias = Literal["new", "coverage", "worse", "passes", "reason"]
KINDS: tuple[ProblemKind, ...] = ("new", "coverage", "worse", "passes", "reason")


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason to fail: what it is about, and in a sentence why."""

    kind: ProblemKind
    keys: tuple[Key, ...]
    text: str
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A report held against a baseline."""

    #: The report, with what is agreed upon marked as known or flaky, and why.
    report: Report
    baseline: Baseline
    problems: tuple[Problem, ...]
    #: Entries without a reason: shown in red, and a problem if one is strict.
    unreasoned: tuple[Entry, ...]
    #: Entries that nothing needs any more.
    stale: tuple[Entry, ...]
    #: What was not judged, and why.
    notes: tuple[str, ...]

    @property
    def passes(self) -> bool:
        return not self.problems


def judge(report: Report, baseline: Baseline, *, strict: bool = False, worse: float | None = None) -> Judged:
    """Hold the report against the baseline; `worse` is the factor by which a deviation may grow."""
    shown = differing(report)
    comparable = baseline.recorded and baseline.comparable(report)
    stale = tuple(entry for key, entry in sorted(baseline.entries.items()) if _stale(entry, report, shown))
    unreasoned = tuple(e for _, e in sorted(baseline.entries.items()) if not e.reason and e.status != "unsupported")
    problems = [*_new(report, baseline, shown)]
    notes = []
    if not baseline.recorded:
        notes.append("there is no baseline yet: parity gate --update writes one")
    else:
        # A program that differs in one respect is not compared in the others: that is no loss of coverage.
        problems += _uncovered(report, baseline, counting=comparable and not problems)
    if comparable:
        problems += [Problem("passes", (e.key,), f"{e.key} is listed as {e.status} and is not any more") for e in stale]
        problems += _worse(report, baseline, worse)
    elif baseline.recorded:
        why = report.partial or f"profile {report.profile}, seed {report.seed}"
        recorded = f"profile {baseline.profile}, seed {baseline.seed}"
        notes.append(f"not judged: entries that pass now, accuracy ({why}; recorded from {recorded})")
        stale = ()
    if strict:
        problems += [
            Problem("reason", (e.key,), f"{e.key} is listed as {e.status} without a reason") for e in unreasoned
        ]
    return Judged(_marked(report, baseline), baseline, tuple(problems), unreasoned, stale, tuple(notes))


def worst_first(problems: Iterable[Problem]) -> list[Problem]:
    """By kind, and of each kind those that most programs or cells show."""

    def rank(problem: Problem) -> tuple[int, int, int]:
        shown = problem.finding.programs if problem.finding else 0
        return KINDS.index(problem.kind), -shown, -len(problem.keys)

    return sorted(problems, key=rank)


def differing(report: Report) -> dict[Key, float]:
    """Everything in a report that differs, with its deviation."""
    found = {cell.key: cell.worst for cell in report.cells if cell.status in ("differs", "flaky", "crash")}
    for finding in report.findings:
        worst = finding.failure.get("verdict", {}).get("worst", "inf")
        for key in finding.keys:
            found.setdefault(key, float(worst))
    return found


def _new(report: Report, baseline: Baseline, shown: Mapping[Key, float]) -> Iterable[Problem]:
    """What differs and is not agreed upon, a problem for each finding: who is to blame is one, what shows it many."""
    left = {key for key in shown if not baseline.covers(key)}
    showing: dict[str, set[Key]] = {}
    for cell in report.cells:
        for id in cell.findings:
            showing.setdefault(id, set()).add(cell.key)
    told: set[Key] = set()
    for finding in report.findings:
        keys = (set(finding.keys) | showing.get(finding.id, set())) & left
        if keys:
            told |= keys
            yield Problem("new", tuple(sorted(keys)), _sentence(finding, keys), finding)
    for key in sorted(left - told):
        yield Problem("new", (key,), f"{key} differs")


def _sentence(finding: Finding, keys: set[Key]) -> str:
    what = {"differs": "differs", "flaky": "differs now and then", "crash": "ends the process"}.get(finding.status, "")
    dtypes = ", ".join(sorted({key.dtype for key in keys if key.dtype}))
    others = sorted({key.op for key in keys} - {finding.op})
    shown = f"; shown by {_few(others)}" if others else ""
    return f"{finding.op}: {finding.check} {what} from torch ({dtypes or 'any dtype'}){shown}"


def _few(names: list[str], limit: int = 5) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _uncovered(report: Report, baseline: Baseline, *, counting: bool) -> Iterable[Problem]:
    missing: dict[str, list[Key]] = {}
    for cell in report.cells:
        entry = baseline.entry(cell.key)
        if cell.status == "unsupported" and (entry is None or entry.status != "unsupported"):
            missing.setdefault(cell.op, []).append(cell.key)
    for op, keys in missing.items():
        yield Problem("coverage", tuple(keys), f"{op} is not supported any more ({len(keys)} cells)")
    compared = sum(cell.status != "unsupported" for cell in report.cells)
    lost = baseline.compared - compared - sum(map(len, missing.values()))
    if counting and lost > 0:
        yield Problem("coverage", (), f"{lost} cells of {baseline.compared} are not compared any more")


def _worse(report: Report, baseline: Baseline, factor: float | None) -> Iterable[Problem]:
    if factor is None:
        return
    for cell in report.cells:
        entry = baseline.entry(cell.key)
        before = entry.worst if entry is not None else baseline.accuracy.get(cell.key, RECORDED)
        if cell.status != "unsupported" and cell.worst > max(factor * before, HARMLESS):
            text = f"{cell.key} deviates by {cell.worst:.2g} of what is allowed, {before:.2g} when it was recorded"
            yield Problem("worse", (cell.key,), text)


def _stale(entry: Entry, report: Report, shown: Mapping[Key, float]) -> bool:
    """Whether an entry holds no more; one that comes and goes is never known to be gone."""
    if entry.status == "unsupported":
        return not any(
            entry.key in (cell.key, whole(cell.op)) and cell.status == "unsupported" for cell in report.cells
        )
    return entry.status == "known" and entry.key not in shown


def _marked(report: Report, baseline: Baseline) -> Report:
    """The report with what is agreed upon under its name."""

    def cell(cell: Cell) -> Cell:
        entry = baseline.entry(cell.key)
        if entry is None or cell.status not in ("differs", "flaky", "crash", "unsupported"):
            return cell
        if (entry.status == "unsupported") != (cell.status == "unsupported"):
            return cell
        return replace(cell, status=entry.status, reason=entry.reason or "(no reason given)", link=entry.link)

    def finding(finding: Finding) -> Finding:
        entries = [baseline.entries[key] for key in finding.keys if baseline.covers(key)]
        if not entries or len(entries) < len(finding.keys):
            return finding
        status: Literal["known", "flaky"] = "flaky" if entries[0].status == "flaky" else "known"
        return replace(finding, status=status, reason=entries[0].reason, link=entries[0].link)

    return replace(report, cells=tuple(map(cell, report.cells)), findings=tuple(map(finding, report.findings)))


def updated(baseline: Baseline, report: Report) -> Baseline:
    """A baseline that the report passes; reasons that were written are kept, new entries have none.

    UsageError for a report about a part only.
    """
    refuse_partial(report.partial)
    shown = differing(report)
    entries: dict[Key, Entry] = {k: e for k, e in baseline.entries.items() if e.status == "flaky"}
    for key, worst in shown.items():
        if key not in entries:
            before = baseline.entries.get(key)
            kept = (before.reason, before.link) if before is not None and before.status == "known" else ("", "")
            entries[key] = Entry(key, "known", worst, *kept)
    for key, reason in _unsupported(report):
        before = baseline.entries.get(key)
        told = (before.reason, before.link) if before is not None else (reason, "")
        entries[key] = Entry(key, "unsupported", 0.0, *told)
    return Baseline(
        target=report.target,
        catalogue=report.catalogue,
        cells_total=report.cells_total,
        profile=report.profile,
        seed=report.seed,
        compared=sum(cell.status != "unsupported" for cell in report.cells),
        entries=entries,
        accuracy={c.key: float(f"{c.worst:.2g}") for c in report.cells if c.status == "passes" and c.worst >= RECORDED},
    )


def _unsupported(report: Report) -> Iterable[tuple[Key, str]]:
    """What is not there, with the reason: an operator as a whole if none of its cells is."""
    there = {cell.op for cell in report.cells if cell.status != "unsupported"}
    for cell in report.cells:
        if cell.status == "unsupported":
            yield (cell.key, cell.reason) if cell.op in there else (whole(cell.op), "")


def shrunk(judged: Judged) -> Baseline:
    """The baseline without the entries that nothing needs any more. UsageError after a partial run."""
    refuse_partial(judged.report.partial)
    gone = {entry.key for entry in judged.stale}
    kept = {key: entry for key, entry in judged.baseline.entries.items() if key not in gone}
    return replace(judged.baseline, entries=kept)


def refuse_partial(partial: str) -> None:
    """UsageError if a run is about a part only."""
    if partial:
        told = f"the baseline is not rewritten after a run about a part only ({partial})"
        raise UsageError(f"{told}: nothing is known about what did not run")
