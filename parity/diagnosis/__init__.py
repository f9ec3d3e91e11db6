"""Well-known mistakes of hand-written engines, named by experiments of a line or two: `diagnose`.

Knows the mistakes, a row each in the families beside it, and no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from parity.diagnosis import accumulation, broadcasting, conventions, kinks, modes, operators, structure, views
from parity.diagnosis.row import LACKING, Convention, Finding, Kind, Mistake, Trial, said
from parity.engines.experiment import Tried
from parity.spellings import OPERATORS

__all__ = ["CONVENTIONS", "MISTAKES", "Finding", "diagnose", "explaining", "findings", "from_differences"]

#: The mistakes behind a mechanism that differences of programs are blamed on, the likeliest first.
PATTERNS: Mapping[str, tuple[int, ...]] = {"accumulation": (1, 2, 3, 16, 31, 32), "broadcasting": (20, 21, 40)}
#: How many trials may hang or end the engine's process, each at its price, before no more are made.
_ENDS = 4
_PATIENCE = "patience"
_KINDS: tuple[Kind, ...] = ("mistake", "limit", "convention")
#: The order in which a report names them: what makes one pass wrong, the most fundamental first; then what shows in a
#: second pass, in writing or at odd dtypes; then limits. Whoever leaks a mode, the last, spoils what is tried after it.
_ORDER = (
    31, 32, 4, 1, 3, 2, 7, 14, 19, 16, 15, 9, 10, 12, 13, 20, 21, 22, 34, 33, 35, 36, 39, 23, 25, 24, 26, 27, 43, 44,
    42, 17, 18, 5, 6, 38, 41, 28, 29, 11, 40, 30, 8, 37,
)  # fmt: skip
_FAMILIES = (accumulation, structure, operators, broadcasting, views, kinks, modes)
MISTAKES: tuple[Mistake, ...] = tuple(
    sorted((row for family in _FAMILIES for row in family.ROWS), key=lambda row: _ORDER.index(row.number))
)
CONVENTIONS: tuple[Convention, ...] = conventions.ROWS


def diagnose(engine: Any) -> list[Finding]:
    """What shows: mistakes, limits, conventions; empty for engines on which nothing can be tried."""
    if not hasattr(engine, "attempt"):
        return []
    return sorted(findings(engine), key=lambda finding: _KINDS.index(finding.kind))


def findings(engine: Any) -> Iterator[Finding]:
    """The same as they are found: mistakes and limits in their order, then conventions."""
    patient = _Patient(engine)
    hidden: set[int] = set()
    for mistake in MISTAKES:
        if mistake.number not in hidden and (finding := patient.examined(mistake)):
            yield finding
            if finding.kind == "mistake":
                hidden.update(mistake.hides)
    for convention in CONVENTIONS:
        if finding := patient.asked(convention):
            yield finding


def explaining(findings: Iterable[Finding], mechanism: str, op: str) -> Finding | None:
    """The mistake that a difference of programs comes from, by the mechanism or the operator that it was blamed on."""
    mistakes = [finding for finding in findings if finding.kind == "mistake"]
    by_mechanism = [finding for finding in mistakes if finding.number in PATTERNS.get(mechanism, ())]
    return next(iter(by_mechanism or [finding for finding in mistakes if op in finding.ops]), None)


def from_differences(findings: Sequence[Finding], mechanisms: Mapping[str, str]) -> list[Finding]:
    """Mistakes that programs alone showed, by the mechanisms that these were blamed on, each with a replay."""
    added = []
    for mechanism, replay in mechanisms.items():
        numbers = PATTERNS.get(mechanism, ())
        if numbers and not any(finding.number in numbers for finding in findings):
            row = next(mistake for mistake in MISTAKES if mistake.number == numbers[0])
            seen = f"programs differ, and agree where they can do without {mechanism}"
            added.append(Finding(row.number, row.name, row.kind, seen, replay, row.recognised, row.remedy))
    return added


class _Patient:
    """An engine, and what came of the trials so far."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self._tried: dict[tuple[str, str, int, bool], Tried] = {}
        self._ended = 0

    def examined(self, mistake: Mistake) -> Finding | None:
        """The mistake, if one of its trials gives it away; it names every operator of which one does."""
        shown = [(trial, tried) for trial in mistake.trials if (tried := self._gives_away(trial)) is not None]
        if not shown:
            return None
        kinds = [trial.kind or mistake.kind for trial, _ in shown]
        kind = min(kinds, key=_KINDS.index)
        trial, tried = shown[kinds.index(kind)]
        whats = dict.fromkeys(t.what for t, _ in shown if t.what)
        return Finding(
            number=mistake.number,
            name=mistake.name + (f": {', '.join(whats)}" if whats else ""),
            kind=kind,
            seen=_seen(trial, tried),
            trigger=trial.lines,
            recognised=mistake.recognised,
            remedy=mistake.remedy,
            ops=tuple(dict.fromkeys(op for what in whats if (op := _op(what)))),
        )

    def asked(self, convention: Convention) -> Finding | None:
        trial = convention.trial
        tried = self._gives_away(trial)
        if tried is None:
            return None
        return Finding(0, convention.name, "convention", _seen(trial, tried, "torch's is"), trial.lines)

    def _gives_away(self, trial: Trial) -> Tried | None:
        tried = self.tried(trial)
        if (
            (tried.lacks and (trial.wrong is not LACKING or tried.lacks == _PATIENCE))
            or trial.right.test(tried)
            or not trial.wrong.test(tried)
        ):
            return None
        return tried if all(given.right.test(self.tried(given)) for given in trial.given) else None

    def tried(self, trial: Trial) -> Tried:
        key = trial.lines, trial.looks, trial.times, trial.bare
        if key not in self._tried:
            lines = trial.lines.replace(".backward()", '.backward("bare")') if trial.bare else trial.lines
            looks = [look.strip() for look in trial.looks.split("; ")]
            if self._ended > _ENDS:
                return Tried(lacks=_PATIENCE)
            tried = self.engine.attempt(lines, looks, trial.times)
            if tried.raised is not None and tried.raised.type == "TimeoutError":
                tried = self.engine.attempt(lines, looks, trial.times)  # unless the machine was busy
            self._ended += tried.raised is not None and tried.raised.type in ("TimeoutError", "Crash")
            self._tried[key] = tried
        return self._tried[key]


def _op(what: str) -> str:
    """The operator that a trial is about, by torch's name; empty if `what` names none."""
    signs = {symbol: op for op, (symbol, _) in OPERATORS.items() if op != "neg"}
    parts = what.split()
    return next((signs[part] for part in parts if part in signs), what if what.isidentifier() else "")


def _seen(trial: Trial, tried: Tried, rightly: str = "right is") -> str:
    names = trial.looks.replace("; ", ", ")
    right = f"; {rightly} {trial.right.words}" if trial.right.words else ""
    if tried.lacks:
        return f"it raises {tried.lacks}{right}" if ":" in tried.lacks else f"there is none{right}"
    if tried.raised is not None:
        message = f": {tried.raised.message}" if tried.raised.message else ""
        return f"it raises {tried.raised.type}{message[:80]}{right}"
    several = [", ".join(map(said, found)) for found in tried.readings[:3]]
    return f"{names} {'are' if ', ' in names else 'is'} {', then '.join(several)}{right}"
