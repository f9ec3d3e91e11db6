"""Choosing by a mask: large arrays by their bits, as a branch that nobody can foretell costs more than reading both."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.blocks import BLOCK

#: From so many elements on three passes over the bits pay: a choice by a random mask costs 4 ns an element otherwise.
LARGE = 1 << 11
#: The unsigned integers that carry an item of so many bytes.
_BITS = {1: np.dtype(np.uint8), 2: np.dtype(np.uint16), 4: np.dtype(np.uint32), 8: np.dtype(np.uint64)}


def choose(mask: Any, x: Any, y: Any) -> Any:
    """x where the mask holds, else y, of one dtype and contiguous; Python numbers take the other's dtype."""
    array = next((a for a in (x, y) if isinstance(a, np.ndarray) and a.ndim), None)
    if array is None or mask.size < LARGE or not _plain(mask, array, x, y):
        return np.where(mask, x, y)
    bits = _BITS[array.dtype.itemsize]
    out = np.empty(array.shape, array.dtype)
    fill, flags = out.reshape(-1).view(bits), mask.reshape(-1)
    x, y = _as_bits(x, array.dtype, bits), _as_bits(y, array.dtype, bits)
    if x.size == 1 and not x[0]:
        x, y, flags = y, x, ~flags
    if y.size == 1 and not y[0]:
        np.multiply(x, flags, out=fill)
        return out
    for start in range(0, fill.size, BLOCK):
        part = slice(start, start + BLOCK)
        wanted, left, right = fill[part], x[part] if x.size > 1 else x, y[part] if y.size > 1 else y
        # The bits of y, changed where x and y differ and x is asked for.
        np.bitwise_xor(left, right, out=wanted)
        np.multiply(wanted, flags[part], out=wanted)
        np.bitwise_xor(wanted, right, out=wanted)
    return out


def _plain(mask: Any, array: Any, *operands: Any) -> bool:
    """Whether all are contiguous and of one shape and dtype, or numbers that the dtype holds."""
    if mask.shape != array.shape or not mask.flags.c_contiguous or mask.dtype.char != "?":
        return False
    for a in operands:
        if isinstance(a, np.ndarray) and a.ndim:
            if a.shape != array.shape or a.dtype != array.dtype or not a.flags.c_contiguous:
                return False
        elif isinstance(a, (np.ndarray, np.generic)):
            if a.dtype != array.dtype:
                return False
        elif array.dtype.kind != "f" or not isinstance(a, (int, float)):
            return False
    return array.dtype.itemsize in _BITS


def _as_bits(a: Any, dtype: Any, bits: Any) -> Any:
    return np.asarray(a, dtype).reshape(-1).view(bits)


def taken(x: Any, mask: Any) -> Any:
    """The elements of x where a mask of its shape holds, in order."""
    if x.size < LARGE or not x.flags.c_contiguous:
        return x[mask]
    return x.reshape(-1).take(np.flatnonzero(mask))


def put(out: Any, mask: Any, values: Any) -> None:
    """Write values, in order, where a mask of out's shape holds; out is contiguous."""
    if out.size < LARGE:
        out[mask] = values
    else:
        out.reshape(-1)[np.flatnonzero(mask)] = values
