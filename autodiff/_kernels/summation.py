"""Sums that stay accurate over many terms: NumPy adds pairwise only along contiguous memory."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Terms that are added one after the other before their sums are added: the error grows with their number.
RUN = 32

Dims = tuple[int, ...]


def total(x: Any, dims: Dims, keepdim: bool = False) -> Any:
    """The sum over `dims` in x's own dtype, float16 accumulated in float32."""
    kind = x.dtype.char
    if kind == "e":
        return total(x.astype(np.float32), dims, keepdim).astype(np.float16)
    if kind in "?bBhHiI":
        return np.add.reduce(x, axis=dims, keepdims=keepdim, dtype=np.int64)
    if x.size <= RUN or x.dtype.kind not in "fc":
        return np.add.reduce(x, axis=dims, keepdims=keepdim)
    if len(dims) == x.ndim and x.flags.forc:
        flat = np.add.reduce(x.ravel("K"))
        return flat.reshape((1,) * x.ndim) if keepdim else flat
    # From the last dimension on: where it is contiguous NumPy adds pairwise, and later ones have fewer rows to add.
    for d in sorted(dims, reverse=True):
        x = _along(x, d)
    return x if keepdim else x.reshape([n for i, n in enumerate(x.shape) if i not in dims])


def _along(x: Any, dim: int) -> Any:
    """The sum along one dimension, kept at size 1."""
    n = x.shape[dim]
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
