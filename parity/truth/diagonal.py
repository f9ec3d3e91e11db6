"""Forward lines of diagonals and triangles."""

from __future__ import annotations

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.table import forward, line


@forward("diagonal")
def _(input: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    found = input.diagonal(offset, dim1, dim2)
    found.flags.writeable = input.flags.writeable
    return found


def zeros_like(input: Array) -> Array:
    zeros = np.zeros(input.shape, np.int64)
    return zeros.astype(input.dtype) if is_discrete(input) else balls(zeros)


def _triangle(input: Array, keep: Array) -> Array:
    return np.where(keep, input, zeros_like(input))


line("tril", lambda input, diagonal=0: _triangle(input, np.tri(*input.shape[-2:], diagonal, dtype=bool)))
line("triu", lambda input, diagonal=0: _triangle(input, ~np.tri(*input.shape[-2:], diagonal - 1, dtype=bool)))
