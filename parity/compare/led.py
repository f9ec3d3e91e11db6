"""Differences of structure that values led to, not the step that shows them: asked of both engines on the same values.

Knows no operator; what hangs on values by more than their size is the catalogue's tag `data_shape`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parity.catalogue import CATALOGUE
from parity.compare import structure
from parity.compare.alone import alone
from parity.engines.interpreter import execute
from parity.engines.protocol import Run
from parity.program import Program

#: What is said of such programs, if what led there is right in both engines.
RAISED = "an operator refuses in one engine what the other would refuse, too; what it is given is right in both"
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
    return program.with_(steps=program.steps[:position], outputs=(), cotangents=(), second=())
