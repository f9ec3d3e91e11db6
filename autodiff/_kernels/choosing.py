"""Choices among operands, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.masks import choose


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y; a Python number takes the other's dtype. Neither comes out as itself."""
    if isinstance(condition, np.ndarray) or isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        return choose(condition, x, y)
    if isinstance(x, np.generic):
        return x.copy() if condition else type(x)(y)
    return type(y)(x) if condition else y.copy()


def clamp(x: Any, low: Any, high: Any) -> Any:
    """x between the bounds, each of which may be None; the upper bound wins, and nan stays nan."""
    if x.dtype.kind in "iu":
        low, high = (b if b is None else np.asarray(b).astype(x.dtype) for b in (low, high))
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def within(x: Any, low: Any, high: Any) -> Any:
    """Where x lies between the bounds, ends included; a bound may be None."""
    inside = True if low is None else x >= low
    return inside if high is None else inside & (x <= high)


def written(x: Any, other: Any, mask: Any) -> Any:
    """A comparison's answer in the dtype of the tensor that it is written over."""
    return mask.astype(x.dtype)


def heaviside(x: Any, values: Any) -> Any:
    """1 above 0, `values` at 0, else 0, also for nan."""
    return np.where(x == 0, values, x > 0)[()]


def nan_to_num(x: Any, nan: float, posinf: float | None, neginf: float | None) -> Any:
    """nan and the infinities replaced, these by the largest finite numbers if nothing is given."""
    if x.dtype.kind in "biu":
        return x.copy()
    if x.dtype.kind == "c":
        result = np.empty(x.shape, x.dtype)
        result.real = nan_to_num(x.real, nan, posinf, neginf)
        result.imag = nan_to_num(x.imag, nan, posinf, neginf)
        return result
    ends = np.finfo(x.dtype)
    nan, high, low = (
        np.asarray(v).astype(x.dtype)
        for v in (nan, ends.max if posinf is None else posinf, ends.min if neginf is None else neginf)
    )
    return np.where(np.isnan(x), nan, np.where(x == np.inf, high, np.where(x == -np.inf, low, x)))
