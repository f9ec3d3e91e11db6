"""A large program whose elements do not meet, narrowed to one of them: all that the truth has to look at there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parity.catalogue import CATALOGUE, elementwise
from parity.engines.protocol import Array, Run
from parity.program import Program

#: Arrays of so many elements the truth takes as they are.
MANY = 400


def large(program: Program) -> bool:
    """Whether an input has so many elements that the truth of all of them would take seconds."""
    return any(leaf.array.size > MANY for leaf in program.inputs)


def narrowed(program: Program, run: Run, element: tuple[int, ...]) -> tuple[Program, Run] | None:
    """The program and its run at one element of every array; None for small ones, and where elements meet."""
    shapes = {leaf.array.shape for leaf in program.inputs}
    if len(shapes) > 1 or not large(program) or not all(elementwise(CATALOGUE[step.op]) for step in program.steps):
        return None

    def here(array: Array | None) -> Any:
        return None if array is None else array[element]

    inputs = tuple(replace(leaf, array=here(leaf.array), layout="contiguous") for leaf in program.inputs)
    cotangents, second = (tuple(map(here, arrays)) for arrays in (program.cotangents, program.second))
    values: list[Any] = [tuple(map(here, value)) if isinstance(value, tuple) else here(value) for value in run.values]
    return program.with_(inputs=inputs, cotangents=cotangents, second=second), replace(run, values=values)
