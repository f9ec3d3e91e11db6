"""Forward lines of diagonals and triangles."""

from __future__ import annotations

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.table import forward, line


@forward("diagonal")
def _diagonal(input: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    found = input.diagonal(offset, dim1, dim2)
    found.flags.writeable = input.flags.writeable
    return found


line("diagonal_copy", lambda *args, **kwargs: _diagonal(*args, **kwargs).copy())


def zeros_like(input: Array) -> Array:
    zeros = np.zeros(input.shape, np.int64)
    return zeros.astype(input.dtype) if is_discrete(input) else balls(zeros)


def _triangle(input: Array, keep: Array) -> Array:
    return np.where(keep, input, zeros_like(input))


def _below(input: Array, diagonal: int) -> Array:
    rows, columns = input.shape[-2:]
    return np.tri(rows, columns, diagonal, dtype=np.bool_)


line("tril", lambda input, diagonal=0: _triangle(input, _below(input, diagonal)))
line("triu", lambda input, diagonal=0: _triangle(input, ~_below(input, diagonal - 1)))


@forward("diag_embed")
def _embedded(input: Array, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    ndim = input.ndim + 1
    room = list(input.shape[:-1])
    for d in sorted((dim1 % ndim, dim2 % ndim)):
        room.insert(d, input.shape[-1] + abs(offset))
    zeros = np.zeros(room, np.int64)
    result = zeros.astype(input.dtype) if is_discrete(input) else balls(zeros)
    _diagonal(result, offset, dim1, dim2)[...] = input
    return result


@forward("diag")
def _(input: Array, diagonal: int = 0) -> Array:
    return _embedded(input, diagonal) if input.ndim == 1 else input.diagonal(diagonal).copy()


line("diagflat", lambda input, offset=0: _embedded(input.reshape(-1), offset))


@forward("diagonal_scatter")
def _(input: Array, src: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    result = input.copy()
    _diagonal(result, offset, dim1, dim2)[...] = src
    return result
