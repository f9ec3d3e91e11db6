"""A program whose elements do not meet, narrowed to one of them: all that the truth has to look at there."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from parity.catalogue import CATALOGUE, elementwise
from parity.engines.protocol import Array, Run
from parity.program import Program

#: Arrays of so many elements the truth takes as they are.
MANY = 400
#: And so many as quickly as one.
FEW = 16


def large(program: Program) -> bool:
    """Whether an input has so many elements that the truth of all of them would take seconds."""
    return any(leaf.array.size > MANY for leaf in program.inputs)


def lonely(program: Program) -> bool:
    """Whether several elements go through the program side by side and no two of them meet."""
    shapes = {leaf.array.shape for leaf in program.inputs}
    several = len(shapes) == 1 and math.prod(*shapes) > 1
    return several and all(step.op in CATALOGUE and elementwise(CATALOGUE[step.op]) for step in program.steps)


def narrowed(program: Program, run: Run, element: tuple[int, ...]) -> tuple[Program, Run] | None:
    """The program and its run at one element of every array; None for few elements, and where they meet."""
    if not (lonely(program) and program.inputs[0].array.size > FEW):
        return None

    def here(array: Array | None) -> Any:
        return None if array is None else array[element]

    inputs = tuple(replace(leaf, array=here(leaf.array), layout="contiguous") for leaf in program.inputs)
    cotangents, second = (tuple(map(here, arrays)) for arrays in (program.cotangents, program.second))
    values: list[Any] = [tuple(map(here, value)) if isinstance(value, tuple) else here(value) for value in run.values]
    return program.with_(inputs=inputs, cotangents=cotangents, second=second), replace(run, values=values)
