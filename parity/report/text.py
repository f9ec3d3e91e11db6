"""The failure report for a person: under 25 lines of 110 columns, never an array; knows no engine."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from parity.compare.naming import NAMES
from parity.compare.verdict import Failure, Mismatch, Verdict
from parity.engines.protocol import Raised
from parity.notation import Notation, brief, listing
from parity.program import Program

TITLES = {
    "value": "VALUE DIFFERS",
    "gradient": "GRADIENT DIFFERS",
    "second": "SECOND DERIVATIVE DIFFERS",
    "dtype": "DTYPE DIFFERS",
    "shape": "SHAPE DIFFERS",
    "none": "GRADIENT MISSING ON ONE SIDE",
    "requires_grad": "REQUIRES_GRAD DIFFERS",
    "error": "ERROR DIFFERS",
    "alias": "SHARED MEMORY DIFFERS",
    "touched": "INPUT CHANGED",
    "leaf": "IS_LEAF DIFFERS",
    "version": "VERSION DIFFERS",
    "node": "GRAD_FN DIFFERS",
    "name": "GRAD_FN HAS ANOTHER NAME",
    "saved": "WHAT IS SAVED DIFFERS",
    "layout": "STRIDES DIFFER",
    "hook": "HOOKS DIFFER",
    "warning": "WARNING DIFFERS",
    "mode": "GRAD MODE LEAKS",
    "memory": "MEMORY IS NOT RELEASED",
    "repeat": "ANOTHER RESULT WHEN RUN AGAIN",
}
MECHANISMS = {
    "accumulation": "the engines agree where each use of an input has an input of its own",
    "broadcasting": "the engines agree on inputs that were broadcast beforehand",
    "views": "the engines agree where the view is a copy",
    "versions": "the engines agree where what is written is not what was saved",
    "writing": "the engines agree where what is written is a copy",
    "unreached": "no output depends on this input",
}
#: What differs in a history and belongs to no value.
_PLACES = {"error": "the step", "hook": "hooks", "mode": "recording", "warning": "warnings"}
#: Differences shown, on at most so many lines; the others are counted.
_SHOWN, _SHOWN_LINES = 3, 6
_WIDTH = 110
_LINES = 24


def failure_text(failure: Failure, short: str | None = None) -> str:
    """The report; `short` is the id that replays it, None where the program was not kept."""
    program = failure.program
    below = _differences(failure)
    for label, text in _facts(failure, short):
        below += textwrap.wrap(text, _WIDTH, initial_indent=f"    {label:<17}", subsequent_indent=" " * 21, max_lines=2)
    # The program gets the lines that are left, its inputs at most a third of them if there are many.
    room = _LINES - len(below) - 3
    leaves = min(len(program.inputs), max(room // 3, room - len(program.steps)))
    above = listing(program, _notes(failure), limit=room - leaves, leaves=leaves)
    return "\n".join([_headline(failure, short), "", *(f"    {_clipped(line)}" for line in above), "", *below])


def verdict_line(verdict: Verdict, subject: str, reference: str) -> str:
    """One line for a program that did not differ."""
    if verdict.status == "agrees":
        how = {"bits": "to the last bit", "jitter": "within what rounding allows"}.get(
            verdict.decided, "within what the certified values allow"
        )
        return f"{subject} agrees with {reference} {how} (worst {worst_text(verdict.worst)})"
    if verdict.status == "undecided":
        return f"undecided: the program is unstable, {subject} is not judged on it" + _because(verdict.note)
    if verdict.status == "unsupported":
        return f"unsupported: {subject} has no {', '.join(verdict.missing) or 'such operator'}" + _because(verdict.note)
    return f"{subject} differs from {reference}" + (", as is known" + _because(verdict.note) if verdict.note else "")


def worst_text(worst: float) -> str:
    """A deviation in units of what was allowed."""
    return "0" if worst == 0 else f"{worst:.2g} of what was allowed"


def _because(note: str) -> str:
    return f": {note}" if note else ""


def _headline(failure: Failure, short: str | None) -> str:
    checks = [mismatch.check for mismatch in failure.verdict.mismatches]
    title = TITLES[checks[0]] if checks else "DIFFERS"
    if checks and checks[0] == "error" and getattr(failure.verdict.mismatches[0].subject, "type", "") == "Crash":
        title = "CRASH"
    steps = len(failure.program.steps)
    parts = [f"{title}   {failure.subject} vs {failure.reference} {_release(failure.reference_version)}"]
    if failure.original_steps > steps:
        parts.append(f"shrunk from {failure.original_steps} steps to {steps}")
    if short:
        parts.append(f"replay: parity replay {short}")
    line = "      ".join(parts)
    return line if len(line) <= _WIDTH else "   ".join(parts)


def _release(version: str) -> str:
    """The part of a version that people say: 2.13 for 2.13.0+cpu."""
    return ".".join(version.split("+")[0].split(".")[:2])


def _notes(failure: Failure) -> dict[int, str]:
    """Remarks behind the lines of the listing: where the first value departs, or that none does."""
    program = failure.program
    if not program.steps:
        return {}
    if program.history:
        steps = {m.step for m in failure.verdict.mismatches if m.step is not None}
        return {len(program.inputs) + step: "<- differs after this step" for step in steps}
    departed = [m.where for m in failure.verdict.mismatches if m.check in ("value", "dtype", "shape")]
    if departed and len(program.steps) > 1:
        return {min(departed): "<- the first value that differs"}
    if all(m.check in ("gradient", "second", "none") for m in failure.verdict.mismatches):
        return {len(program.inputs) + len(program.steps) - 1: "     values agree at every step"}
    return {}


def _differences(failure: Failure) -> list[str]:
    """Where, both sides and the criterion, in columns; the criterion goes below where the line is full."""
    program, shown = failure.program, failure.verdict.mismatches[:_SHOWN]
    rows = [
        (
            _place(program, m),
            f"{failure.reference} {_side(m, m.reference)}",
            f"{failure.subject} {_side(m, m.subject)}",
        )
        for m in shown
    ]
    # The facts below stand in the same column.
    widths = [max([13, *(len(row[0]) for row in rows)]), *(max(len(row[i]) for row in rows) for i in (1, 2))]
    lines: list[str] = []
    hidden = len(failure.verdict.mismatches)
    for row, mismatch in zip(rows, shown):
        place, left, right = (text.ljust(width) for text, width in zip(row, widths))
        below, criterion = " " * (8 + widths[0]), _criterion(program, mismatch)
        parts = [f"    {place}    {left}     {right}".rstrip()]
        if len(parts[0]) > _WIDTH:
            parts = [f"    {place}    {row[1]}", below + row[2]]
        if criterion and len(parts) == 1 and len(parts[0]) + len(criterion) + 5 <= _WIDTH:
            parts = [f"{parts[0]}     {criterion}"]
        elif criterion:
            parts.append(below + criterion)
        if lines and len(lines) + len(parts) > _SHOWN_LINES:
            break
        lines += map(_clipped, parts)
        hidden -= 1
    if hidden:
        lines.append(f"    and {hidden} more difference{'s' * (hidden > 1)}")
    return lines


def _place(program: Program, mismatch: Mismatch) -> str:
    if mismatch.check == "error" and mismatch.where < 0:
        return "backward"
    names = Notation(program).names
    name = names[mismatch.where] if 0 <= mismatch.where < len(names) else f"value {mismatch.where}"
    element = f"[{', '.join(map(str, mismatch.element))}]" if mismatch.element else ""
    if program.history and mismatch.check in ("gradient", "none"):
        return f"{name}.grad{element}"
    if program.history and mismatch.check in _PLACES:
        return _PLACES[mismatch.check]
    if mismatch.check in ("gradient", "second", "none"):
        order = "²" if mismatch.check == "second" else ""
        return f"d{order} {_outputs(program)} / d {name}{order}{element}"
    if mismatch.item is not None:
        name = f"{name}[{mismatch.item}]"
    return f"{mismatch.check} of {name}" if mismatch.check not in ("value", "error") else f"{name}{element}"


def _outputs(program: Program) -> str:
    notation = Notation(program)
    names = [notation.ref(ref) for ref in program.outputs]
    return names[0] if len(names) == 1 else f"({', '.join(names)})" if len(names) <= 3 else "outputs"


def _side(mismatch: Mismatch, value: Any) -> str:
    if isinstance(value, Raised):
        message = value.message.splitlines()[0] if value.message else ""
        return f"raises {value.type}: {textwrap.shorten(message, 60, placeholder=' ...')}"
    if mismatch.check == "error":
        return "raises nothing"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.size > 1 else brief(value.reshape(-1)[0])
    if isinstance(value, np.dtype):
        return value.name
    return brief(value) if isinstance(value, (int, float, np.generic)) else str(value)


def _criterion(program: Program, mismatch: Mismatch) -> str:
    if mismatch.allowed is None:
        return ""
    if mismatch.allowed == 0:
        return "allowed 0" + " (exact regime)" * (program.regime == "exact")
    deviation = _deviation(mismatch)
    apart = "" if deviation is None else f"apart {deviation:.2g}     "
    return f"{apart}allowed {mismatch.allowed:.2g}"


def _deviation(mismatch: Mismatch) -> float | None:
    try:
        return float(abs(complex(mismatch.subject) - complex(mismatch.reference)))
    except (TypeError, ValueError, OverflowError):
        return None


def _facts(failure: Failure, short: str | None) -> Sequence[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    first = failure.verdict.mismatches[0] if failure.verdict.mismatches else None
    if first is not None:
        if first.truth is not None:
            facts.append(("truth", brief(first.truth)))
        facts.append(("verdict", first.reason or first.blame or "the two sides differ"))
        if first.mechanism:
            told = NAMES if failure.program.history else MECHANISMS
            facts.append(("mechanism", f"{first.mechanism}: {told[first.mechanism]}"))
        if first.op:
            where = first.op + (f", input {first.input}" if first.input is not None else "")
            if failure.rule:
                served = failure.served_by or where
                facts.append(("rule", f"{failure.rule}   {served}"))
            if not failure.rule or served != where:
                facts.append(("operator", where))
            if failure.through:
                facts.append(("called by", failure.through))
    if short:
        facts.append(("as a test", f"parity emit {short} --as pytest >> tests/programs/test_regressions.py"))
    return facts


def _clipped(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..."
