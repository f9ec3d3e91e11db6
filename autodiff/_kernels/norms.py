"""Norms of vectors over dimensions: sums of powers that neither overflow nor vanish on the way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.summation import total

Dims = tuple[int, ...]


#: Of a norm above it the squares have lost nothing.
_SQUARED = 1e-140


def p_norm(x: Any, p: float, dims: Dims, keepdim: bool) -> Any:
    """(Σ |x|^p)^(1/p) and its limits: the number of nonzeros at 0, the largest or smallest modulus at ±inf."""
    if p == 2 and len(dims) == x.ndim > 0 and x.dtype.char == "f" and x.flags.forc:
        wide = x.ravel("K").astype(np.float64)
        return np.full((1,) * x.ndim if keepdim else (), np.sqrt(wide @ wide), np.float32)
    size = np.abs(x)
    if p == math.inf:
        return np.maximum.reduce(size, axis=dims, keepdims=keepdim)
    if p == -math.inf:
        return np.minimum.reduce(size, axis=dims, keepdims=keepdim)
    own = size.dtype
    if own.char in "ef":
        return _sum_of_powers(size.astype(np.float64), p, dims, keepdim).astype(own)
    return _sum_of_powers(size, p, dims, keepdim)


def _sum_of_powers(size: Any, p: float, dims: Dims, keepdim: bool) -> Any:
    if p == 0:
        # nan is not zero, and counts.
        return total((size != 0).astype(size.dtype), dims, keepdim)
    if p == 1:
        return total(size, dims, keepdim)
    if p == 2:
        found = _root(size, p, dims, keepdim)
        if np.all(np.isfinite(found) & (found > _SQUARED)):
            return found
    # What counts most is drawn out where it is a number, so that no power of it overflows, vanishes or loses digits.
    most, start = (np.maximum, 0) if p > 0 else (np.minimum, math.inf)
    most = most.reduce(size, axis=dims, keepdims=True, initial=start)
    unit = np.where((most > 0) & np.isfinite(most), most, 1)
    found = _root(size / unit, p, dims, True) * unit
    return found if keepdim else np.reshape(found, [n for d, n in enumerate(size.shape) if d not in dims])


def _root(size: Any, p: float, dims: Dims, keepdim: bool) -> Any:
    if p == 2:
        return np.sqrt(total(size * size, dims, keepdim))
    return total(size**p, dims, keepdim) ** (1 / p)
