"""Reductions over dimensions; `dims` is a tuple, counted from the front."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.layout import in_rows
from autodiff._kernels.summation import ONES, ROW, total

Dims = tuple[int, ...]

#: NumPy starts anew at every row, 50 ns each: up to this width exchanging rows and columns first costs less.
NARROW = 32


def count(shape: tuple[int, ...], dims: Dims) -> int:
    """How many elements each result is made of."""
    return math.prod(shape) if len(dims) == len(shape) else math.prod([shape[d] for d in dims])


def total_of_all(x: Any) -> Any:
    if not x.ndim:
        return x[()]
    if x.size <= ROW and x.dtype.char in ONES and x.flags.forc:
        # As of rows, half of what NumPy's costs.
        return x.ravel("K").dot(ONES[x.dtype.char][: x.size])
    return total(x, tuple(range(x.ndim)))


def mean_of_all(x: Any) -> Any:
    if x.dtype.char in ONES:
        return total_of_all(x) / x.dtype.type(x.size)
    return mean(x, tuple(range(x.ndim)), False)


def mean(x: Any, dims: Dims, keepdim: bool) -> Any:
    n = count(x.shape, dims)
    if x.dtype.char == "e":
        return np.divide(total(x.astype(np.float32), dims, keepdim), np.float32(n)).astype(np.float16)
    return total(x, dims, keepdim) / x.dtype.type(n)


def total_of_numbers(x: Any, dims: Dims, keepdim: bool) -> Any:
    """The sum of what is not nan."""
    return total(np.where(np.isnan(x), 0, x), dims, keepdim)


def product(x: Any, dim: int, keepdim: bool) -> Any:
    """The product along one dimension; float32 is multiplied in double, so that it rounds once."""
    if not x.ndim:
        return x[()]
    wide = {"e": np.float32, "f": np.float64, "F": np.complex128}.get(x.dtype.char)
    return in_rows(np.multiply.reduce(x, axis=dim, keepdims=keepdim, dtype=wide).astype(x.dtype))


def product_of_all(x: Any) -> Any:
    return product(np.reshape(x, -1), 0, False)


def largest(x: Any, dims: Dims, keepdim: bool) -> Any:
    return in_rows(np.maximum.reduce(x, axis=dims, keepdims=keepdim))


def largest_of_rows(rows: Any) -> Any:
    """The largest of each row of a matrix, kept at size 1."""
    if rows.shape[1] > NARROW:
        return np.maximum.reduce(rows, axis=1, keepdims=True)
    return np.maximum.reduce(np.ascontiguousarray(rows.T), axis=0)[:, None]


def smallest(x: Any, dims: Dims, keepdim: bool) -> Any:
    return in_rows(np.minimum.reduce(x, axis=dims, keepdims=keepdim))


def extremes(x: Any, dims: Dims, keepdim: bool) -> tuple[Any, Any]:
    return smallest(x, dims, keepdim), largest(x, dims, keepdim)


def extreme_at(x: Any, dim: int, keepdim: bool, largest: bool) -> tuple[Any, Any]:
    """The largest (or smallest) elements along a dimension and their first indices; nan counts as the extreme."""
    if not x.ndim:
        return x[()], np.int64(0)
    index = np.expand_dims(np.argmax(x, axis=dim) if largest else np.argmin(x, axis=dim), dim)
    values = np.take_along_axis(x, index, dim)
    return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim))


def largest_at(x: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    return extreme_at(x, dim, keepdim, True)


def smallest_at(x: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    return extreme_at(x, dim, keepdim, False)


def place(x: Any, index: Any, shape: tuple[int, ...], dim: int) -> Any:
    """Zeros of `shape` with x at `index` along `dim`; both may have lost that dimension."""
    if not shape:
        return np.array(x)  # never the memory of what is put there
    out = np.zeros(shape, x.dtype)
    if np.ndim(index) < len(shape):
        index, x = np.expand_dims(index, dim), np.expand_dims(x, dim)
    np.put_along_axis(out, index, x, dim)
    return out


def pick(x: Any, index: Any, dim: int) -> Any:
    """x at `index` along `dim`, without that dimension if the index lost it."""
    if not x.ndim:
        return x
    if np.ndim(index) < x.ndim:
        return np.take_along_axis(x, np.expand_dims(index, dim), dim).squeeze(dim)
    return np.take_along_axis(x, index, dim)


def ties(x: Any, out: Any, dims: Dims, nan: bool) -> Any:
    """How many share the extreme `out` (dims kept) where x is one of them, and infinity elsewhere: divisors of g.

    A nan that won is shared by the nans if `nan`; else it makes everything nan, as torch's amax does.
    """
    tied = x == out
    lost = np.isnan(out) if x.dtype.kind == "f" else np.False_
    if nan and lost.any():
        tied = tied | (np.isnan(x) & lost)
    number = np.add.reduce(tied, axis=dims, keepdims=True, dtype=np.int64)
    divisors = np.where(tied, number, np.inf).astype(x.dtype)
    return np.where(lost, out, divisors) if not nan and lost.any() else divisors


def variance(x: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
    """The mean square of deviations, in the next wider dtype as in torch; too few elements divide by zero."""
    wide = {"e": np.float32, "f": np.float64, "F": np.complex128}.get(x.dtype.char)
    if wide is not None:
        narrow = np.float16 if x.dtype.char == "e" else np.float32
        return variance(x.astype(wide), dims, correction, keepdim).astype(narrow)
    away = deviations(x, dims)
    square = away * away if x.dtype.kind == "f" else away.real**2 + away.imag**2
    n = count(x.shape, dims)
    return np.divide(total(square, dims, keepdim), square.dtype.type(max(n - correction, 0)))


def deviation(x: Any, dims: Dims, correction: float, keepdim: bool) -> Any:
    """The square root of the variance, rounded once."""
    wide = {"e": np.float32, "f": np.float64, "F": np.complex128}.get(x.dtype.char)
    if wide is not None:
        narrow = np.float16 if x.dtype.char == "e" else np.float32
        return deviation(x.astype(wide), dims, correction, keepdim).astype(narrow)
    return np.sqrt(variance(x, dims, correction, keepdim))


def variance_and_mean(x: Any, dims: Dims, correction: float, keepdim: bool) -> tuple[Any, Any]:
    return variance(x, dims, correction, keepdim), mean(x, dims, keepdim)


def deviation_and_mean(x: Any, dims: Dims, correction: float, keepdim: bool) -> tuple[Any, Any]:
    return deviation(x, dims, correction, keepdim), mean(x, dims, keepdim)


def deviations(x: Any, dims: Dims) -> Any:
    """x minus its mean, which is refined once so that a large offset costs nothing."""
    away = x - mean(x, dims, True)
    rest = mean(away, dims, True)
    away -= np.where(np.isfinite(rest), rest, 0)
    return away


def logsumexp(x: Any, dims: Dims, keepdim: bool) -> Any:
    """log of the sum of exponentials, shifted by the largest; infinite extremes shift by nothing."""
    if x.dtype.char == "e":
        return logsumexp(x.astype(np.float32), dims, keepdim).astype(np.float16)
    if not count(x.shape, dims):
        return np.log(total(np.exp(x), dims, keepdim))
    top = np.maximum.reduce(x.real, axis=dims, keepdims=True) if dims else x.real
    top = np.where(np.isinf(top), 0, top).astype(top.dtype)
    result = in_rows(np.log(total(np.exp(x - top), dims, True)) + top)
    return result if keepdim else np.reshape(result, [n for i, n in enumerate(x.shape) if i not in dims])


def nonzeros(x: Any, dims: Dims) -> Any:
    """How many elements are not zero."""
    return in_rows(np.add.reduce(x != 0, axis=dims))


def every(x: Any, dims: Dims, keepdim: bool) -> Any:
    return in_rows(np.logical_and.reduce(x, axis=dims, keepdims=keepdim))


def some(x: Any, dims: Dims, keepdim: bool) -> Any:
    return in_rows(np.logical_or.reduce(x, axis=dims, keepdims=keepdim))


def all_normal(x: Any, dims: Dims, keepdim: bool) -> Any:
    """Whether every number is one that is rounded as it should be: none is 0, subnormal, infinite or nan."""
    size = np.abs(x)
    return every((size >= np.finfo(size.dtype).tiny) & (size < np.inf), dims, keepdim)
