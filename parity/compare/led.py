"""Differences of structure that values led to, not the step that shows them: asked of both engines on the same values.

Knows no operator; what hangs on values by more than their size is the catalogue's tag `data_shape`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from parity.catalogue import CATALOGUE
from parity.compare import structure
from parity.compare.alone import alone
from parity.engines.interpreter import execute
from parity.engines.protocol import Run
from parity.program import Program, Ref

#: What is said of such programs, if what led there is right in both engines.
RAISED = "an operator refuses in one engine what the other would refuse, too; what it is given is right in both"
SIGNED = "the sign of a zero, which no operator before promises, decides here; what is given is right in both"
WRONG = "the reference is wrong before this operator, which is right in both engines on the values of either"
COUNTED = "how many numbers an operator gives hangs on the last digit of what it is given, which is right in both"


def to_raise(program: Program, ours: Run, theirs: Run, reference: Any, subject: Any) -> bool:
    """Whether one engine raises on account of its values: the other one raises the same on them."""
    theirs_raise = theirs.error is not None
    raiser, other = (theirs, ours) if theirs_raise else (ours, theirs)
    error = raiser.error
    if error is None or other.error is not None or not error.moment.startswith("step "):
        return False
    position = int(error.moment.removeprefix("step "))
    number = len(program.inputs) + position
    given = replace(other, values=[*raiser.values[:number], other.values[number]])
    single = alone(program, given, position, traced=False)
    if single is None:
        return False
    again = execute(single, reference if theirs_raise else subject).error
    return again is not None and again.moment == "step 0" and structure.same_family(error.type, again.type)


def to_count(program: Program, number: int, ours: Run, subject: Any) -> Program | None:
    """What comes before value `number`, if it has another shape on account of values: of the reference's it has not."""
    position = number - len(program.inputs)
    if position < 0 or "data_shape" not in CATALOGUE[program.steps[position].op].tags:
        return None
    single = alone(program, ours, position, traced=False)
    if single is None:
        return None
    again = execute(single, subject)
    if again.error is not None or not structure.alike(ours.values[number], again.values[-1]):
        return None
    return before(program, position)


def by_zeros(program: Program, number: int, ours: Run, theirs: Run) -> tuple[Program, ...]:
    """What comes before value `number`, and its step alone, if zeros of another sign are among what that is given."""
    position = number - len(program.inputs)
    if position < 0 or not any(_signed_apart(ours, theirs, ref) for ref in program.steps[position].refs()):
        return ()
    single = alone(program, ours, position, traced=False)
    return () if single is None else (before(program, position), single)


def by_values(program: Program, number: int, ours: Run, theirs: Run) -> tuple[Program, ...]:
    """The step that gave value `number`, alone on what it was given in either engine."""
    position = number - len(program.inputs)
    if position < 1:
        return ()
    singles = [alone(program, run, position, traced=False) for run in (ours, theirs)]
    return tuple([single for single in singles if single is not None]) if None not in singles else ()


def before(program: Program, position: int) -> Program:
    """The steps before the one at `position`."""
    return program.with_(steps=program.steps[:position], outputs=(), cotangents=(), second=())


def _signed_apart(ours: Run, theirs: Run, ref: Ref) -> bool:
    values = [run.values[ref.index] for run in (ours, theirs)]
    a, b = (value if ref.item is None or not isinstance(value, tuple) else value[ref.item] for value in values)
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray) or a.dtype.kind not in "fc":
        return False
    halves = ((a.real, b.real), (a.imag, b.imag)) if a.dtype.kind == "c" else ((a, b),)
    return any(bool(((x == 0) & (y == 0) & (np.signbit(x) != np.signbit(y))).any()) for x, y in halves)
