"""Sums that stay accurate over many terms: NumPy adds pairwise only along contiguous memory.

Sums of columns and of short rows are products with ones: BLAS adds them 2 to 30 times as fast as NumPy's reductions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.layout import in_rows

#: Terms that are added one after the other before their sums are added: the error grows with their number.
RUN = 32
#: The same where BLAS adds them: of a column four at a time, of a row as many as fit into a vector.
COLUMN, ROW = 4 * RUN, 16 * RUN

ONES = {d: np.ones(ROW, d) for d in "fd"}

Dims = tuple[int, ...]


def total(x: Any, dims: Dims, keepdim: bool = False) -> Any:
    """The sum over `dims` in x's own dtype, float16 accumulated in float32."""
    kind = x.dtype.char
    if kind == "e":
        return total(x.astype(np.float32), dims, keepdim).astype(np.float16)
    if kind in "?bBhHiI":
        return in_rows(np.add.reduce(x, axis=dims, keepdims=keepdim, dtype=np.int64))
    columns = dims == (0,) and x.ndim == 2 and kind in ONES and x.size > COLUMN and x.flags.c_contiguous
    if columns and len(x) <= COLUMN:
        sums = ONES[kind][: len(x)].dot(x)
        return sums[None] if keepdim else sums
    few = x.size <= RUN or (len(dims) == 1 and x.size <= RUN * x.shape[dims[0]] <= RUN * RUN)
    if few or x.dtype.kind not in "fc":
        return in_rows(np.add.reduce(x, axis=dims, keepdims=keepdim))
    if len(dims) == x.ndim and x.flags.forc:
        flat = np.add.reduce(x.ravel("K"))
        return flat.reshape((1,) * x.ndim) if keepdim else flat
    left = [1 if i in dims else n for i, n in enumerate(x.shape) if keepdim or i not in dims]
    if len(dims) > 1 and x.flags.c_contiguous:
        x, dims = _merged(x, dims)
    # From the last dimension on: where it is contiguous NumPy adds pairwise, and later ones have fewer rows to add.
    for d in sorted(dims, reverse=True):
        x = _along(x, d)
    return in_rows(x.reshape(left))


def _merged(x: Any, dims: Dims) -> tuple[Any, Dims]:
    """The same sums of a contiguous array, neighbouring dimensions of them made one."""
    sizes: list[int] = []
    places = []
    for i, n in enumerate(x.shape):
        if i in dims and i - 1 in dims:
            sizes[-1] *= n
            continue
        if i in dims:
            places.append(len(sizes))
        sizes.append(n)
    return x.reshape(sizes), tuple(places)


def _along(x: Any, dim: int) -> Any:
    """The sum along one dimension, kept at size 1."""
    n = x.shape[dim]
    if x.dtype.char in ONES and x.flags.c_contiguous:
        after = math.prod(x.shape[dim + 1 :])
        if after > 1 or n <= ROW:
            sums = of_rows(x.reshape(-1, n)) if after == 1 else _of_columns(x.reshape(-1, n, after))
            return sums.reshape(*x.shape[:dim], 1, *x.shape[dim + 1 :])
    while n > RUN and x.strides[dim] != x.itemsize:
        whole = n - n % RUN
        head = x[(slice(None),) * dim + (slice(0, whole),)]
        parts = np.add.reduce(
            head.reshape((*x.shape[:dim], whole // RUN, RUN, *x.shape[dim + 1 :]), copy=None), axis=dim + 1
        )
        if whole != n:
            rest = x[(slice(None),) * dim + (slice(whole, n),)]
            parts = np.concatenate((parts, np.add.reduce(rest, axis=dim, keepdims=True)), axis=dim)
        x = parts
        n = x.shape[dim]
    return np.add.reduce(x, axis=dim, keepdims=True)


def of_rows(rows: Any) -> Any:
    """The sum of each row of a contiguous matrix of float32 or float64; long ones are one bit worse than `total`'s."""
    ones = ONES[rows.dtype.char]
    while (n := rows.shape[1]) > ROW:
        whole = n - n % ROW
        parts = np.matmul(rows[:, :whole].reshape(len(rows), whole // ROW, ROW), ones)
        if whole != n:
            parts[:, -1] += np.matmul(rows[:, whole:], ones[: n - whole])
        rows = parts
    return np.matmul(rows, ones[:n])


def _of_columns(blocks: Any) -> Any:
    """The sum of each column, matrix by matrix."""
    ones = ONES[blocks.dtype.char]
    while (n := blocks.shape[1]) > COLUMN:
        whole = n - n % COLUMN
        parts = np.matmul(ones[:COLUMN], blocks[:, :whole].reshape(len(blocks), whole // COLUMN, COLUMN, -1))
        if whole != n:
            parts[:, -1] += np.matmul(ones[: n - whole], blocks[:, whole:])
        blocks = parts
    return np.matmul(ones[:n], blocks)
