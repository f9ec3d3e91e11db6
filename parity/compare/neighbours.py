"""Neighbouring programs: the same steps on leaves moved by about a thousandth, or in double precision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from parity.program import Array, Input, Program

#: Standard deviation of the relative move.
MOVE = 1e-3


def neighbours(program: Program, count: int) -> Iterator[Program]:
    """`count` neighbours, the same ones for the same program; zeros and integers stay."""
    for number in range(count):
        random = np.random.default_rng(number)
        yield program.with_(inputs=tuple(_moved(leaf, random) for leaf in program.inputs))


def _moved(leaf: Input, random: np.random.Generator) -> Input:
    array = leaf.array
    if array.dtype.kind not in "fc":
        return leaf
    shape = array.shape
    if leaf.layout == "expanded" and shape:
        shape = (*shape[:-1], 1)  # an expanded leaf is constant along its last dimension
    return replace(leaf, array=(array * (1 + MOVE * random.standard_normal(shape))).astype(array.dtype))


def widened(program: Program) -> Program:
    """The same program in double precision; only dtypes that its steps name stay."""
    return program.with_(
        inputs=tuple(replace(leaf, array=_double(leaf.array)) for leaf in program.inputs),
        cotangents=tuple(_double(array) for array in program.cotangents),
        second=tuple(None if array is None else _double(array) for array in program.second),
    )


def _double(array: Array) -> Array:
    return array.astype({"f": np.float64, "c": np.complex128}.get(array.dtype.kind, array.dtype))
