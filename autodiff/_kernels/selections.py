"""Elements chosen by rank or by how often they occur; nan is above everything unless it is left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.layout import in_rows
from autodiff._kernels.order import argsort


def _at(x: Any, places: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """The elements at `places`, which have one index along `dim`."""
    values, places = in_rows(np.take_along_axis(x, places, dim)), in_rows(places)
    return (values, places) if keepdim else (values.squeeze(dim), places.squeeze(dim))


def kthvalue(x: Any, k: int, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """The k-th smallest (from 1) along `dim`, the first of equal ones ranking lowest, and where it was."""
    if not x.ndim:
        return x[()], np.int64(0)
    return _at(x, np.take(argsort(x, dim, False), [k - 1], axis=dim), dim, keepdim)


def median(x: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """The lower median and where it was; where there is a nan, the first of them."""
    if not x.ndim:
        return x[()], np.int64(0)
    order = argsort(x, dim, False)
    places = np.take(order, [(x.shape[dim] - 1) // 2], axis=dim)
    if x.dtype.kind == "f":
        lost = np.isnan(x)
        if lost.any():
            places = np.where(lost.any(axis=dim, keepdims=True), lost.argmax(axis=dim, keepdims=True), places)
    return _at(x, places, dim, keepdim)


def nanmedian(x: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """The lower median of what is not nan, and where it was."""
    if not x.ndim or x.dtype.kind != "f":
        return median(x, dim, keepdim)
    number = (~np.isnan(x)).sum(axis=dim, keepdims=True)
    return _at(x, np.take_along_axis(argsort(x, dim, False), np.maximum(number - 1, 0) // 2, dim), dim, keepdim)


def median_of_all(x: Any) -> Any:
    """The lower median of all elements; of none nan, or in integers what a processor makes of nan."""
    flat = np.reshape(x, -1)
    if not flat.size:
        if x.dtype.kind == "f":
            return x.dtype.type(np.nan)
        # Nan becomes the smallest number of 32 or 64 bits, whose lower 8 or 16 are zeros.
        wide = np.dtype(np.int64 if x.dtype.itemsize == 8 else np.int32)
        return np.asarray(np.iinfo(wide).min, wide).astype(x.dtype)[()]
    if x.dtype.kind == "f" and np.isnan(flat).any():
        return x.dtype.type(np.nan)
    middle = (flat.size - 1) // 2
    return np.partition(flat, middle)[middle]


def nanmedian_of_all(x: Any) -> Any:
    if x.dtype.kind != "f":
        return median_of_all(x)
    flat = np.reshape(x, -1)
    return median_of_all(flat[~np.isnan(flat)])


def mode(x: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """The most frequent element along `dim`, of several the smallest, and where it was last; no nan equals another."""
    if not x.ndim:
        return x[()], np.int64(0)
    order = np.moveaxis(argsort(x, dim, False), dim, -1)
    steps = np.arange(order.shape[-1])
    ordered = np.take_along_axis(np.moveaxis(x, dim, -1), order, -1)
    begins = np.ones(ordered.shape, bool)
    begins[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    length = steps - np.maximum.accumulate(np.where(begins, steps, 0), axis=-1)
    last = length.argmax(axis=-1)[..., None]
    return _at(x, np.moveaxis(np.take_along_axis(order, last, -1), -1, dim), dim, keepdim)
