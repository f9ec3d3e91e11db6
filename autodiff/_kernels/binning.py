"""Where numbers fall among boundaries, and how many do."""

from __future__ import annotations

from typing import Any

import numpy as np


def searchsorted(edges: Any, x: Any, right: bool) -> Any:
    """The place along the last dimension before (right: after) which x keeps the order; as many rows, or one for all.

    Where the edges are in no order the answer is that of halving the range, as in torch.
    """
    if edges.ndim == 1 and _ordered(edges):
        return np.searchsorted(edges, x, side="right" if right else "left")
    count = edges.shape[-1]
    low = np.zeros(x.shape, np.int64)
    high = np.full(x.shape, count, np.int64)
    if not count:
        return low
    rows = np.broadcast_to(edges, (*x.shape[:-1], count)) if edges.ndim > 1 else edges
    while True:
        open_ = low < high
        if not open_.any():
            return low
        middle = np.where(open_, low + (high - low) // 2, 0)
        there = edges[middle] if edges.ndim == 1 else np.take_along_axis(rows, middle, -1)
        on = ~(there > x) if right else ~(there >= x)
        low = np.where(open_ & on, middle + 1, low)
        high = np.where(open_ & ~on, middle, high)


def _ordered(edges: Any) -> bool:
    return bool((edges[1:] >= edges[:-1]).all()) and not (edges.size and edges[-1] != edges[-1])


def even_bins(x: Any, edges: Any, search: bool) -> Any:
    """The bin of each number among evenly spaced edges; those outside are left out. Gives bins and who has one.

    `search`: rounding is put right by looking at the neighbouring edges.
    """
    first, last, bins = edges[0], edges[-1], edges.size - 1
    inside = (x >= first) & (x <= last)
    own = x.dtype.type
    at = np.where(inside, (x - first) * own(bins) / (last - first), 0).astype(np.int64)
    if search:
        at = np.clip(at, 0, bins)
        at = np.where(x < edges[at], at - 1, at)
        upper = np.minimum(at + 1, bins)
        at = np.where(x >= edges[upper], upper, at)
    return np.minimum(at, bins - 1), inside


def uneven_bins(x: Any, edges: Any) -> Any:
    """The bin of each number among any edges, and who has one."""
    inside = (x >= edges[0]) & (x <= edges[-1])
    return np.minimum(np.searchsorted(edges, x, side="right") - 1, edges.size - 2), inside


def counted(at: Any, inside: Any, bins: int, weights: Any, dtype: Any) -> Any:
    """How many numbers each bin holds, or their weights."""
    chosen = None if weights is None else weights[inside]
    return np.bincount(at[inside], chosen, minlength=bins).astype(dtype)


def boxes(x: Any, edges: Any, weights: Any, even: bool) -> Any:
    """How many points, the rows of x, fall into each box between edges, or their weights."""
    sizes = tuple(len(e) - 1 for e in edges)
    inside, place = np.ones(len(x), bool), np.zeros(len(x), np.int64)
    for column, e, size in zip(x.T, edges, sizes):
        at, there = even_bins(column, e, True) if even else uneven_bins(column, e)
        inside &= there
        place = place * size + at
    if not sizes:
        return np.zeros((), x.dtype)
    return counted(place, inside, int(np.prod(sizes)), weights, x.dtype).reshape(sizes)


def bincount(x: Any, weights: Any, minlength: int) -> Any:
    """How often each number from 0 occurs, or the sum of its weights: of float32 in float32, of others in float64."""
    if weights is None:
        return np.bincount(x, minlength=minlength)
    found = np.bincount(x, weights.real, minlength=minlength)
    return found.astype(np.float32) if weights.dtype == np.float32 else found
