"""Sorting and extremes' places: stable, nan above everything, as torch."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.layout import in_rows, laid_like

#: From so many elements on it pays to sort keys that carry their places.
LARGE = 1024
#: A place in a longer row has no room below the bits of its number.
_LONGEST = 1 << 31


def argsort(x: Any, dim: int, descending: bool) -> Any:
    """The order of the elements along `dim`; equal ones keep theirs in both directions."""
    return laid_like(in_rows(_order(x, dim, descending)), x)


def _order(x: Any, dim: int, descending: bool) -> Any:
    if not x.ndim:
        return np.zeros((), np.int64)
    if x.size >= LARGE:
        keys = _keys(x, dim, descending)
        if keys is not None:
            keys.sort()
            return np.moveaxis(_places(keys), -1, dim)
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    # Sorted backwards and read backwards: the order among equals is turned twice.
    turned = np.argsort(np.flip(x, dim), axis=dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(turned, dim)


def _keys(x: Any, dim: int, descending: bool) -> Any:
    """Per element one integer, in the order that is wanted: its bits above, its place along `dim` below.

    No two are equal, so any sort of them is stable, and NumPy sorts integers several times faster than it finds the
    order of floats. None for dtypes of more than 32 bits. The sorted dimension comes last.
    """
    if x.dtype.itemsize > 4 or x.dtype.kind not in "fiub" or x.shape[dim] > _LONGEST:
        return None
    rows = np.moveaxis(x, dim, -1)
    if x.dtype.kind == "f":
        # One zero, one nan, above everything; a negative float's bits fall as it rises.
        single = rows.astype(np.float32) + np.float32(0)
        np.copyto(single, np.float32(np.nan), where=single != single)
        bits = single.view(np.int32)
        bits = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    else:
        bits = rows
    keys = bits.astype(np.int64)
    if descending:
        np.invert(keys, out=keys)
    keys <<= 32
    keys |= np.arange(x.shape[dim])
    return np.ascontiguousarray(keys)


def _places(keys: Any) -> Any:
    return keys & 0xFFFFFFFF


def sort(x: Any, dim: int, descending: bool) -> tuple[Any, Any]:
    """The elements in order, and where they were."""
    places = argsort(x, dim, descending)
    return laid_like(in_rows(_taken(x, places, dim)), x), places


def _taken(x: Any, places: Any, dim: int) -> Any:
    if not x.ndim:
        return np.array(x)
    return x.take(places) if x.ndim == 1 else np.take_along_axis(x, places, dim)


def topk(x: Any, k: int, dim: int, largest: bool) -> tuple[Any, Any]:
    """The k largest or smallest, in order, and where they were."""
    if not x.ndim:
        return np.array(x), np.zeros((), np.int64)
    keys = _keys(x, dim, largest) if x.size >= LARGE and 4 * k < x.shape[dim] else None
    if keys is not None:
        first = np.partition(keys, k, axis=-1)[..., :k]
        first.sort()
        cut = np.ascontiguousarray(np.moveaxis(_places(first), -1, dim))
    else:
        places = argsort(x, dim, largest)
        cut = np.ascontiguousarray(places[(slice(None),) * dim + (slice(k),)])
    return _taken(x, cut, dim), cut


def argmax(x: Any, dim: int | None, keepdim: bool) -> Any:
    """The place of the first largest element; a nan is the largest of all."""
    return _place(np.argmax, x, dim, keepdim)


def argmin(x: Any, dim: int | None, keepdim: bool) -> Any:
    """The place of the first smallest element; a nan is the smallest of all."""
    return _place(np.argmin, x, dim, keepdim)


def _place(find: Any, x: Any, dim: int | None, keepdim: bool) -> Any:
    if not x.ndim:
        return np.zeros((), np.int64)
    return np.asarray(find(x, axis=dim, keepdims=keepdim))
