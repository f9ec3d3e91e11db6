"""What a whole run amounts to: outcomes counted, and the summary in 80 columns; knows no engine."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from parity.compare.verdict import Status
from parity.report.record import plain

Phase = Literal["corpus", "operators", "modules", "programs", "histories"]
Nature = Literal["differs", "flaky", "crash"]
PHASES: tuple[Phase, ...] = ("corpus", "operators", "modules", "programs", "histories")
WIDTH = 80
_LABELS: Mapping[Phase, str] = {
    "corpus": "corpus",
    "operators": "operators",
    "modules": "modules",
    "programs": "random",
    "histories": "histories",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One program of a run; plain, so that it crosses between processes and into JSON."""

    number: int
    phase: Phase
    label: str
    status: Status
    decided: str = ""
    #: The operator that was tested by itself; empty for a random program.
    op: str = ""
    #: The dtype that it was tested in; of a random program that differs, the one that it is counted under.
    dtype: str = ""
    #: What came out, and the deviation, in each respect in which it was compared: value, gradient, second.
    checks: Mapping[str, tuple[Status, float]] = field(default_factory=dict)
    #: Condition and deviation in roundings, where nudges were needed.
    moved: tuple[float, float] | None = None
    worst: float = 0.0
    inaccurate: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    note: str = ""
    seconds: float = 0.0
    #: (check, operator) of a difference; failures that share it count as one.
    key: tuple[str, str] | None = None
    #: Of a difference: whether the subject's process ended, or it comes and goes.
    nature: Nature = "differs"
    #: Of a difference that is the first of its key: the record, the report, the id under which it was kept.
    failure: Mapping[str, Any] | None = None
    report: str = ""
    id: str = ""

    def record(self) -> dict[str, Any]:
        return {
            "type": "outcome",
            "number": self.number,
            "phase": self.phase,
            "label": self.label,
            "status": self.status,
            "decided": self.decided,
            "op": self.op,
            "dtype": self.dtype,
            "worst": plain(self.worst),
            "checks": {check: [status, plain(worst)] for check, (status, worst) in self.checks.items()},
            "inaccurate_reference": list(self.inaccurate),
            "missing": list(self.missing),
            "note": self.note,
            "key": list(self.key) if self.key else None,
        }


@dataclass(slots=True)
class Summary:
    """The outcomes of a run, counted as they come."""

    target: str
    profile: str
    seed: int
    versions: dict[str, str] = field(default_factory=dict)
    planned: dict[Phase, int] = field(default_factory=dict)
    jobs: int = 1
    excluded: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    #: Well-known mistakes that experiments beside the programs showed, by name.
    mistakes: tuple[str, ...] = ()
    #: Why the run ended before its plan did, if it did.
    cut: str = ""
    statuses: dict[Phase, Counter[str]] = field(default_factory=lambda: {phase: Counter() for phase in PHASES})
    operators: set[str] = field(default_factory=set)
    #: Layers, losses, optimizers and schedulers that were compared.
    classes: set[str] = field(default_factory=set)
    inaccurate: Counter[str] = field(default_factory=Counter)
    #: Programs at which only the reference's own error made room.
    beyond: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    worst: float = 0.0
    worst_label: str = ""
    failures: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    repeated: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.statuses[outcome.phase][outcome.status] += 1
        self.inaccurate.update(outcome.inaccurate)
        self.beyond += bool(outcome.inaccurate)
        if outcome.status == "unsupported":
            self.missing.update(outcome.missing)
        elif outcome.op:
            self.operators.add(outcome.op)
        elif outcome.phase == "modules":
            self.classes.add(outcome.label.partition(" ")[0])
        if outcome.status == "agrees" and outcome.worst > self.worst:
            self.worst, self.worst_label = outcome.worst, outcome.label
        if outcome.key is not None:
            self.repeated[outcome.key] += 1
            known = self.failures.get(outcome.key)
            # The processes race; the lowest number makes the report the same in every run.
            if outcome.failure is not None and (known is None or outcome.number < known.number):
                self.failures[outcome.key] = outcome

    def count(self, status: Status, phase: Phase | None = None) -> int:
        return sum(self.statuses[p][status] for p in ([phase] if phase else PHASES))

    @property
    def compared(self) -> int:
        """Programs that both engines ran."""
        return sum(self.count(status) for status in ("agrees", "differs", "known", "undecided"))

    @property
    def exit_code(self) -> int:
        """0 agree, 1 mismatch or mistake, 2 interrupted, 5 nothing ran."""
        if self.interrupted:
            return 2
        if self.count("differs") or self.mistakes:
            return 1
        return 0 if self.compared else 5

    def line(self, seconds: float) -> str:
        """How far the run is after so many seconds."""
        parts = [
            f"{phase} {sum(self.statuses[phase].values())}/{self.planned[phase]}"
            for phase in PHASES
            if self.planned.get(phase)
        ]
        if self.count("differs"):
            parts.append(f"{self.count('differs')} differ")
        return " · ".join([*parts, f"{seconds:.0f} s"])

    def record(self) -> dict[str, Any]:
        return {
            "type": "summary",
            "target": self.target,
            "profile": self.profile,
            "seed": self.seed,
            "versions": self.versions,
            "planned": dict(self.planned),
            "statuses": {phase: dict(counts) for phase, counts in self.statuses.items()},
            "operators": sorted(self.operators),
            "inaccurate_reference": dict(sorted(self.inaccurate.items())),
            "unsupported": dict(sorted(self.missing.items())),
            "excluded": self.excluded,
            "worst": plain(self.worst),
            "worst_label": self.worst_label,
            "failures": sorted(outcome.id for outcome in self.failures.values()),
            "seconds": round(self.seconds, 1),
            "jobs": self.jobs,
            "interrupted": self.interrupted,
            "cut": self.cut,
            "exit_code": self.exit_code,
        }


def heading(summary: Summary) -> str:
    """The line before a run: who against whom, with what."""
    versions = dict(summary.versions)
    subject = f"{summary.target} {versions.pop(summary.target, '')}".strip()
    reference = f"torch {versions.pop('torch', '')}".strip()
    others = ", ".join(f"{name} {version}" for name, version in versions.items())
    line = f"{subject} against {reference}" + (f" ({others})" if others else "")
    return line if len(line) <= WIDTH else f"{subject} against {reference}"


def summary_text(summary: Summary) -> str:
    """The closing table, 80 columns at most."""
    rows: list[tuple[str, str]] = []
    for phase in PHASES:
        planned = summary.planned.get(phase, 0)
        if planned:
            rows.append((_LABELS[phase], _phase(summary, phase, planned)))
    undecided = summary.count("undecided")
    share = f" of {summary.compared} compared ({_percent(undecided / summary.compared)})" if undecided else ""
    rows.append(("undecided", f"{undecided}{share}"))
    if summary.inaccurate:
        where = _counts(summary.inaccurate)
        rows.append(("reference", f"torch itself is inaccurate in {_programs(summary.beyond)}: {where}"))
    else:
        rows.append(("reference", "torch itself is accurate wherever it had to be checked"))
    if known := summary.count("known"):
        rows.append(("known", f"{_programs(known)} differ where torch is not followed, with a reason: parity coverage"))
    if summary.missing:
        lacking = f"{summary.target} has no {', '.join(sorted(summary.missing))}"
        rows.append(("unsupported", f"{lacking}: {_programs(summary.count('unsupported'))} not compared"))
    if summary.excluded:
        rows.append(("not tested", f"{summary.excluded} of torch's names, each with a reason: parity coverage"))
    worst = f"at most {summary.worst:.2g} of what was allowed" if summary.worst else "every bit is equal"
    rows.append(("deviation", worst + (f" ({summary.worst_label})" if summary.worst_label else "")))
    jobs = "1 process" if summary.jobs == 1 else f"{summary.jobs} processes"
    rows.append(("run", f"seed {summary.seed}, profile {summary.profile}, {summary.seconds:.1f} s, {jobs}"))
    if summary.mistakes:
        rows.append(("mistakes", "; ".join(summary.mistakes)))
    if summary.cut:
        rows.append(("cut short", summary.cut))
    lines = []
    for label, text in rows:
        lines += textwrap.wrap(text, WIDTH, initial_indent=f"{label:<13}", subsequent_indent=" " * 13)
    return "\n".join([*lines, _conclusion(summary)])


def _phase(summary: Summary, phase: Phase, planned: int) -> str:
    counts = summary.statuses[phase]
    done = sum(counts.values())
    words = [f"{counts['agrees']} agree"]
    words += [f"{counts[status]} {word}" for status, word in _OTHERS if counts[status]]
    if done < planned:
        words.append(f"{planned - done} of {planned} did not run")
    what = f"{len(summary.operators)}, in {_programs(done)} of one step" if phase == "operators" else _programs(done)
    if phase == "modules":
        what = f"{len(summary.classes)} layers, losses, optimizers, schedulers, distributions in {done} configurations"
    return f"{what}: {', '.join(words)}"


_OTHERS = (
    ("differs", "differ"),
    ("known", "differ as known"),
    ("undecided", "undecided"),
    ("unsupported", "unsupported"),
)


def _programs(count: int) -> str:
    return f"{count} program{'s' * (count != 1)}"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else f"{share:.2%}"


def _counts(counter: Counter[str], limit: int = 8) -> str:
    ordered = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ", ".join(f"{name} {count}" for name, count in ordered[:limit])
    return shown + (f" and {len(ordered) - limit} more" if len(ordered) > limit else "")


def _conclusion(summary: Summary) -> str:
    differ = summary.count("differs")
    if differ:
        kinds = len(summary.repeated)
        what = f"{kinds} difference{'s' * (kinds != 1)}, in {differ} program{'s' * (differ != 1)}"
        text = f"MISMATCH: {what}"
    elif summary.mistakes:
        count = len(summary.mistakes)
        text = f"MISTAKEN: {count} well-known mistake{'s' * (count != 1)}, and no program that differs"
    elif not summary.compared:
        text = "NOTHING RAN: no program was compared"
    else:
        agree = summary.count("agrees")
        text = f"AGREES: {summary.target} and torch agree on {agree} program{'s' * (agree != 1)}"
    return f"INTERRUPTED; so far: {text}" if summary.interrupted else text
