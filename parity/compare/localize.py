"""Which operator is to blame for a mismatch, and which of its inputs; needs no engine's rules.

Every step is run alone, in both engines, on the values and gradients that the reference had there. What no step alone
shows lies in memory that steps share: then each step in turn works on copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from parity.compare.alone import alone
from parity.compare.isolation import isolations
from parity.compare.pipeline import compare
from parity.compare.verdict import Check, Mismatch
from parity.engines.decorators import Traced
from parity.engines.interpreter import execute, writes
from parity.program import Program, Step


def localize(program: Program, reference: Any, subject: Any, mismatch: Mismatch) -> Mismatch:
    """The mismatch with `op` and `input` filled in: the first step whose value departs, or the last whose
    gradient does. Both stay empty where the engines agree after all.
    """
    position = mismatch.where - len(program.inputs)
    if 0 <= position < len(program.steps) and mismatch.check not in ("gradient", "second"):
        return replace(mismatch, op=program.steps[position].op)
    suspects = []
    for suspect in _suspects(program, reference, subject, mismatch.check):
        if suspect.check == mismatch.check:
            return replace(mismatch, op=suspect.op, input=suspect.input)
        suspects.append(suspect)
    if mismatch.check == "error":
        return _keeper(program, reference, subject, mismatch) or _any(program, suspects, mismatch)
    if not suspects and compare(program, reference, subject, confirm=False).status == "differs":
        suspects = list(_entangled(program, reference, subject, mismatch))
        return _any(program, suspects, mismatch)
    return _any(program, suspects, mismatch, guess=False)


@dataclass(frozen=True, slots=True)
class _Suspect:
    """An operator, which of its inputs (None: its value), and what differed there."""

    op: str
    input: int | None
    check: Check


def _suspects(program: Program, reference: Any, subject: Any, check: Check) -> Iterator[_Suspect]:
    """Steps that differ alone, from the last to the first, as the backward pass meets them."""
    run = execute(program, Traced(reference))
    for traced in (True, False):
        for position in reversed(range(len(program.steps))):
            single = alone(program, run, position, traced=traced)
            if single is None:
                continue
            verdict = compare(single, reference, subject, confirm=False)
            if verdict.status == "differs":
                found = verdict.mismatches[0]
                if found.check == "error":
                    plain = check == "error" and not writes(program.steps[position])
                    input = _refused(single, reference, subject) if plain else None
                else:
                    input = found.where if found.where < len(single.inputs) else None
                yield _Suspect(program.steps[position].op, input, found.check)


def _refused(single: Program, reference: Any, subject: Any) -> int | None:
    """The first input whose gradient alone makes one engine raise on the way back."""
    for number in single.differentiable:
        candidate = replace(
            single,
            inputs=tuple(replace(leaf, requires_grad=i == number) for i, leaf in enumerate(single.inputs)),
            second=single.second and (single.second[single.differentiable.index(number)],),
        )
        runs = [execute(candidate, engine) for engine in (reference, subject)]
        raised = [run.error is not None and not run.error.moment.startswith("step") for run in runs]
        if any(raised) and not all(raised):
            return number
    return None


def _keeper(program: Program, reference: Any, subject: Any, mismatch: Mismatch) -> Mismatch | None:
    """The step that keeps, in one engine only, what a later step writes over: on copies nobody raises."""
    ours, theirs = execute(program, reference), execute(program, subject)
    raised = ours if ours.error is not None else theirs
    if raised.error is None or raised.error.moment.startswith("step"):
        return None
    for position in reversed(range(len(program.steps))):
        if not any(writes(step) for step in program.steps[position + 1 :]):
            continue
        for place, candidate in isolations(program, ours, position):
            if execute(candidate, reference).error is None and execute(candidate, subject).error is None:
                keeper = program.steps[position].op
                what = "its result" if place is None else f"input {place}"
                writers = {_written_as(s) for s in program.steps[position + 1 :] if writes(s)}
                writer = f"{writers.pop()} writes" if len(writers) == 1 else "later steps write"
                other = theirs if raised is ours else ours
                why = (
                    f"{raised.engine} refuses: {keeper} keeps {what} for the backward pass, and {writer} over it; "
                    f"{other.engine} does not keep it"
                )
                return replace(mismatch, op=keeper, input=place, reason=why)
    return None


def _written_as(step: Step) -> str:
    if step.op == "setitem":
        return "an assignment"
    return f"{step.op}_" if step.spelling == "inplace" else step.op


def _entangled(program: Program, reference: Any, subject: Any, mismatch: Mismatch) -> Iterator[_Suspect]:
    """Steps without whose sharing of memory the engines agree."""
    run = execute(program, reference)
    for position in reversed(range(len(program.steps))):
        for place, candidate in isolations(program, run, position):
            if compare(candidate, reference, subject, confirm=False).status == "agrees":
                yield _Suspect(program.steps[position].op, place, mismatch.check)


def _any(program: Program, suspects: list[_Suspect], mismatch: Mismatch, *, guess: bool = True) -> Mismatch:
    """The best of the suspects; without any, what writes into memory, or what came last of what the input reaches."""
    if suspects:
        return replace(mismatch, op=suspects[0].op, input=suspects[0].input)
    if not guess or not program.steps:
        return mismatch
    writing = [step for step in program.steps if writes(step)]
    return replace(mismatch, op=(writing or _reached(program, mismatch.where) or list(program.steps))[-1].op)


def _reached(program: Program, value: int) -> list[Step]:
    """The steps that read a value, or what was made of it."""
    found, steps = {value}, []
    for number, step in enumerate(program.steps, len(program.inputs)):
        if not found.isdisjoint(ref.index for ref in step.refs()):
            found.add(number)
            steps.append(step)
    return steps
