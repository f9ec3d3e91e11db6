"""Running sums and products along one dimension, from the front or (reverse) from the back."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

#: From here on one row is cut into blocks.
LONG = 2048
#: From so many elements after each on, whole slices are combined: NumPy accumulates one element after the other.
WIDE = 64
#: Exponents that lie no further apart than this have exponentials of one scale.
SPAN = 600.0
#: What torch accumulates in.
_WIDER = {"e": np.dtype(np.float32), "f": np.dtype(np.float64), "F": np.dtype(np.complex128)}


def _flip(x: Any, dim: int, reverse: bool) -> Any:
    return np.flip(x, dim) if reverse else x


def _accumulated(ufunc: Any, x: Any, dim: int, reverse: bool) -> Any:
    if not x.ndim:
        return x[()]
    # In its own copy: fresh memory costs more than the sums.
    out = x.astype(_WIDER.get(x.dtype.char, x.dtype), order="C")
    running = _flip(out, dim, reverse)
    if math.prod(x.shape[dim + 1 :]) < WIDE:
        ufunc.accumulate(running, axis=dim, out=running)
    else:
        for before, here in pairwise(np.moveaxis(running, dim, 0)):
            ufunc(before, here, out=here)
    return out.astype(x.dtype, copy=False)


def cumsum(x: Any, dim: int, reverse: bool) -> Any:
    return _accumulated(np.add, x, dim, reverse)


def cumprod(x: Any, dim: int, reverse: bool) -> Any:
    return _accumulated(np.multiply, x, dim, reverse)


def delay(x: Any, dim: int, reverse: bool, first: float) -> Any:
    """x moved on by one along `dim` (towards the front if reverse), with `first` where nothing came before."""
    if not x.ndim:
        return x.dtype.type(first)
    out = np.full(x.shape, first, x.dtype)
    lead = (slice(None),) * dim
    ahead, behind = (*lead, slice(1, None)), (*lead, slice(None, -1))
    if reverse:
        out[behind] = x[ahead]
    else:
        out[ahead] = x[behind]
    return out


def recur(x: Any, factor: Any, dim: int, reverse: bool) -> Any:
    """s[j] = x[j] + factor[j] * s[j-1], in double for float32: a linear recurrence.

    A factor of 0 lets nothing pass, be it infinite.
    """
    if not x.ndim:
        return x
    dtype = _WIDER.get(x.dtype.char, x.dtype)
    terms = np.moveaxis(_flip(x, dim, reverse), dim, 0).astype(dtype)
    factors = np.moveaxis(_flip(factor, dim, reverse), dim, 0).astype(dtype)
    if terms[0:1].size == 1:
        out = _recur_in_blocks(terms, factors) if len(terms) >= LONG else None
        out = _recur_numbers(terms, factors) if out is None else out
    else:
        out = _recur_rows(terms.copy(), factors)
        if not np.isfinite(out).all():
            out = _recur_rows(terms, factors, stopping=True)
    return np.ascontiguousarray(_flip(np.moveaxis(out, 0, dim), dim, reverse), x.dtype)


def _recur_rows(out: Any, factors: Any, stopping: bool = False) -> Any:
    for j in range(1, len(out)):
        passed = factors[j] * out[j - 1]
        if stopping:
            passed[factors[j] == 0] = 0
        out[j] += passed
    return out


def _recur_in_blocks(terms: Any, factors: Any) -> Any:
    """One long row: blocks of it side by side, each from nothing, then what the one before hands on.

    None if a product of factors overflowed, which would make nan of what comes to nothing.
    """
    n = len(terms)
    width = math.isqrt(n - 1) + 1
    inside, handed = (np.zeros(width * width, terms.dtype) for _ in range(2))
    inside[:n], handed[:n] = terms.ravel(), factors.ravel()
    inside, handed = (np.ascontiguousarray(a.reshape(width, width).T) for a in (inside, handed))
    for j in range(1, width):
        inside[j] += handed[j] * inside[j - 1]
        handed[j] *= handed[j - 1]
    before = np.zeros(width, terms.dtype)
    for b in range(1, width):
        before[b] = inside[-1, b - 1] + handed[-1, b - 1] * before[b - 1]
    handed *= before
    inside += handed
    out = np.ascontiguousarray(inside.T).reshape(-1)[:n]
    return out.reshape(terms.shape) if np.isfinite(out).all() else None


def _recur_numbers(terms: Any, factors: Any) -> Any:
    """One row only: Python's numbers are quicker than arrays of one element."""
    s: Any = 0.0
    found = []
    for t, f in zip(terms.ravel().tolist(), factors.ravel().tolist()):
        s = t + f * s if f and found else t
        found.append(s)
    return np.array(found, terms.dtype).reshape(terms.shape)


def running_extreme(x: Any, dim: int, largest: bool) -> tuple[Any, Any]:
    """The largest (or smallest) so far and the last place where it stood; from the first nan on it is the last nan."""
    if not x.ndim:
        return x[()], np.int64(0)
    values = np.array(x, order="C")
    (np.maximum if largest else np.minimum).accumulate(values, axis=dim, out=values)
    here = x == values
    if x.dtype.kind == "f":
        here |= x != x
    places = here * np.arange(x.shape[dim]).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
    np.maximum.accumulate(places, axis=dim, out=places)
    return values, places


def cummax(x: Any, dim: int) -> tuple[Any, Any]:
    return running_extreme(x, dim, True)


def cummin(x: Any, dim: int) -> tuple[Any, Any]:
    return running_extreme(x, dim, False)


def logcumsumexp(x: Any, dim: int) -> Any:
    """The logarithm of the running sum of exponentials, shifted by the larger operand at every step."""
    if not x.ndim:
        return x[()]
    wide = x.astype(_WIDER.get(x.dtype.char, x.dtype))
    if x.dtype.char in "ef" and x.size:
        top, low = wide.max(axis=dim, keepdims=True), wide.min(axis=dim, keepdims=True)
        if (top - low < SPAN).all():
            # Double precision has digits to spare: one shift for the whole row.
            return (np.log(cumsum(np.exp(wide - top), dim, False)) + top).astype(x.dtype)
    if x.dtype.kind != "c":
        return np.logaddexp.accumulate(wide, axis=dim).astype(x.dtype)
    rows = np.moveaxis(wide, dim, 0)
    for j in range(1, len(rows)):
        rows[j] = _log_of_two(rows[j - 1], rows[j])
    return wide.astype(x.dtype)


def _log_of_two(a: Any, b: Any) -> Any:
    """log(exp(a) + exp(b)) of complex numbers."""
    low, high = np.where(a.real < b.real, a, b), np.where(a.real < b.real, b, a)
    return np.where(np.isneginf(high.real), high, high + np.log(1 + np.exp(low - high)))
