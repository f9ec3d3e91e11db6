"""Sorting and extremes' places: stable, nan above everything, as torch."""

from __future__ import annotations

from typing import Any

import numpy as np


def argsort(x: Any, dim: int, descending: bool) -> Any:
    """The order of the elements along `dim`; equal ones keep theirs in both directions."""
    if not x.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    # Sorted backwards and read backwards: the order among equals is turned twice.
    turned = np.argsort(np.flip(x, dim), axis=dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(turned, dim)


def sort(x: Any, dim: int, descending: bool) -> tuple[Any, Any]:
    """The elements in order, and where they were."""
    places = np.asarray(argsort(x, dim, descending), order="C")
    return _taken(x, places, dim), places


def _taken(x: Any, places: Any, dim: int) -> Any:
    return np.take_along_axis(x, places, dim) if x.ndim else np.array(x)


def topk(x: Any, k: int, dim: int, largest: bool) -> tuple[Any, Any]:
    """The k largest or smallest, in order, and where they were."""
    if not x.ndim:
        return np.array(x), np.zeros((), np.int64)
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
