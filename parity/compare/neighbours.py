"""Neighbouring programs: the same steps on leaves moved by about a thousandth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from parity.program import Input, Program

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
