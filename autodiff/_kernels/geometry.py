"""Shapes and strides: views where NumPy can give one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._kernels.summation import total

Shape = tuple[int, ...]


def view(x: Any, shape: Shape) -> Any:
    """The same memory in another shape. Raises ValueError where strides do not allow it."""
    return np.reshape(x, shape, copy=False)


def reshape(x: Any, shape: Shape) -> Any:
    """The same elements in another shape, copied where strides ask for it."""
    return np.reshape(x, shape)


def expand(x: Any, shape: Shape) -> Any:
    """x broadcast to `shape` with stride 0; never writable by accident, always a view."""
    x = np.asarray(x)
    if x.shape == shape:
        return x[...]
    missing = len(shape) - x.ndim
    strides = (0,) * missing + tuple(
        0 if n == 1 and m != 1 else s for n, m, s in zip(x.shape, shape[missing:], x.strides)
    )
    if x.flags.c_contiguous:
        # A tenth of as_strided's cost.
        return np.ndarray(shape, x.dtype, x, 0, strides)
    return np.lib.stride_tricks.as_strided(x, shape, strides)


def keep_dims(x: Any, dims: tuple[int, ...]) -> Any:
    """x with a dimension of size 1 put back at each of `dims` (ascending, not negative)."""
    shape = list(x.shape)
    for d in dims:
        shape.insert(d, 1)
    return np.reshape(x, shape)


def sum_to(x: Any, shape: Shape) -> Any:
    """x summed over the dimensions that a value of `shape` was broadcast along."""
    lead = x.ndim - len(shape)
    dims = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 and x.shape[i + lead] != 1)
    if not dims:
        return x
    return np.reshape(total(x, dims, True), shape)


def splice(base: Any, new: Any, replay: Callable[[Any], Any]) -> Any:
    """A copy of base in which the region that `replay` picks holds `new`."""
    copy = np.array(base)
    np.copyto(replay(copy), new)
    return copy
