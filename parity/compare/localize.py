"""Which operator is to blame for a mismatch, and which of its inputs; needs no engine's rules.

Every step is run alone, in both engines, on the values and gradients that the reference had there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from parity.compare.alone import alone
from parity.compare.pipeline import compare
from parity.compare.verdict import Mismatch
from parity.engines.decorators import Traced
from parity.engines.interpreter import execute
from parity.program import Program


def localize(program: Program, reference: Any, subject: Any, mismatch: Mismatch) -> Mismatch:
    """The mismatch with `op` and `input` filled in: the first step whose value departs, or the last whose
    gradient does. Both stay empty where every step alone agrees.
    """
    position = mismatch.where - len(program.inputs)
    if position >= 0 and mismatch.check not in ("gradient", "second"):
        return replace(mismatch, op=program.steps[position].op) if position < len(program.steps) else mismatch
    for op, input in _suspects(program, reference, subject):
        return replace(mismatch, op=op, input=input)
    return mismatch


def _suspects(program: Program, reference: Any, subject: Any) -> Iterator[tuple[str, int | None]]:
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
                by_input = found.check != "error" and found.where < len(single.inputs)
                yield program.steps[position].op, found.where if by_input else None
