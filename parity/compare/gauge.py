"""Vectors that are defined up to a factor of size 1 (of eigenvalues, of singular values), turned one way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.catalogue import CATALOGUE
from parity.engines.protocol import Array
from parity.program import Program

#: Operators with such results: which ones, and the axis along which each vector lies.
_FREE: Mapping[str, Mapping[int, int]] = {name: row.gauge for name, row in CATALOGUE.items() if row.gauge}


def turned(program: Program, where: int, item: int | None, array: Array) -> Array:
    """A value with its vectors turned so that the largest element of each is positive; any other value as it is."""
    step = where - len(program.inputs)
    if item is None or step < 0 or program.steps[step].op not in _FREE:
        return array
    axis = _FREE[program.steps[step].op].get(item)
    if axis is None or not array.size or not np.isfinite(array).all():
        return array
    sizes = np.abs(array)
    # Of elements of one size the first: two that differ by a rounding are one size.
    largest = (sizes > 0.999 * sizes.max(axis, keepdims=True)).argmax(axis)
    leading = np.take_along_axis(array, np.expand_dims(largest, axis), axis)
    return np.asarray(array * (leading.conj() / np.abs(leading)), array.dtype)
